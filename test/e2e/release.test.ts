/**
 * What is given out: that a release is whole and says so, that the same sources give the same bytes in another
 * folder, and that the files for Linux with glibc, Linux with musl, and Windows obey nothing but their arguments.
 * GUM_CRED_TEST_RELEASE=all compares the releases of every target, which takes minutes; without it, this machine's.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { resolve } from "node:path";
import { compile } from "../../scripts/build/compile.ts";
import { runtimePackages } from "../../scripts/build/lock-file.ts";
import { build, GUM_CRED } from "../../scripts/build/program.ts";
import { findTarget, hostTarget, TARGETS, type Target } from "../../scripts/build/targets.ts";
import { type VerifyOptions, verify } from "../../scripts/build/verify.ts";
import { SIZE_LIMIT } from "../../scripts/release/release.ts";
import { checkBillOfMaterials } from "../support/cyclone-dx.ts";
import { MUSL_IS_HERE, muslRoot } from "../support/musl.ts";
import { closeWine, openWine } from "../support/wine/wine.ts";

const ROOT = resolve(import.meta.dir, "../..");
const DATE = 1_750_000_000;
const VERSION = { version: "0.0.0", commit: "test" };

const scratch = mkdtempSync(`${tmpdir()}/gum-cred-release-`);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe.skipIf(process.platform === "win32")("a release", () => {
  const host = hostTarget().name;
  const all = process.env["GUM_CRED_TEST_RELEASE"] === "all";
  let first = "";
  let second = "";

  beforeAll(async () => {
    const folder = await checkout(`${scratch}/first`);
    const other = `${scratch}/a/deeper/second`;
    cpSync(folder, other, { recursive: true, verbatimSymlinks: true });
    first = releaseFrom(folder, all ? [] : ["--target", host]);
    second = releaseFrom(other, all ? [] : ["--target", host]);
  }, 1_800_000);

  test("has the same bytes from another folder", () => {
    expect(readdirSync(second)).toEqual(readdirSync(first));
    const sums = readFileSync(`${first}/SHA256SUMS`, "utf8");
    expect(readFileSync(`${second}/SHA256SUMS`, "utf8")).toBe(sums);
  });

  test("names the sum of everything in it", () => {
    const checked = Bun.spawnSync(["sha256sum", "-c", "--strict", "SHA256SUMS"], { cwd: first });
    expect([checked.exitCode, checked.stderr.toString()]).toEqual([0, ""]);
    const named = readFileSync(`${first}/SHA256SUMS`, "utf8").match(/\S+$/gm) ?? [];
    expect([...named, "SHA256SUMS"].sort()).toEqual(readdirSync(first).sort());
  });

  test("has archives with one folder that holds a program that runs, and its pages", async () => {
    const name = readdirSync(first).find((file) => file.endsWith(`-${host}.tar.gz`)) ?? "";
    const top = name.replace(".tar.gz", "");
    expect(Bun.spawnSync(["tar", "-xzf", `${first}/${name}`, "-C", scratch]).exitCode).toBe(0);
    const files = readdirSync(`${scratch}/${top}`, { recursive: true, encoding: "utf8" }).sort();
    const completions = ["_gum-cred", "gum-cred.bash", "gum-cred.fish", "gum-cred.ps1"];
    expect(files).toEqual([
      ...["LICENSE", "README.md", "completions", ...completions.map((file) => `completions/${file}`)],
      ...["gum-cred", "man", "man/gum-cred.1"],
    ]);
    for (const file of completions) {
      expect(readFileSync(`${scratch}/${top}/completions/${file}`, "utf8")).toContain("gum-cred");
    }
    const { version } = await Bun.file(`${ROOT}/package.json`).json();
    const shown = Bun.spawnSync([`${scratch}/${top}/gum-cred`, "--version"], { env: {} });
    expect(shown.stdout.toString()).toBe(`gum-cred ${version} (unknown)\n`);
    expect(readFileSync(`${scratch}/${top}/man/gum-cred.1`, "utf8")).toContain(`gum-cred ${version}`);
  });

  test("has a manifest that fits its files", async () => {
    const { artifacts, bun, date, flags } = await Bun.file(`${first}/manifest.json`).json();
    expect([bun.version, date]).toEqual([Bun.version, new Date(DATE * 1000).toISOString()]);
    expect(flags).toMatchObject({ bytecode: true, minify: true, sourcemap: "none" });
    expect(artifacts.length).toBe(all ? TARGETS.length : 1);
    for (const { file, size, sha256, program } of artifacts) {
      const bytes = readFileSync(`${first}/${file}`);
      expect([bytes.length, new Bun.CryptoHasher("sha256").update(bytes).digest("hex")]).toEqual([
        size,
        sha256,
      ]);
      expect(program.over_empty).toBeLessThan(SIZE_LIMIT);
      expect(program.hardened_places).toBeGreaterThanOrEqual(24);
    }
  });

  test("has a bill of materials with a package for everything in the file", async () => {
    const file = readdirSync(first).find((name) => name.endsWith(".cdx.json"));
    const bom = checkBillOfMaterials(await Bun.file(`${first}/${file}`).json());
    const packages = [...(await runtimePackages())].map(
      ([name, { version }]) => `pkg:npm/${name.replace("@", "%40")}@${version}`,
    );
    const purls = bom.components.map(({ purl }) => purl);
    expect(purls.sort()).toEqual([...packages, `pkg:npm/bun@${Bun.version}`].sort());
  });
});

/** A copy of what the build needs, outside any repository. */
async function checkout(folder: string): Promise<string> {
  mkdirSync(`${folder}/node_modules`, { recursive: true });
  const files = [
    "src",
    "plugins",
    "docs",
    "scripts",
    "LICENSE",
    "README.md",
    "package.json",
    "bun.lock",
    "tsconfig.json",
  ];
  for (const name of [
    ...files,
    ...["@cyclonedx/cyclonedx-library", ...(await runtimePackages()).keys()].map(
      (name) => `node_modules/${name}`,
    ),
  ]) {
    cpSync(`${ROOT}/${name}`, `${folder}/${name}`, { recursive: true });
  }
  symlinkSync(`${ROOT}/node_modules/.cache`, `${folder}/node_modules/.cache`);
  return folder;
}

function releaseFrom(folder: string, args: readonly string[]): string {
  const built = Bun.spawnSync([process.execPath, `${folder}/scripts/build.ts`, "--release", ...args], {
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], SOURCE_DATE_EPOCH: String(DATE) },
    cwd: "/",
  });
  if (built.exitCode !== 0) throw new Error(`${built.stdout}${built.stderr}`);
  return `${folder}/dist/release`;
}

describe("the file for", () => {
  /** As `smoke` needs them: the folder to put the program into, and how to run it. */
  interface Machine extends VerifyOptions {
    readonly target: Target;
    readonly folder: string;
    /** What the program is called where it runs. */
    readonly path: (name: string) => string;
  }

  test.skipIf(process.platform !== "linux")(
    "this machine obeys nothing but its arguments",
    async () => {
      const folder = `${scratch}/host`;
      mkdirSync(folder);
      await smoke({ target: hostTarget(), folder, path: (name) => `${folder}/${name}` });
    },
    120_000,
  );

  for (const name of ["linux-x64-musl", "linux-x64-musl-baseline"]) {
    test.skipIf(!MUSL_IS_HERE)(
      `${name} obeys nothing but its arguments`,
      async () => {
        const folder = `${scratch}/${name}`;
        cpSync(await muslRoot(), folder, { recursive: true });
        const inside = (path: string) => path.slice(folder.length);
        await smoke({
          ...{ target: findTarget(name), folder, within: folder, path: (file) => `/${file}` },
          // Root needs no user namespace to change its root, and may not get one.
          through: (cwd) => [
            "unshare",
            ...(process.getuid?.() === 0 ? [] : ["--map-root-user"]),
            `--root=${folder}`,
            `--wd=${inside(cwd)}`,
          ],
        });
      },
      300_000,
    );
  }

  for (const name of ["windows-x64", "windows-x64-baseline"]) {
    test(`${name} obeys nothing but its arguments`, async () => {
      const { folder } = await openWine();
      const env = {
        ...{ HOME: `${folder}/prefix`, WINEPREFIX: `${folder}/prefix`, WINEDEBUG: "-all" },
        WINEDLLOVERRIDES: "mscoree=;mshtml=;winemenubuilder.exe=",
      };
      await smoke({
        ...{ target: findTarget(name), folder, env, path: (file) => `${folder}/${file}` },
        through: () => ["wine"],
      });
    }, 300_000);
  }
  afterAll(closeWine);

  async function smoke({ target, folder, path, ...options }: Machine): Promise<void> {
    const { file } = await build(GUM_CRED, target, VERSION, folder);
    const name = file.slice(folder.length + 1);
    verify(path(name), ["--version"], options);

    const run = (cwd: string, ...args: string[]) => {
      const command = [...(options.through?.(cwd) ?? []), path(name), ...args];
      const { stdout, stderr, exitCode } = Bun.spawnSync(command, {
        cwd,
        env: { PATH: process.env["PATH"], ...options.env },
        timeout: 20_000,
      });
      return { stdout: stdout.toString(), stderr: stderr.toString(), exitCode };
    };
    const [clean, planted] = [mkdtempSync(`${folder}/clean-`), mkdtempSync(`${folder}/planted-`)];
    for (const [file, text] of Object.entries(PLANTED)) writeFileSync(`${planted}/${file}`, text);
    expect(run(planted, "--version")).toEqual({ stdout: "gum-cred 0.0.0 (test)\n", stderr: "", exitCode: 0 });
    const nobody = run(clean, "get", "gumloop");
    expect(nobody.exitCode).toBeGreaterThan(2); // not signed in, or no keychain
    expect(run(planted, "get", "gumloop")).toEqual(nobody);
    expect(readdirSync(planted).sort()).toEqual(Object.keys(PLANTED).sort());

    // As Bun compiles it, without the hardening, it does obey: or none of the above would prove anything.
    const raw = `raw-${name}`;
    compile({ entries: [GUM_CRED.entry], outfile: `${folder}/${raw}`, target, version: VERSION, folder });
    chmodSync(`${folder}/${raw}`, 0o755);
    expect(() => verify(path(raw), ["--version"], options)).toThrow("obeys");
  }
});

/** Files that Bun reads in the current directory, each with something that would show. */
const PLANTED = {
  ".env": "GUMLOOP_ACCESS_TOKEN=planted-EXAMPLE\n",
  "bunfig.toml": 'preload = ["./planted.js"]\n',
  "planted.js": "console.log('planted code ran')\n",
  "tsconfig.json": "{ broken",
  "package.json": "{ broken",
};
