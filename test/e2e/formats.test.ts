/**
 * The formats of `gum-cred env` as people use them: the documented line in the real shell, from success through
 * failure to `--unset`. What each format can carry is test/contract/shells/env-formats.test.ts's.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { type RunOptions, run } from "../support/binary.ts";
import { NUSHELL } from "../support/nushell.ts";
import { useWorld } from "../support/world.ts";

const world = useWorld();
let folder = "";
beforeAll(() => {
  folder = mkdtempSync("/tmp/gum-cred-formats-");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const TOKEN = 'tok\'EXAMPLE "$HOME" \\ %PATH% ‘ä’';
const NOTHING = { DBUS_SESSION_BUS_ADDRESS: "", XDG_RUNTIME_DIR: "" };
const SHOW = `sh -c 'printf "%s|%s|%s\\n" "$GUMLOOP_ACCESS_TOKEN" "\${GUMLOOP_API_KEY-unset}" "\${GUM_CRED_EXPORTED-unset}"'`;

interface Shell {
  readonly name: string;
  readonly command: readonly string[];
  readonly load: string;
  readonly unload: string;
  readonly show: string;
  /** Prints `failed N` when loading failed, and what stands in the variable. */
  readonly notice: string;
}

const SHELLS: readonly Shell[] = [
  {
    name: "fish",
    command: ["fish", "--no-config", "-c"],
    load: "gum-cred env --format fish | source",
    unload: "gum-cred env --unset --format fish | source",
    show: SHOW,
    notice: "gum-cred env --format fish | source; or echo failed $status",
  },
  {
    name: "nu",
    command: [NUSHELL ?? "nu", "--no-config-file", "-c"],
    load: "gum-cred env --format nushell | from json | load-env",
    unload: "gum-cred env --unset --format nushell | from json | load-env",
    show: `^${SHOW.replace("sh -c '", "sh -c r#'").replace(/'$/, "'#")}`,
    notice:
      "try { gum-cred env --format nushell | from json | load-env } catch { print $'failed ($env.LAST_EXIT_CODE)' }",
  },
];

describe.each(SHELLS.filter(({ command }) => Bun.which(command[0] ?? "")))("in $name", (shell) => {
  const inShell = (script: string, options: RunOptions = {}) =>
    run([script], { ...options, env: { ...world.env, ...options.env }, program: shell.command });

  test("a token of the user's own arrives, an API key that it shadows goes, and --unset forgets it", async () => {
    const env = { GUMLOOP_ACCESS_TOKEN: TOKEN, GUMLOOP_API_KEY: "old-EXAMPLE", LC_ALL: "C.UTF-8" };
    const loaded = await inShell(`${shell.load}; ${shell.show}`, { env });
    expect(loaded).toMatchObject({ stdout: `${TOKEN}|unset|unset\n`, stderr: "", code: 0 });
    const unloaded = await inShell(`${shell.load}; ${shell.unload}; ${shell.show}`, { env });
    expect(unloaded).toMatchObject({ stdout: "|unset|unset\n", stderr: "", code: 0 });
  });

  test("a stored key arrives with its marker, and again after it changed", async () => {
    const { key } = await world.signInWithKey();
    const { stdout } = await inShell(`${shell.load}; ${shell.load}; ${shell.show}`);
    expect(stdout).toStartWith(`|${key}|GUMLOOP_API_KEY:`);
    await world.ok(["logout"]);
  });

  test("a failure is noticed, with its code", async () => {
    const result = await inShell(shell.notice, { env: NOTHING });
    expect(result.stdout).toContain("failed 3\n");
    expect(result.stderr).toContain("E_NOT_SIGNED_IN");
  });
});

describe("GitHub Actions", () => {
  const env = { GUMLOOP_API_KEY: "key%EXAMPLE second", GUMLOOP_USER_ID: "user_abc", ...NOTHING };

  function file(text: string): string {
    const path = `${folder}/github-env`;
    writeFileSync(path, text, { mode: 0o640 });
    return path;
  }

  test("masks on stdout, variables at the end of the file, whatever stood there", async () => {
    const path = file("FIRST=1");
    const { stdout, stderr } = await run(["env", "--format", "github"], {
      env: { ...env, GITHUB_ENV: path },
    });
    expect({ stdout, stderr }).toEqual({ stdout: "::add-mask::key%25EXAMPLE second\n", stderr: "" });
    expect(readFileSync(path, "utf8")).toMatch(
      /^FIRST=1\nGUMLOOP_API_KEY=key%EXAMPLE second\nGUMLOOP_USER_ID=user_abc\nGUMLOOP_BASE_URL=https:\/\/api\.gumloop\.com\/api\/v1\n$/,
    );
    expect(statSync(path).mode & 0o777).toBe(0o640);
  });

  test("--unset empties", async () => {
    const path = file("");
    const result = await run(["env", "openai", "--unset", "--format", "github"], {
      env: { ...NOTHING, GITHUB_ENV: path },
    });
    expect(result.stdout).toBe("");
    expect(readFileSync(path, "utf8")).toBe("OPENAI_API_KEY=\nGUM_CRED_EXPORTED=\n");
  });

  test("nothing is printed or written when anything fails", async () => {
    const path = file("FIRST=1\n");
    const both = { ...env, GITHUB_ENV: path };
    expect(await run(["env", "--format", "github"], { env })).toMatchObject({ code: 2, stdout: "" });
    const missing = { ...env, GITHUB_ENV: `${folder}/missing` };
    expect(await run(["env", "--format", "github"], { env: missing })).toMatchObject({ code: 7, stdout: "" });
    const nobody = { ...NOTHING, GITHUB_ENV: path };
    expect(await run(["env", "--format", "github"], { env: nobody })).toMatchObject({ code: 3, stdout: "" });
    const broken = { ...both, OPENAI_API_KEY_FILE: "/nonexistent" };
    expect(await run(["env", "--format", "github"], { env: broken })).toMatchObject({ code: 7, stdout: "" });
    expect(readFileSync(path, "utf8")).toBe("FIRST=1\n");
  });
});

test("what stdout holds on failure, by format", async () => {
  const texts: Record<string, string> = {};
  for (const format of ["posix", "fish", "powershell", "nushell", "cmd", "json", "dotenv", "github"]) {
    const result = await run(["env", "--format", format, "--bogus"]);
    expect(result.code).toBe(2);
    texts[format] = result.stdout;
  }
  expect(texts).toEqual({
    posix: "(exit 2);\n",
    fish: "function __gum_cred_failed; functions -e __gum_cred_failed; return 2; end; __gum_cred_failed\n",
    powershell: "Write-Error 'gum-cred env failed with exit code 2'\n",
    nushell: "",
    cmd: "cmd /d /c exit 2\r\n",
    json: "",
    dotenv: "",
    github: "",
  });
});
