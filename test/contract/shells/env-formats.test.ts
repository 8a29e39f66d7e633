/**
 * Every format of `gum-cred env` against the program that reads it: a random value either arrives byte for byte or
 * is refused. No PowerShell can be had here from a package registry, so its statements go through a reader
 * written from the language specification; cmd is wine's; GitHub's file goes through a reader written
 * from the runner's source.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { parse as parseDotenv } from "dotenv";
import { hasCode } from "../../../src/core/errors.ts";
import { secret } from "../../../src/core/secret.ts";
import type { Rendered } from "../../../src/output/env-formats/format.ts";
import {
  ENV_FORMAT_NAMES,
  type EnvFormatName,
  envFormat,
  failureText,
} from "../../../src/output/env-formats.ts";
import { NUSHELL } from "../../support/nushell.ts";

const FILE = "/nonexistent/github-env";
let folder = "";
beforeAll(() => {
  folder = mkdtempSync("/tmp/gum-cred-formats-");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A small generator with a seed, so that a failure can be had again. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const ALPHABETS: readonly ((pick: (below: number) => number) => number)[] = [
  (pick) => 0x21 + pick(0x5e), // printable ASCII
  (pick) => "AZaz09._~+/=:@%,-".codePointAt(pick(17)) ?? 0x41, // what no shell touches
  (pick) => " '\"\\$`!%^&|<>()[]{};#~*?,=-/\n\r\t".codePointAt(pick(33)) ?? 0x41, // what shells touch
  (pick) => 1 + pick(0x1f), // controls
  (pick) => 0x7f + pick(0x780), // two bytes of UTF-8
  (pick) => 0x2010 + pick(0x20), // typographic quotes and their neighbours, line separators
  (pick) => 0xe000 + pick(0x1ffd), // private use, which fish uses inside; noncharacters
  (pick) => 0x10000 + pick(0xfffff), // beyond the BMP
];

function randomValues(count: number): readonly string[] {
  const pick = generator(20261121);
  return Array.from({ length: count }, () => {
    const chosen = ALPHABETS[pick(ALPHABETS.length)] ?? ALPHABETS[0];
    const mixed = pick(3) === 0;
    return Array.from({ length: 1 + pick(60) }, () => {
      const from = mixed ? ALPHABETS[pick(ALPHABETS.length)] : chosen;
      return String.fromCodePoint(from?.(pick) ?? 0x41);
    }).join("");
  });
}

// biome-ignore format: one list
const AWKWARD = [
  "'", "\\", "\\'", "'\\''", "a'b'c", "\\\\", "a\\", "$(touch PWNED)", "`touch PWNED`", "$env:PATH", "$" + "{HOME}", "%PATH%",
  "!x!", "a\nb", "\n", "a\n", "\na", "a\r\nb", "a\r", "‘x’", "‚x‛", "“x”", "a;b", "a&b", "a|b", "-n", "--", "~", "~/x",
  "~root", "a b", " a", "a ", "a  b", "\t", "ä", "日本", "🔑", "\u{10ffff}", "x*y", "[a]", "{a,b}", "{}", "null", "true",
  "1", "0x1", "#x", "a#b", "=", "a=b", "<<EOF", "EOF", "::add-mask::x", "%0A", "%25", "/?", "\ufeffa", "\u2028", "\ue000",
  "\uf600", "\ufdd0", "x".repeat(5000), "\u007f", "\u001b[31m",
];

/** Values that no variable can hold, or whose bytes are lost already. */
const IMPOSSIBLE = ["a\0b", "\0", "\ud800", "a\udc00b", "\ufffd"];

const VALUES = [...AWKWARD, ...randomValues(300)];

async function tryRender(name: EnvFormatName, value: string): Promise<boolean> {
  try {
    await render(name, { set: { V: value } });
    return true;
  } catch (error) {
    if (hasCode(error, "E_UNSAFE_VALUE")) return false;
    throw error;
  }
}

interface Variables {
  readonly set?: Readonly<Record<string, string>>;
  readonly unset?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

async function render(
  name: EnvFormatName,
  { set = {}, unset = [], environment = {} }: Variables,
): Promise<Rendered> {
  const format = await envFormat(name);
  const values = new Map(Object.entries(set).map(([key, value]) => [key, secret(value)]));
  return format.exports({ set: values, unset }, { GITHUB_ENV: FILE, ...environment });
}

/** The values that a format accepts, as variables V0, V1, …; the rest must be what `refuses` says. */
async function accepted(
  name: EnvFormatName,
  refuses: (value: string) => boolean,
): Promise<Record<string, string>> {
  const variables: Record<string, string> = {};
  for (const [index, value] of VALUES.entries()) {
    const taken = await tryRender(name, value);
    expect({ value, taken }).toEqual({ value, taken: !refuses(value) });
    if (taken) variables[`V${index}`] = value;
  }
  for (const value of IMPOSSIBLE) expect(await tryRender(name, value)).toBe(false);
  return variables;
}

/** Runs a shell over a rendered text in a file; its output is the environment, each entry ended by NUL. */
function environmentAfter(
  command: readonly string[],
  env: Record<string, string> = {},
): Record<string, string> {
  const { stdout, stderr, exitCode } = Bun.spawnSync([...command], {
    cwd: folder,
    env: { PATH: process.env["PATH"], HOME: folder, OLD: "old", ...env },
  });
  if (exitCode !== 0) throw new Error(`${command[0]} ended with ${exitCode}: ${stderr}`);
  return Object.fromEntries(
    stdout
      .toString()
      .split("\0")
      .map((entry) => [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)] as const)
      .filter(([name]) => /^(V\d+|OLD)$/.test(name)),
  );
}

function write(text: string): string {
  const path = `${folder}/exports`;
  writeFileSync(path, text);
  return path;
}

const plain = (value: string) => /^[A-Za-z0-9._~+/=:@%,-]+$/.test(value);

describe("posix", () => {
  const SHELLS = [["sh"], ["dash"], ["bash", "--norc"], ["zsh", "-f"], ["mksh"], ["busybox", "sh"]];
  test.each(SHELLS)("%s", async (...shell) => {
    const values = await accepted("posix", (value) => !plain(value));
    const { stdout } = await render("posix", { set: values, unset: ["OLD"] });
    expect(stdout.split("\n")).toHaveLength(2);
    expect(environmentAfter([...shell, "-c", `eval $(cat ${write(stdout)}); env -0`])).toEqual(values);
  });
});

describe("posix, in a shell that re-reads words in another way", () => {
  const SHELLS = [["sh"], ["dash"], ["bash", "--norc"], ["zsh", "-f"], ["mksh"], ["busybox", "sh"]];
  const VALUE = "abcXYZ019._~+/=:@%,-";
  const CHANGED = { V1: VALUE, V2: "https://x.example/v1" };

  /** The variables afterwards, as seen from outside; null where the shell noticed a failure. */
  async function after(shell: readonly string[], before: string, ifs: string) {
    const { stdout } = await render("posix", { set: CHANGED, unset: ["OLD"] });
    const script = `${before}IFS=$I; eval $(cat ${write(stdout)}) && failed= || failed=1; unset IFS; env -0; test -z "$failed"`;
    const run = Bun.spawnSync([...shell, "-c", script], {
      cwd: folder,
      env: { PATH: process.env["PATH"], OLD: "old", I: ifs },
    });
    const variables = run.stdout.toString().split("\0");
    const seen = variables.filter((entry) => /^(V\d+|OLD)=/.test(entry)).toSorted();
    return { failed: run.exitCode !== 0, seen };
  }

  const exact = { failed: false, seen: Object.entries(CHANGED).map(([name, value]) => `${name}=${value}`) };
  const unchanged = { failed: true, seen: ["OLD=old"] };

  test.each(SHELLS)(
    "%s: every character in IFS gives the exact values or changes nothing",
    async (...shell) => {
      const printable = Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index));
      for (const ifs of [...printable, "", " ", "\t", " :", ".:", "&;", "'\""]) {
        const result = await after(shell, "", ifs);
        // A syntax error ends some shells before they can show their variables.
        const ended = result.failed && result.seen.length === 0;
        if (!ended) expect({ ifs, ...result }).toEqual({ ifs, ...(result.failed ? unchanged : exact) });
      }
      expect(await after(shell, "", ":")).toEqual(unchanged);
      expect(await after(shell, "", " \t\n")).toEqual(exact);
    },
  );

  test.each([
    [["bash", "--norc"], "set -k; "],
    [["mksh"], "set -k; "],
    [["bash", "--norc"], "shopt -s nullglob failglob extglob; "],
    [["zsh", "-f"], "setopt globsubst extendedglob nullglob; "],
    [["zsh", "-f"], "setopt globsubst magicequalsubst shwordsplit ksharrays; "],
    [["zsh", "-f"], "emulate ksh; "],
    [["zsh", "-f"], "emulate csh; "],
  ])("%p with %s", async (shell, options) => {
    const result = await after(shell, options, " \t\n");
    expect(result).toEqual(result.failed ? unchanged : exact);
  });
});

describe("fish", () => {
  test.each(["C.UTF-8", "C"])("under LC_ALL=%s", async (locale) => {
    const values = await accepted("fish", () => false);
    const path = write((await render("fish", { set: values, unset: ["OLD"] })).stdout);
    const run = (script: string) =>
      environmentAfter(["fish", "--no-config", "-c", script], { LC_ALL: locale });
    expect(run(`cat ${path} | source; or exit 9; env -0`)).toEqual(values);
  });

  test("a universal variable of the same name is emptied in this shell, and stays", async () => {
    const { stdout } = (await envFormat("fish")).unset(["OLD"], {});
    const script = `set -e OLD; set -Ux OLD universal; cat ${write(stdout)} | source; or exit 9; env -0`;
    expect(environmentAfter(["fish", "-c", script])).toEqual({ OLD: "" });
    const later = "set -q OLD; and printf 'OLD=%s\\0' $OLD";
    expect(environmentAfter(["env", "-u", "OLD", "fish", "-c", later])).toEqual({
      OLD: "universal",
    });
  });

  test("a failure is a status, ends no function and leaves nothing behind", () => {
    const path = write(failureText("fish", 4));
    const script = `function f; cat ${path} | source; or printf 'V1=%s\\0' $status; end; f; functions -q __gum_cred_failed; and exit 9; or true`;
    expect(environmentAfter(["fish", "--no-config", "-c", script])).toEqual({ V1: "4" });
  });
});

describe.skipIf(!NUSHELL)("nushell", () => {
  const run = (script: string) => environmentAfter([NUSHELL ?? "", "--no-config-file", "-c", script]);

  test("load-env", async () => {
    const values = await accepted("nushell", () => false);
    const path = write((await render("nushell", { set: values, unset: ["OLD"] })).stdout);
    expect(run(`open --raw ${path} | from json | load-env; ^env -0`)).toEqual(values);
  });

  test("--unset", async () => {
    const path = write((await envFormat("nushell")).unset(["OLD", "V1"], {}).stdout);
    expect(run(`$env.V1 = 'x'; open --raw ${path} | from json | load-env; ^env -0`)).toEqual({});
  });
});

describe("powershell, by a reader of our own", () => {
  test("values", async () => {
    const values = await accepted("powershell", (value) => /[\r\n]/.test(value));
    const { stdout } = await render("powershell", { set: values, unset: ["OLD"] });
    expect(stdout).toMatch(/^[ -~\n]*$/);
    expect(readPowerShell(stdout)).toEqual({ ...values, OLD: null });
  });

  test("--unset and failure", async () => {
    expect(readPowerShell((await envFormat("powershell")).unset(["A", "B"], {}).stdout)).toEqual({
      A: null,
      B: null,
    });
    expect(failureText("powershell", 4)).toBe("Write-Error 'gum-cred env failed with exit code 4'\n");
  });
});

/**
 * Statements `$env:NAME = EXPRESSION`, one a line, of the grammar that is allowed to appear: verbatim strings
 * (specification §2.3.5.2: a quote character is ' or U+2018 to U+201B, and two of them are one), casts
 * `[char]N` of decimal integers (§2.3.5.1, §6.1), string concatenation (§7.7.2) and $null.
 */
function readPowerShell(text: string): Record<string, string | null> {
  const variables: Record<string, string | null> = {};
  for (const line of text.split("\n").slice(0, -1)) {
    const statement = /^\$env:([A-Za-z0-9_]+) = (.*)$/.exec(line);
    if (!statement?.[1]) throw new Error(`no assignment: ${line}`);
    variables[statement[1]] = statement[2] === "$null" ? null : readTerms(statement[2] ?? "");
  }
  return variables;
}

function readTerms(expression: string): string {
  const TERM = /^(?:['‘’‚‛]((?:[^'‘’‚‛]|['‘’‚‛]{2})*)['‘’‚‛]|\[char\](\d+))(?: \+ |$)/;
  let value = "";
  for (let rest = expression, first = true; rest !== ""; first = false) {
    const term = TERM.exec(rest);
    if (!term || (first && term[1] === undefined)) throw new Error(`no string: ${rest}`);
    const code = Number(term[2]);
    if (term[2] !== undefined && code > 0xffff) throw new Error(`${code} is no UTF-16 code unit`);
    value += term[1]?.replace(/(['‘’‚‛])['‘’‚‛]/g, "$1") ?? String.fromCharCode(code);
    rest = rest.slice(term[0].length);
  }
  return value;
}

describe("cmd", () => {
  const refused = (value: string) => !/^[ -~]+$/.test(value) || /["%!^]|\/\?/.test(value);

  test("refuses what cmd would change, and a line that it would cut", async () => {
    expect(Object.keys(await accepted("cmd", refused)).length).toBeGreaterThan(20);
    expect(await tryRender("cmd", "x".repeat(7_980))).toBe(true);
    expect(await tryRender("cmd", "x".repeat(8_000))).toBe(false);
  });

  // Wine's cmd is another program than Windows': the documented quirks that it lacks are refused above.
  test.skipIf(!Bun.which("wine"))(
    "wine's cmd",
    async () => {
      const values = await accepted("cmd", (value) => refused(value));
      const { stdout } = await render("cmd", { set: values, unset: ["OLD"] });
      writeFileSync(`${folder}/exports.txt`, stdout);
      const failure = failureText("cmd", 4).trim();
      writeFileSync(
        `${folder}/try.cmd`,
        [
          "@echo off",
          `for /f "delims=" %%i in (exports.txt) do @call %%i`,
          "set V",
          "set OLD",
          failure,
          "echo LEVEL=%ERRORLEVEL%",
          // Wine's call makes 1 of every status.
          `for /f "delims=" %%i in ('echo ${failure}') do @call %%i`,
          "if errorlevel 1 echo CALLED=noticed",
        ].join("\r\n"),
      );
      const { stdout: shown } = Bun.spawnSync(["wine", "cmd", "/c", "try.cmd"], {
        cwd: folder,
        env: {
          PATH: process.env["PATH"],
          HOME: process.env["HOME"],
          OLD: "old",
          WINEDEBUG: "-all",
          DISPLAY: "",
        },
      });
      const lines = shown
        .toString()
        .split("\r\n")
        .filter((line) => /^(V\d+|OLD|LEVEL|CALLED)=/.test(line));
      const seen = lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]);
      expect(Object.fromEntries(seen)).toEqual({ ...values, LEVEL: "4", CALLED: "noticed" });
    },
    120_000,
  );
});

describe("json and dotenv", () => {
  test("json carries everything", async () => {
    const values = Object.fromEntries([...VALUES, ...IMPOSSIBLE].map((value, index) => [`V${index}`, value]));
    expect(JSON.parse((await render("json", { set: values })).stdout)).toEqual(values);
  });

  test("dotenv reads the same in the npm package, in sh and line by line", async () => {
    const values = await accepted("dotenv", (value) => !plain(value) || /(^|:)~/.test(value));
    const { stdout } = await render("dotenv", { set: values });
    expect(parseDotenv(stdout)).toEqual(values);
    expect(environmentAfter(["env", "-u", "OLD", "sh", "-ac", `. ${write(stdout)}; env -0`])).toEqual(values);
    const lines = stdout.split("\n").slice(0, -1);
    expect(Object.fromEntries(lines.map((line) => line.split(/=(.*)/).slice(0, 2)))).toEqual(values);
  });
});

describe("github, by a reader of our own", () => {
  test.each(["linux", "windows"] as const)("the runner on %s", async (system) => {
    const values = await accepted("github", (value) => value.endsWith("\r"));
    const { append } = await render("github", { set: values });
    expect(append?.path).toBe(FILE);
    expect(readGitHubFile(append?.text ?? "", system)).toEqual(values);
  });

  test("every secret is masked and nothing else is", async () => {
    const set = {
      OPENAI_API_KEY: "a%b\r\nc-EXAMPLE",
      GUMLOOP_USER_ID: "user",
      GUMLOOP_BASE_URL: "https://x",
    };
    expect((await render("github", { set })).stdout).toBe("::add-mask::a%25b%0D%0Ac-EXAMPLE\n");
  });

  test("only what is set is emptied", async () => {
    const { append } = await render("github", { unset: ["OLD", "NEVER"], environment: { OLD: "old" } });
    expect(append?.text).toBe("OLD=\n");
  });
});

/** How the runner reads the file: SetEnvFileCommand.ProcessCommand and ReadLine. */
function readGitHubFile(text: string, system: "linux" | "windows"): Record<string, string> {
  const variables: Record<string, string> = {};
  let index = 0;
  const readLine = (): { line: string; newline: string } | null => {
    if (index >= text.length) return null;
    const start = index;
    const lf = text.indexOf("\n", start);
    if (lf < 0) throw new Error("the last line is not ended");
    const crlf = text.indexOf("\r\n", start);
    const newline = system === "windows" && crlf >= 0 && crlf < lf ? "\r\n" : "\n";
    const end = newline === "\r\n" ? crlf : lf;
    index = end + newline.length;
    return { line: text.slice(start, end), newline };
  };
  for (let read = readLine(); read; read = readLine()) {
    const { line } = read;
    if (line === "") continue;
    const equals = line.indexOf("=");
    const heredoc = line.indexOf("<<");
    if (equals >= 0 && (heredoc < 0 || equals < heredoc)) {
      variables[line.slice(0, equals)] = line.slice(equals + 1);
      continue;
    }
    if (heredoc < 0) throw new Error(`no variable: ${line}`);
    const delimiter = line.slice(heredoc + 2);
    const start = index;
    let end = index;
    for (let value = readLine(); value?.line !== delimiter; value = readLine()) {
      if (!value) throw new Error("no delimiter");
      end = index - value.newline.length;
    }
    variables[line.slice(0, heredoc)] = text.slice(start, end);
  }
  return variables;
}

test("a failure of the formats that are not evaluated is told by the exit code alone", () => {
  const silent = ENV_FORMAT_NAMES.filter((name) => failureText(name as EnvFormatName, 3) === "");
  expect(silent).toEqual(["nushell", "json", "dotenv", "github"]);
});

test("nothing to change is no error", async () => {
  const text = async (name: EnvFormatName) => (await render(name, {})).stdout;
  const said = (command: readonly string[], env = {}) =>
    Bun.spawnSync([...command], { env }).stderr.toString();
  for (const shell of ["sh", "bash", "zsh"].filter((name) => Bun.which(name)))
    expect(
      said([shell, "-ec", shell === "zsh" ? "eval $=TEXT" : "eval $TEXT"], { TEXT: await text("posix") }),
    ).toBe("");
  if (Bun.which("fish")) expect(said(["fish", "--no-config", "-c", await text("fish")])).toBe("");
  expect([JSON.parse(await text("json")), JSON.parse(await text("nushell"))]).toEqual([{}, {}]);
  // Invoke-Expression takes no empty text.
  expect(await text("powershell")).toBe("$null\n");
});
