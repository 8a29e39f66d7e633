/** Messages that say what is so: how long to wait, where a file is not JSON, that nothing changed, what is left. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { storeExpiredSession } from "../support/stored-session.ts";
import { startVendors, type Vendors } from "../support/vendors.ts";
import { useWorld } from "../support/world.ts";

const world = useWorld();
let vendors: Vendors;
beforeAll(() => {
  vendors = startVendors();
});
afterAll(() => vendors.stop());

describe("a server that asks to wait", () => {
  const seconds = (count: number) => new Date(Date.now() + count * 1_000 + 500).toUTCString();
  const FORMS = [
    ["seconds", () => "30", /try again in 30 s/],
    ["a date", () => seconds(30), /try again in (?:29|30|31) s/],
    ["an absurd number", () => "9".repeat(20), /try again in more than a day/],
    ["an absurd date", () => "Fri, 31 Dec 9999 23:59:59 GMT", /try again in more than a day/],
    ["nonsense", () => "soon", /^(?!.*try again in)/s],
  ] as const;
  const at = () => ["--base-url", world.server.baseUrl];
  const COMMANDS: readonly (readonly [string, () => readonly string[], Record<string, string>])[] = [
    ["login", () => ["login", "--api-key", "-", "--user-id", "u", ...at()], {}],
    ["login with a token", () => ["login", "--access-token", "-", ...at()], {}],
    ["status --verify", () => ["status", "--verify", ...at()], { GUMLOOP_ACCESS_TOKEN: "t-EXAMPLE" }],
    ["teams", () => ["teams", ...at()], { GUMLOOP_ACCESS_TOKEN: "t-EXAMPLE" }],
    ["doctor", () => ["doctor", ...at()], { GUMLOOP_ACCESS_TOKEN: "t-EXAMPLE" }],
    ["keys set", () => ["keys", "set", "openai", "--key", "-"], {}],
    ["keys verify", () => ["keys", "verify", "openai"], { OPENAI_API_KEY: "sk-EXAMPLE" }],
  ];

  describe.each(COMMANDS)("%s", (name, line, env) => {
    test.each(FORMS)("in %s", async (_form, value, said) => {
      const fault = { status: 429, retryAfter: value() };
      world.server.faults.inject({ path: "*", ...fault, times: 4 });
      vendors.faults.inject({ path: "/openai/v1/models", ...fault });
      try {
        const run = await world.run(line(), { stdin: "key-EXAMPLE", env: { ...vendors.env, ...env } });
        expect([name, run.code]).toEqual([name, 5]);
        expect(run.stderr).toMatch(said);
      } finally {
        world.server.faults.clear();
        vendors.reset();
      }
    });
  });

  test.each(FORMS)("when a session is renewed, in %s", async (_form, value, said) => {
    await storeExpiredSession(world, "default");
    world.server.faults.inject({ path: "*", status: 429, retryAfter: value() });
    try {
      const { code, stderr } = await world.run(["refresh"]);
      expect(code).toBe(5);
      expect(stderr).toMatch(said);
    } finally {
      world.server.faults.clear();
    }
  });
});

describe("a file that is not JSON is told with line and column", () => {
  const BROKEN = '{\n  "version": 1,\n}\n';
  const PLACE = "line 3, column 1: no comma may stand before '}'";
  const put = (name: string, text = BROKEN): string => {
    const path = `${world.home}/${name}`;
    mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true, mode: 0o700 });
    writeFileSync(path, text);
    chmodSync(path, 0o600);
    return path;
  };

  test.each([
    ["a policy in force", () => ({ args: ["env"], env: { GUM_CRED_POLICY: put("p.json") } }), 7],
    ["a policy that is checked", () => ({ args: ["policy", "check", put("p.json")] }), 7],
    ["a manifest that is added", () => ({ args: ["plugins", "add", put("m.json"), "--yes"] }), 7],
    ["a manifest that is checked", () => ({ args: ["plugins", "check", put("m.json")] }), 7],
    [
      "the choice of a profile",
      () => ({
        args: ["profiles"],
        env: { XDG_CONFIG_HOME: put("x/gum-cred/config.json").slice(0, -"/gum-cred/config.json".length) },
      }),
      0,
    ],
  ] as const)("%s", async (_name, line, code) => {
    const { args, env = {} } = line() as { args: string[]; env?: Record<string, string> };
    const run = await world.run(args, { env });
    const said = run.stdout + run.stderr;
    expect(said).toContain(PLACE);
    expect(run.code).toBe(code);
  });

  test("and the settings of another program, which may have commas at the end, with what is missing", async () => {
    const file = put("c/settings.json", '{\n  "a": 1,\n  "b" 2\n}\n');
    const env = { CLAUDE_CONFIG_DIR: file.slice(0, -"/settings.json".length) };
    const { code, stderr } = await world.run(["setup", "claude", "--write"], { env });
    expect(code).toBe(7);
    expect(stderr).toContain("no colon in line 3, column 7");
  });
});

test("keys rotate to the key that is stored: exit 2, and nothing is asked, stored or noted", async () => {
  const key = vendors.addKey("openai");
  await world.ok(["keys", "set", "openai", "--key", "-"], { stdin: key, env: vendors.env });
  const before = await world.entries("gum-cred");
  const asked = vendors.log().length;
  const { code, stderr } = await world.run(["keys", "rotate", "openai", "--key", "-"], {
    stdin: key,
    env: vendors.env,
  });
  expect(code).toBe(2);
  expect(stderr).toContain("the same key for OpenAI");
  expect(stderr).toContain("nothing was changed");
  expect(await world.entries("gum-cred")).toEqual(before);
  expect(vendors.log().length).toBe(asked);
});

describe("plugins remove", () => {
  const add = () => world.ok(["plugins", "add", "replicate", "--yes"]);
  const remove = (env = {}) => world.run(["plugins", "remove", "replicate", "--json"], { env });

  test("where a key is stored says that it stays", async () => {
    await add();
    await world.ok(["keys", "set", "replicate", "--key", "-", "--no-verify"], { stdin: "r8_EXAMPLE" });
    expect(JSON.parse((await remove()).stdout).keys_kept).toBe(true);
    await add();
    expect((await world.run(["plugins", "remove", "replicate"])).stderr).toContain(
      "are still in the keychain",
    );
    await add();
    await world.ok(["keys", "remove", "replicate"]);
  });

  test("where none is says that too", async () => {
    expect(JSON.parse((await remove()).stdout).keys_kept).toBe(false);
  });

  test("where the keychain is locked says that it cannot tell", async () => {
    await add();
    await world.keyring.lock();
    try {
      const { code, stdout, stderr } = await world.run(["plugins", "remove", "replicate"]);
      expect([code, stdout]).toEqual([0, "Removed the plugin 'replicate'.\n"]);
      expect(stderr).toContain("if there are any");
    } finally {
      await world.keyring.unlock();
    }
  });
});
