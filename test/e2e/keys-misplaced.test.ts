/** Keys where no key belongs, and key commands where no key can be: refused at once, and nothing of it is shown. */
import { describe, expect, test } from "bun:test";
import { onTerminal } from "../support/terminal.ts";
import { useWorld } from "../support/world.ts";

const world = useWorld();
/** As short as keys get. */
const KEYS = ["sk-proj-EXAMPLE0123456", "0123456789abcdef0123456789abcdef"];

describe.each(KEYS)("%s is not shown", (key) => {
  test.each<[string, ...string[]]>([
    ["gum-cred KEY", key],
    ["gum-cred --KEY", `--${key}`],
    ["keys KEY", "keys", key],
    ["help KEY", "help", key],
    ["keys set openai --keyKEY", "keys", "set", "openai", `--key${key}`],
    ["keys set OPENAI_API_KEY=KEY", "keys", "set", `OPENAI_API_KEY=${key}`],
    ["keys set openai KEY", "keys", "set", "openai", key],
    ["keys usage KEY", "keys", "usage", key],
    ["keys import KEY", "keys", "import", key],
    ["env KEY", "env", key],
    ["env openai,KEY", "env", `openai,${key}`],
    ["env OPENAI_API_KEY=KEY", "env", `OPENAI_API_KEY=${key}`],
    ["get KEY", "get", key],
    ["explain KEY", "explain", key],
    ["providers KEY", "providers", key],
    ["plugins new KEY", "plugins", "new", `${key}_`],
    ["plugins trust KEY", "plugins", "trust", key],
    ["plugins remove KEY", "plugins", "remove", key],
    ["login --api-keyKEY", "login", `--api-key${key.toLowerCase()}`],
    ["broker --allow KEY", "broker", "--allow", key, "--", "true"],
  ])("%s", async (_, ...args) => {
    for (const more of [[], ["--json"]]) {
      const { code, stdout, stderr } = await world.run([...args, ...more]);
      expect(code).not.toBe(0);
      expect((stdout + stderr).toLowerCase()).not.toContain(key.slice(0, 16).toLowerCase());
    }
  });
});

test.each<[args: readonly string[], env: Record<string, string>, code: number, said: string]>([
  [["keys", "remove", "openai", "--level", "team"], {}, 2, "a team key needs a team"],
  [["keys", "remove", "gumloop"], {}, 2, "is not an LLM key"],
  [["keys", "list", "gumloop"], {}, 2, "is not an LLM key"],
  [["get", "openai", "--level", "team"], { GUM_CRED_TEAM_OPENAI_API_KEY: "x" }, 3, "hint: pass --team-id"],
  [["keys", "import", "-", "--level", "team"], {}, 2, "a team key needs a team"],
  [["plugins", "new", "BAD ID"], {}, 2, "choose an id of a-z"],
  [
    ["keys", "set", "openai", "--key", "sk-EXAMPLE"],
    { GUM_CRED_ORG_OPENAI_API_KEY: "sk-EXAMPLE-of-all" },
    6,
    "ask the administrator of your organisation's policy\n",
  ],
])("%j says why, and what to do", async (args, env, code, said) => {
  const result = await world.run(args, { env, stdin: "" });
  expect([result.code, result.stderr]).toEqual([code, expect.stringContaining(said)]);
  expect(result.stderr).not.toContain("leave --level out");
});

test("a policy by a relative path is refused with what to write", async () => {
  await Bun.write(`${world.home}/p.json`, "{}");
  const { code, stderr } = await world.run(["policy", "show"], {
    env: { GUM_CRED_POLICY: "p.json" },
    cwd: world.home,
  });
  expect([code, stderr]).toEqual([6, expect.stringContaining("hint: write the whole path")]);
});

test("nothing is asked for what would be refused", async () => {
  const team = await onTerminal(["keys", "import", "-", "--level", "team"], [], { env: world.env });
  expect([team.code, team.screen]).toEqual([2, expect.not.stringContaining("Paste")]);
  const env = { ...world.env, DBUS_SESSION_BUS_ADDRESS: "", XDG_RUNTIME_DIR: "/nonexistent" };
  const closed = await onTerminal(["keys", "import", "-"], [], { env });
  expect([closed.code, closed.screen]).toEqual([4, expect.not.stringContaining("Paste")]);
});
