/** Names that others chose (keychain entries, files, policies, variables) reach no terminal with what steers it. */
import { expect, test } from "bun:test";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { useWorld } from "../support/world.ts";

const world = useWorld();
const ESC = "\u001b[2J\u001b]0;x\u0007\u202e\u009b31m";
/** C0 but the line end, C1, bidirectional and invisible characters. */
const STEERING =
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/;

async function quiet(
  args: readonly string[],
  options: Parameters<typeof world.run>[1] = {},
): Promise<string> {
  const { stdout, stderr } = await world.run(args, options);
  expect(stdout).not.toMatch(STEERING);
  expect(stderr).not.toMatch(STEERING);
  return stdout + stderr;
}

async function entry(service: string, account: string): Promise<void> {
  const { code } = await world.sh(
    `printf '%s' value-EXAMPLE | secret-tool store --label=x service "${service}" username "$ACCOUNT" application Python`,
    { env: { ACCOUNT: account, LC_ALL: "C.UTF-8" } },
  );
  expect(code).toBe(0);
}

test("keychain entries: logout --all-profiles, as text and JSON", async () => {
  for (const json of [[], ["--json"]]) {
    await entry("gumloop-cli", `work${ESC}:access_token`);
    await entry("gum-cred", `llm:personal:work${ESC}:openai`);
    await quiet(["logout", "--all-profiles", ...json]);
    await quiet(["status", ...json]);
    await quiet(["keys", "list", ...json]);
    await quiet(["keychain", ...json]);
    await quiet(["doctor", ...json]);
  }
});

test("files: keys import, policy check, plugins check, login", async () => {
  const folder = `${world.home}/dir${ESC}`;
  mkdirSync(folder, { recursive: true });
  const file = `${folder}/keys${ESC}.env`;
  writeFileSync(file, `A${ESC}=1\nOPENAI_API_KEY=sk-EXAMPLE-${"x".repeat(20)}\n`);
  chmodSync(file, 0o600);
  for (const json of [[], ["--json"]]) {
    await quiet(["keys", "import", file, "--no-verify", ...json]);
    await quiet(["keys", "import", `${file}.gone`, ...json]);
    await quiet(["policy", "check", file, ...json]);
    await quiet(["plugins", "check", file, ...json]);
    await quiet(["plugins", "add", file, "--yes", ...json]);
    await quiet(["login", "--from-webhook", `${file}.gone`, ...json]);
    await quiet(["env", "openai"], { env: { OPENAI_API_KEY_FILE: `${file}.gone` } });
    await quiet(["explain", "openai", ...json], { env: { OPENAI_API_KEY_FILE: `${file}.gone` } });
  }
});

test("policies: policy show, env, explain, status", async () => {
  const path = `${world.home}/policy${"\u202e"}.json`;
  const policy = {
    version: 1,
    organization: { id: `acme${ESC}`, name: `Acme${ESC}` },
    providers: {
      openai: { source: { file: `/run/none${ESC}` } },
      xai: { source: { command: [`/none${ESC}`] } },
      deepseek: { deny: true },
    },
  };
  writeFileSync(path, JSON.stringify(policy), { mode: 0o600 });
  const env = { GUM_CRED_POLICY: path };
  for (const json of [[], ["--json"]]) {
    await quiet(["policy", "show", ...json], { env });
    for (const provider of ["openai", "xai", "deepseek"]) {
      await quiet(["explain", provider, ...json], { env });
      await quiet(["get", provider, ...json], { env });
      await quiet(["header", provider], { env });
    }
    await quiet(["status", ...json], { env });
    await quiet(["doctor", ...json], { env });
  }
});

test("arguments: flags, providers, profiles, commands", async () => {
  const words = [[`x${ESC}`], ["get", `x${ESC}`], ["status", `--x${ESC}`], ["exec", "--", `x${ESC}`]];
  for (const word of [...words, ["status", "--profile", `x${ESC}`], ["keys", "set", `x${ESC}`]]) {
    await quiet(word);
    await quiet(["--json", ...word]);
  }
});

test("JSON still holds the very value", async () => {
  const path = `${world.home}/policy\u202e.json`;
  const { stdout } = await world.run(["policy", "show", "--json"], { env: { GUM_CRED_POLICY: path } });
  expect(JSON.stringify(JSON.parse(stdout))).toContain("policy\u202e.json");
});

test("a key where a path belongs is not printed", async () => {
  const key = `sk-EXAMPLE-${"0123456789abcdef"}`;
  const runs: [args: string[], env: Record<string, string>][] = [
    [["get", "openai"], { OPENAI_API_KEY_FILE: key }],
    [["explain", "openai"], { OPENAI_API_KEY_FILE: key }],
    [["explain", "openai", "--json"], { GUM_CRED_ORG_OPENAI_API_KEY_FILE: key }],
    [["env"], { GUMLOOP_ACCESS_TOKEN_FILE: key }],
    [["env", "--debug"], { GUMLOOP_API_KEY_FILE: key, GUMLOOP_USER_ID: "u" }],
    [["keys", "import", key], {}],
    [["login", "--from-webhook", key], {}],
    [["policy", "check", key], {}],
    [["plugins", "check", key], {}],
    [["status"], { GUM_CRED_POLICY: key }],
  ];
  for (const [args, env] of runs) {
    const { stdout, stderr } = await world.run(args, { env });
    expect([args, (stdout + stderr).includes("0123456789abcdef")]).toEqual([args, false]);
  }
});
