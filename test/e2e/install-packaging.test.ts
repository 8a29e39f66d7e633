/**
 * What a release offers to Homebrew, Scoop and PowerShell. None of the three runs here, so these are read: the formula
 * by Ruby where there is one, the manifest by what Scoop's schema requires, install.ps1 as text.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { run } from "../support/binary.ts";
import { type Ground, makeGround } from "../support/install.ts";
import { EXTRAS, UNIX_TARGETS, WINDOWS_TARGETS } from "../support/install-release.ts";

const ROOT = resolve(import.meta.dir, "../..");
const FILL = [process.execPath, `${ROOT}/scripts/packaging/fill.ts`];

let ground: Ground;
let folder = "";
/** A release's SHA256SUMS, with the other files that one has, and a sum that tells each target apart. */
const sumOf = (name: string) => new Bun.CryptoHasher("sha256").update(name).digest("hex");
const archiveOf = (target: string, version = "1.2.3") =>
  `gum-cred-${version}-${target}.${target.startsWith("windows") ? "zip" : "tar.gz"}`;
const NAMES = [
  ...[...UNIX_TARGETS, ...WINDOWS_TARGETS].map((target) => archiveOf(target)),
  "gum-cred-1.2.3.cdx.json",
  "manifest.json",
];
beforeAll(() => {
  ground = makeGround();
  folder = ground.fresh("release");
});
afterAll(() => ground.remove());

function writeSums(names: readonly string[]): void {
  for (const file of readdirSync(folder)) rmSync(`${folder}/${file}`);
  writeFileSync(`${folder}/SHA256SUMS`, names.map((name) => `${sumOf(name)}  ${name}\n`).join(""));
}

describe("scripts/packaging/fill.ts", () => {
  test("fills both, each archive with its own sum", async () => {
    writeSums(NAMES);
    const result = await run([folder], { program: FILL });
    expect(result).toMatchObject({
      code: 0,
      stdout: `${folder}/gum-cred.rb\n${folder}/gum-cred.json\n`,
      stderr: "",
    });
    const url = "https://github.com/gum-cred/gum-cred/releases/download/v1.2.3";

    const formula = readFileSync(`${folder}/gum-cred.rb`, "utf8");
    expect(formula).not.toMatch(/\{\{|\}\}/);
    const pairs = [...formula.matchAll(/url "([^"]*)"\n +sha256 "([^"]*)"/g)].map(([, url, sum]) => [
      url,
      sum,
    ]);
    const targets = ["darwin-arm64", "darwin-x64", "linux-arm64", "linux-x64-baseline"];
    expect(pairs).toEqual(targets.map((target) => [`${url}/${archiveOf(target)}`, sumOf(archiveOf(target))]));

    const manifest = JSON.parse(readFileSync(`${folder}/gum-cred.json`, "utf8"));
    expect(JSON.stringify(manifest)).not.toContain("{{");
    // Required by schema.json of github.com/ScoopInstaller/Scoop.
    expect(manifest).toMatchObject({ version: "1.2.3", license: "MIT", bin: "gum-cred.exe" });
    expect(new URL(manifest.homepage).protocol).toBe("https:");
    const architectures = { "64bit": "windows-x64-baseline", arm64: "windows-arm64" };
    expect(Object.keys(manifest.architecture)).toEqual(Object.keys(architectures));
    for (const [name, target] of Object.entries(architectures)) {
      expect(manifest.architecture[name]).toEqual({
        url: `${url}/${archiveOf(target)}`,
        hash: sumOf(archiveOf(target)),
        extract_dir: `gum-cred-1.2.3-${target}`,
      });
      // Scoop makes the next version's from these.
      const next = manifest.autoupdate.architecture[name];
      const filled = (text: string) => text.replaceAll("$version", "1.2.3");
      expect(filled(next.url)).toBe(manifest.architecture[name].url);
      expect(filled(next.extract_dir)).toBe(manifest.architecture[name].extract_dir);
    }
    expect(manifest.autoupdate.hash.url.replace("$baseurl", url)).toBe(`${url}/SHA256SUMS`);
  });

  test("the formula installs what the archive holds", () => {
    const formula = readFileSync(`${ROOT}/scripts/packaging/gum-cred.rb`, "utf8");
    const installed = [...formula.matchAll(/\.install "([^"]+)"/g)].map(([, file]) => file);
    expect(installed).toEqual([
      "gum-cred",
      ...EXTRAS.filter((file) => /^(?:completions|man)\//.test(file) && !file.endsWith(".ps1")),
    ]);
  });

  test.skipIf(!Bun.which("ruby"))("the formula is Ruby", async () => {
    const result = await run(["-c", `${folder}/gum-cred.rb`], { program: ["ruby"] });
    expect(result).toMatchObject({ code: 0, stdout: "Syntax OK\n" });
  });

  test.each([
    ["no sums", [], "no archives"],
    ["one missing", NAMES.filter((name) => !name.includes("darwin-x64")), "no archive for darwin-x64"],
    ["one twice", [...NAMES, archiveOf("windows-arm64")], "more than one archive for windows-arm64"],
    ["two versions", [archiveOf("linux-x64", "1.2.4"), ...NAMES.slice(1)], "several versions"],
    ["a version that is Ruby", NAMES.map((name) => name.replace("1.2.3", '1"+x+"')), "is no version"],
  ] as const)("%s: nothing is written", async (_, names, message) => {
    writeSums(names);
    const result = await run([folder], { program: FILL });
    expect(result).toMatchObject({ code: 1, stdout: "" });
    expect(result.stderr).toContain(message);
    expect(readdirSync(folder)).toEqual(["SHA256SUMS"]);
  });

  test("a sum that is none is passed over like any other line", async () => {
    writeSums(NAMES.filter((name) => !name.includes("darwin-x64")));
    appendFileSync(`${folder}/SHA256SUMS`, `${"0".repeat(63)}  ${archiveOf("darwin-x64")}\n`);
    expect(await run([folder], { program: FILL })).toMatchObject({ code: 1, stdout: "" });
    expect(existsSync(`${folder}/gum-cred.rb`)).toBe(false);
  });
});

// Not run: PowerShell is not to be had where these tests run. What can be said of a text is said here; a person
// still has to run it on Windows once.
describe("install.ps1, as text", () => {
  const powershell = readFileSync(`${ROOT}/scripts/install.ps1`, "utf8");
  const shell = readFileSync(`${ROOT}/scripts/install.sh`, "utf8");

  test("is plain ASCII: Windows PowerShell 5.1 reads a file without a byte order mark in the machine's code page", () => {
    expect(powershell).toMatch(/^[\t\n\x20-\x7e]*$/);
  });

  test("comes from the same place as install.sh, and asks for the archives that a release has", () => {
    const source = /https:\/\/\S+\/releases\/latest\/download/;
    expect(source.exec(powershell)?.[0]).toBe(source.exec(shell)?.[0] ?? "");
    const targets = [...powershell.matchAll(/return '(windows-[a-z0-9-]+)'/g)].map(([, target]) => target);
    expect(new Set(targets)).toEqual(new Set(WINDOWS_TARGETS));
    for (const file of ["gum-cred.exe", "completions\\gum-cred.ps1"]) {
      expect(powershell).toContain(`(Join-Path $contents '${file}')`);
    }
  });

  test("asks with the same care as install.sh", () => {
    const options = /curl (-\w+) --proto '=https' (--connect-timeout \d+) -o/.exec(shell) ?? [];
    const [short, timeout] = [options[1] ?? "?", (options[2] ?? "?").split(" ")];
    expect(powershell).toContain(`'${short}', '--proto', '=https', '${timeout.join("', '")}'`);
  });

  test("checks the sum before it unpacks, and the program before it moves it", () => {
    const order = [
      "Find-Archive $sums",
      "Assert-Sum $file",
      "Expand-Archive",
      "& $new --version",
      "Move-Program $new",
    ];
    const places = order.map((text) => powershell.indexOf(text));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });

  test("calls nothing but its own functions and the cmdlets of Windows PowerShell 5.1 that it is meant to", () => {
    const code = powershell.replace(/<#[\s\S]*?#>/, "").replaceAll(/^\s*#.*$/gm, "");
    const own = [...code.matchAll(/^function ([A-Z]\w+-[A-Z]\w+)/gm)].map(([, name]) => name ?? "");
    const named = [...code.matchAll(/(?<![\w'-])[A-Z][A-Za-z]+-[A-Z]\w+/g)].map(([name]) => name);
    const foreign = [...new Set(named)].filter((name) => !own.includes(name)).sort();
    expect(own.filter((name) => named.indexOf(name) === named.lastIndexOf(name))).toEqual([]);
    expect(foreign).toEqual(
      (
        "Add-Content Add-Type Copy-Item Expand-Archive Get-ChildItem Get-Content Get-FileHash Get-ItemProperty " +
        "Join-Path Move-Item New-Item Out-Null Remove-Item Set-Content Set-StrictMode Split-Path Test-Path " +
        "Where-Object Write-Output"
      ).split(" "),
    );
    expect(code).not.toMatch(/Invoke-Expression|\biex\b|\$script:|\$global:/);
  });

  test("is functions and one block, so that a cut download runs nothing", () => {
    const code = powershell.slice(powershell.indexOf("\n)\n") + 3).replaceAll(/^\s*#.*$/gm, "");
    const top = code.split("\n").filter((line) => /^\S/.test(line));
    for (const line of top) expect(line).toMatch(/^(?:function [\w-]+(?:\(.*\))? \{|& \{|\})$/);
    expect(top.filter((line) => line === "& {")).toHaveLength(1);
    expect(top.slice(-2)).toEqual(["& {", "}"]);
  });
});
