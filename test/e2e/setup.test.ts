/** `setup`: what it shows, writes and takes back, and what it leaves alone. */
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { pathWithGumCred, type RunOptions, run } from "../support/binary.ts";

const root = mkdtempSync("/tmp/gum-cred-setup-");
afterAll(() => rmSync(root, { recursive: true, force: true }));
let home = "";
beforeEach(() => {
  home = mkdtempSync(`${root}/`);
});

const setup = (args: readonly string[], options: RunOptions = {}) =>
  run(["setup", ...args], {
    ...options,
    env: { HOME: home, XDG_CONFIG_HOME: "", PATH: pathWithGumCred(), ...options.env },
  });

function put(path: string, text: string, mode = 0o644): string {
  mkdirSync(dirname(`${home}/${path}`), { recursive: true });
  writeFileSync(`${home}/${path}`, text);
  chmodSync(`${home}/${path}`, mode);
  return `${home}/${path}`;
}

/** Every file below the home folder, by path. */
function files(): Record<string, string> {
  const names = readdirSync(home, { recursive: true, encoding: "utf8" });
  const plain = names.filter((name) => statSync(`${home}/${name}`).isFile());
  return Object.fromEntries(plain.map((name) => [name, readFileSync(`${home}/${name}`, "utf8")]));
}

/** A program, the file it is set up in, an old text of it, and what stands in it afterwards. */
const ROWS: readonly (readonly [program: string, path: string, before: string, says: string])[] = [
  [
    "claude",
    ".claude/settings.json",
    '// mine\n{\n  "model": "opus", // the big one\n  "env": { "A": "1" }\n}\n',
    '"apiKeyHelper": "gum-cred get anthropic"',
  ],
  [
    "codex",
    ".codex/config.toml",
    '# mine\nmodel = "gpt-5" # fast\n\n[profiles.a]\nmodel = "x"\n',
    'command = "gum-cred"\nargs = ["get", "openai"]',
  ],
  [
    "gemini",
    ".gemini/settings.json",
    '{\n  "ui": { "theme": "x" } // dark\n}\n',
    '"selectedType": "gemini-api-key"',
  ],
  [
    "opencode",
    ".config/opencode/opencode.json",
    '{\n  "theme": "x",\n  "provider": {\n    "openai": {}\n  }\n}\n',
    '"apiKey": "{env:OPENAI_API_KEY}"',
  ],
  ["llm", ".config/io.datasette.llm/gum-cred.env", "", "OPENAI_API_KEY=gum://openai\n"],
  ["direnv", ".config/direnv/lib/gum-cred.sh", "", "use_gum_cred()"],
];

describe.each(ROWS)("%s", (program, path, before, says) => {
  test("shows and writes nothing; writes; writes the same again; takes it back", async () => {
    const shown = await setup([program]);
    expect([shown.code, shown.stderr]).toEqual([0, ""]);
    expect(shown.stdout).toContain(`+++ ${home}/${path}\n`);
    for (const line of says.trim().split("\n")) expect(shown.stdout).toContain(line);
    expect(shown.stdout).toContain("--write");
    expect(files()).toEqual({});

    const written = await setup([program, "--write"]);
    expect(written.code).toBe(0);
    expect(written.stdout).toContain(`+++ ${home}/${path}\n`);
    expect(files()[path]).toContain(says);
    expect(statSync(`${home}/${path}`).mode & 0o077).toBe(0);

    const all = files();
    const again = await setup([program, "--write", "--json"]);
    expect(JSON.parse(again.stdout)).toMatchObject({ status: "ok", program, written: true, changed: false });
    expect(files()).toEqual(all);

    const removed = await setup([program, "--remove", "--json"]);
    expect(JSON.parse(removed.stdout)).toMatchObject({ removed: true, changed: true });
    expect(files()).toEqual({});
    expect((await setup([program, "--remove"])).stdout).toContain("Nothing");
  });

  test("profile, team and level become part of it", async () => {
    const flags = ["--profile", "work", "--team-id", "team_1", "--level", "team"];
    const { stdout } = await setup([program, ...flags]);
    expect(stdout).toContain("work");
    expect(stdout).toContain("team_1");
  });

  // llm and direnv get a file of our own, in which nothing of theirs can stand.
  if (before === "") return;

  test("what is shown is what is written, whatever flags are given", async () => {
    const flags = ["direnv", "--profile", "work", "--level", "team", "--team-id", "t1"];
    const shown = (await setup(flags)).stdout;
    await setup([...flags, "--write"]);
    const written = Object.values(files()).join("").trimEnd().split("\n");
    expect(written.filter((line) => line !== "" && !shown.includes(`+${line}\n`))).toEqual([]);
  });

  test("keeps all else of the file, its mode, and a link to it", async () => {
    const target = put("dotfiles/settings", before, 0o640);
    mkdirSync(dirname(`${home}/${path}`), { recursive: true });
    symlinkSync(target, `${home}/${path}`);
    expect((await setup([program, "--write"])).code).toBe(0);
    const text = readFileSync(target, "utf8");
    expect(text).toContain(says);
    for (const line of before.split("\n").filter((one) => /#|\/\//.test(one))) {
      expect(text).toContain(/(?:#|\/\/).*/.exec(line)?.[0] ?? "");
    }
    expect(lstatSync(`${home}/${path}`).isSymbolicLink()).toBe(true);
    expect(statSync(target).mode & 0o777).toBe(0o640);
    expect((await setup([program, "--remove"])).code).toBe(0);
    const rest = readFileSync(target, "utf8");
    // opencode's empty object goes with what was put into it.
    expect(program === "opencode" ? rest.replaceAll(/\s/g, "") : rest).toBe(
      program === "opencode" ? '{"theme":"x"}' : before,
    );
  });

  test("a broken file is left alone", async () => {
    for (const text of ["{ broken", "[broken", "\ufffd{}}", '"a" 1']) {
      const file = put(path, text);
      for (const flags of [[], ["--write"], ["--remove"], ["--write", "--force"]]) {
        const result = await setup([program, ...flags]);
        expect([text, flags, result.code, result.stdout]).toEqual([text, flags, 7, ""]);
        expect(result.stderr).toContain(file);
      }
      expect(readFileSync(file, "utf8")).toBe(text);
    }
    expect(Object.keys(files())).toEqual([path]);
  });
});

describe("a setting of the user's own", () => {
  const OWN: readonly (readonly [program: string, path: string, text: string])[] = [
    ["claude", ".claude/settings.json", '{\n  "apiKeyHelper": "pass show anthropic"\n}\n'],
    ["claude", ".claude/settings.json", '{"apiKeyHelper": "/opt/not-gum-cred get anthropic"}'],
    ["codex", ".codex/config.toml", 'model_provider = "azure"\n[model_providers.azure]\nname = "a"\n'],
    [
      "codex",
      ".codex/config.toml",
      '[model_providers.gum-cred]\nbase_url = "http://127.0.0.1:8080/openai/v1"\n',
    ],
    ["codex", ".codex/config.toml", '[model_providers."gum-cred".auth]\ncommand = "/opt/not-gum-cred"\n'],
    ["gemini", ".gemini/settings.json", '{"security": {"auth": {"selectedType": "oauth-personal"}}}'],
    [
      "opencode",
      ".config/opencode/opencode.json",
      '{"provider":{"openai":{"options":{"apiKey":"{file:x}"}}}}',
    ],
    ["llm", ".config/io.datasette.llm/gum-cred.env", "OPENAI_API_KEY=mine\n"],
    ["direnv", ".config/direnv/lib/gum-cred.sh", "use_gum_cred() { :; }\n"],
  ];
  test.each(OWN)("%s: is replaced with --force only (%#)", async (program, path, text) => {
    put(path, text);
    const refused = await setup([program, "--write"]);
    expect([refused.code, refused.stdout, refused.stderr]).toEqual([
      2,
      "",
      expect.stringContaining("E_SETTING_TAKEN"),
    ]);
    expect((await setup([program])).stderr).toContain("your own");
    expect((await setup([program, "--remove"])).stdout).toContain("Nothing");
    expect(files()).toEqual({ [path]: text });
    expect((await setup([program, "--write", "--force"])).code).toBe(0);
    expect(files()[path]).not.toBe(text);
  });

  const CHANGED: readonly (readonly [program: string, path: string, from: string, to: string])[] = [
    ["codex", ".codex/config.toml", 'model_provider = "gum-cred"', 'model_provider = "azure"'],
    ["codex", ".codex/config.toml", 'model_provider = "gum-cred"\n', ""],
    ["opencode", ".config/opencode/opencode.json", "{env:OPENAI_API_KEY}", "{file:x}"],
  ];
  test.each(CHANGED)(
    "%s: what gum-cred put in goes, also beside it (%#)",
    async (program, path, from, to) => {
      await setup([program, "--write"]);
      const text = files()[path] ?? "";
      expect(text).toContain(from);
      put(path, text.replace(from, to));
      expect((await setup([program, "--remove"])).code).toBe(0);
      const rest = files()[path] ?? "";
      expect(rest).toContain(to);
      expect(rest).not.toMatch(/gum-cred|ANTHROPIC_API_KEY/);
    },
  );

  test.each([
    ["claude", ".claude/settings.json", "{}\n"],
    ["claude", ".claude/settings.json", ""],
    ["claude", ".claude/settings.json", " \n"],
    ["codex", ".codex/config.toml", ""],
    ["codex", ".codex/config.toml", "\n"],
  ])("%s: a file of the user's in which nothing was put stays (%#)", async (program, path, text) => {
    put(path, text);
    expect((await setup([program, "--remove"])).code).toBe(0);
    expect(files()).toEqual({ [path]: text });
  });

  test("TOML that is whole and cannot be added to is not called broken", async () => {
    const text = 'model_providers = { mine = { name = "m" } }\n';
    put(".codex/config.toml", text);
    const { code, stderr } = await setup(["codex", "--write"]);
    expect([code, stderr]).toEqual([7, expect.stringContaining("cannot be edited safely")]);
    expect(files()).toEqual({ ".codex/config.toml": text });
  });

  test.each([
    ["claude", ".claude/settings.json", "{}\n"],
    ["codex", ".codex/config.toml", ""],
  ])(
    "%s: a link to a file that then holds nothing else stays, and is emptied",
    async (program, path, text) => {
      const target = put("dotfiles/settings", text, 0o640);
      mkdirSync(dirname(`${home}/${path}`), { recursive: true });
      symlinkSync(target, `${home}/${path}`);
      await setup([program, "--write"]);
      expect(readFileSync(target, "utf8")).toContain("gum-cred");
      await setup([program, "--remove"]);
      expect(lstatSync(`${home}/${path}`).isSymbolicLink()).toBe(true);
      expect(readFileSync(target, "utf8")).toBe(text);
    },
  );

  test.skipIf(process.getuid?.() !== 0)("run by root, a file stays its user's", async () => {
    const file = put(".claude/settings.json", '{"theme": "dark"}', 0o640);
    chownSync(file, 12345, 23456);
    await setup(["claude", "--write"]);
    const { uid, gid, mode } = statSync(file);
    expect([uid, gid, mode & 0o777]).toEqual([12345, 23456, 0o640]);
  });

  test("Codex's own provider comes back when the setup is taken out", async () => {
    const text = 'model_provider = "azure" # mine\n\n[model_providers.azure]\nname = "a"\n';
    put(".codex/config.toml", text);
    await setup(["codex", "--write", "--force"]);
    await setup(["codex", "--remove"]);
    expect(files()).toEqual({ ".codex/config.toml": text });
  });

  test("Gemini CLI's auth type that was there before stays", async () => {
    const text = '{"security":{"auth":{"selectedType":"gemini-api-key"}}}';
    put(".gemini/settings.json", text);
    await setup(["gemini", "--write"]);
    expect(Object.keys(files()).sort()).toEqual([".gemini/gum-cred.env", ".gemini/settings.json"]);
    await setup(["gemini", "--write"]);
    await setup(["gemini", "--remove"]);
    expect(files()).toEqual({ ".gemini/settings.json": text });
  });

  test("an earlier setup with other flags is replaced without a word", async () => {
    await setup(["claude", "--write", "--profile", "work"]);
    expect((await setup(["claude", "--write"])).code).toBe(0);
    expect(files()[".claude/settings.json"]).toBe('{\n  "apiKeyHelper": "gum-cred get anthropic"\n}\n');
  });
});

describe("what would beat the setting is said", () => {
  test.each([
    ["claude", { ANTHROPIC_API_KEY: "sk-ant-EXAMPLE" }, "ANTHROPIC_API_KEY"],
    ["claude", { CLAUDE_CODE_USE_BEDROCK: "1" }, "CLAUDE_CODE_USE_BEDROCK"],
    ["gemini", { GOOGLE_GENAI_USE_VERTEXAI: "true" }, "GOOGLE_GENAI_USE_VERTEXAI"],
  ])("%s: %j", async (program, env, name) => {
    const { code, stdout, stderr } = await setup([program, "--json"], { env });
    expect([code, JSON.parse(stdout).beaten_by]).toEqual([0, [name]]);
    expect(stderr).toContain(name);
    expect(stderr).not.toContain("EXAMPLE");
  });
  test("also where the program's own settings set it", async () => {
    put(".claude/settings.json", '{"env": {"ANTHROPIC_AUTH_TOKEN": "EXAMPLE"}}');
    const { stderr } = await setup(["claude", "--write"]);
    expect(stderr).toContain("ANTHROPIC_AUTH_TOKEN in");
    expect(stderr).not.toContain("EXAMPLE");
  });
  test("and llm's stored keys", async () => {
    put(".config/io.datasette.llm/keys.json", "{}");
    expect((await setup(["llm"])).stdout).toContain("keys.json");
  });
});

test("each program's own variable for its folder is heeded", async () => {
  for (const [program, name] of [
    ["claude", "CLAUDE_CONFIG_DIR"],
    ["codex", "CODEX_HOME"],
    ["gemini", "GEMINI_CLI_HOME"],
    ["llm", "LLM_USER_PATH"],
  ] as const) {
    const { stdout } = await setup([program], { env: { [name]: `${home}/elsewhere` } });
    expect([program, stdout]).toEqual([program, expect.stringContaining(`${home}/elsewhere/`)]);
  }
});

test("a program that is not in PATH is named by its path, quoted where a shell reads it", async () => {
  const { stdout } = await setup(["claude"], { env: { PATH: "/usr/bin:/bin" } });
  expect(stdout).toMatch(/"apiKeyHelper": "'?\/.*\/gum-cred'? get anthropic"/);
});

test("usage: an unknown program, none, both flags, a folder that cannot be written", async () => {
  for (const args of [["cursor"], [], ["claude", "--write", "--remove"], ["__proto__"]]) {
    expect([args, (await setup(args)).code]).toEqual([args, 2]);
  }
  mkdirSync(`${home}/.claude`);
  writeFileSync(`${home}/.codex`, "a file");
  expect((await setup(["codex", "--write"])).code).toBe(7);
  mkdirSync(`${home}/.claude/settings.json`);
  expect((await setup(["claude", "--write"])).code).toBe(7);
  expect(existsSync(`${home}/.claude/settings.json`)).toBe(true);
});
