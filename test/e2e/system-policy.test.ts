/**
 * The system's own policy, in a mount namespace with an /etc of its own: variables, files, flags, keychain entries and
 * second policies of the user's against it, with the built binary and a real keyring.
 */
import { beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { CAN_MOUNT } from "../support/namespaces.ts";
import { underSystemPolicy } from "../support/system-policy.ts";
import { useWorld } from "../support/world.ts";

const world = useWorld();
const TEAM = "team_4f8c92ab";
let ruled: readonly string[] = [];

/** Runs gum-cred under the system's policy. */
const gum = (args: readonly string[], env: Record<string, string> = {}, stdin?: string) =>
  world.run(args, { program: ruled, env, ...(stdin === undefined ? {} : { stdin }) });

function own(name: string, text: string): string {
  const path = `${world.home}/${name}`;
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

const secondPolicy = (rules: object): Record<string, string> => ({
  GUM_CRED_POLICY: own("second.json", JSON.stringify({ version: 1, ...rules })),
});

describe.skipIf(!CAN_MOUNT)("under a policy of the system's", () => {
  beforeAll(async () => {
    const file = (name: string) => ({ source: { file: own(name, `${name}-EXAMPLE\n`) } });
    ruled = underSystemPolicy({
      organization: { id: "acme", name: "Acme Inc." },
      providers: { openai: file("system-openai"), deepseek: { deny: true }, gumloop: { deny: true } },
      teams: { [TEAM]: { providers: { xai: file("system-xai") } } },
    });
    // Stored before the policy came.
    const levels = [[], ["--level", "team", "--team-id", TEAM], ["--level", "organization"]];
    for (const provider of ["openai", "xai", "deepseek"]) {
      for (const level of levels) {
        const args = ["keys", "set", provider, "--key", "-", "--no-verify", ...level];
        await world.ok(args, { stdin: `self-made-${provider}-EXAMPLE` });
      }
    }
  }, 60_000);

  const tries: [name: string, env: () => Record<string, string>][] = [
    ["nothing", () => ({})],
    ["the vendor's variable", () => ({ OPENAI_API_KEY: "mine-EXAMPLE", XAI_API_KEY: "mine-EXAMPLE" })],
    [
      "an organisation variable",
      () => ({ GUM_CRED_ORG_OPENAI_API_KEY: "mine-EXAMPLE", GUM_CRED_ORG_XAI_API_KEY: "mine-EXAMPLE" }),
    ],
    [
      "an organisation file",
      () => ({
        GUM_CRED_ORG_OPENAI_API_KEY_FILE: own("mine", "mine-EXAMPLE"),
        GUM_CRED_ORG_XAI_API_KEY_FILE: own("mine", "mine-EXAMPLE"),
      }),
    ],
    [
      "a file that is not there",
      () => ({ GUM_CRED_ORG_OPENAI_API_KEY_FILE: "/nowhere", GUM_CRED_ORG_XAI_API_KEY_FILE: "/nowhere" }),
    ],
    [
      "a team variable",
      () => ({ GUM_CRED_TEAM_OPENAI_API_KEY: "mine-EXAMPLE", GUM_CRED_TEAM_XAI_API_KEY: "mine-EXAMPLE" }),
    ],
    [
      "a marker that fits",
      () => ({ OPENAI_API_KEY: "mine-EXAMPLE", GUM_CRED_EXPORTED: "OPENAI_API_KEY:000000000000" }),
    ],
    ["another keychain", () => ({ GUM_CRED_KEYCHAIN: "kwallet" })],
    ["no keychain", () => ({ DBUS_SESSION_BUS_ADDRESS: "", XDG_RUNTIME_DIR: "" })],
    ["a dead bus", () => ({ DBUS_SESSION_BUS_ADDRESS: "unix:path=/nowhere" })],
    ["another home", () => ({ HOME: "/", XDG_CONFIG_HOME: "/nowhere" })],
    [
      "a second policy with another source",
      () =>
        secondPolicy({
          providers: { openai: { source: { env: "MINE" } }, xai: { source: { env: "MINE" } } },
          teams: {
            [TEAM]: { providers: { openai: { source: { env: "MINE" } }, xai: { source: { env: "MINE" } } } },
          },
        }),
    ],
    [
      "a second policy that names the keychain",
      () =>
        secondPolicy({
          providers: { openai: { source: { keychain: true } }, xai: { source: { keychain: true } } },
        }),
    ],
  ];
  test.each(tries)("%s changes no key that it configures", async (_name, env) => {
    const more = { MINE: "mine-EXAMPLE", ...env() };
    for (const args of [
      ["get", "openai"],
      ["get", "openai", "--team-id", TEAM],
      ["get", "openai", "--level", "organization"],
      ["get", "openai", "--profile", "other"],
    ]) {
      expect([args, (await gum(args, more)).stdout]).toEqual([args, "system-openai-EXAMPLE\n"]);
    }
    const team = await gum(["get", "xai"], { ...more, GUMLOOP_TEAM_ID: TEAM });
    expect(team.stdout).toBe("system-xai-EXAMPLE\n");
    const denied = await gum(["get", "deepseek"], { ...more, DEEPSEEK_API_KEY: "mine-EXAMPLE" });
    expect([denied.code, denied.stdout]).toEqual([6, ""]);
  });

  const refused: [args: string[], stdin: string][] = [
    [["get", "openai", "--level", "personal"], ""],
    [["env", "openai", "--level", "personal"], ""],
    [["exec", "openai", "--level", "team", "--team-id", TEAM, "--", "true"], ""],
    [["get", "xai", "--level", "personal", "--team-id", TEAM], ""],
    [["keys", "set", "openai", "--key", "-", "--no-verify"], "mine-EXAMPLE"],
    [["keys", "set", "openai", "--key", "-", "--no-verify", "--level", "organization"], "mine-EXAMPLE"],
    [
      ["keys", "set", "openai", "--key", "-", "--no-verify", "--level", "team", "--team-id", TEAM],
      "mine-EXAMPLE",
    ],
    [
      ["keys", "set", "xai", "--key", "-", "--no-verify", "--level", "team", "--team-id", TEAM],
      "mine-EXAMPLE",
    ],
    [
      ["keys", "set", "xai", "--key", "-", "--no-verify", "--level", "organization", "--team-id", TEAM],
      "mine-EXAMPLE",
    ],
    [["keys", "set", "deepseek", "--key", "-", "--no-verify"], "mine-EXAMPLE"],
    [["keys", "rotate", "openai", "--key", "-", "--no-verify", "--level", "organization"], "mine-EXAMPLE"],
    [
      ["keys", "rotate", "xai", "--key", "-", "--no-verify", "--level", "team", "--team-id", TEAM],
      "mine-EXAMPLE",
    ],
    [["keys", "import", "-", "--no-verify", "--level", "organization"], "OPENAI_API_KEY=mine-EXAMPLE\n"],
    [
      ["keys", "import", "-", "--no-verify", "--level", "team", "--team-id", TEAM],
      "XAI_API_KEY=mine-EXAMPLE\n",
    ],
    [["keys", "verify", "deepseek"], ""],
    [["login", "--access-token", "-"], "mine-EXAMPLE"],
    [["env", "gumloop"], ""],
  ];
  test.each(refused)("%j is refused with 6", async (args, stdin) => {
    const before = JSON.stringify(await world.entries("gum-cred"));
    const exec = args[0] === "exec";
    expect([args, (await gum(args, {}, stdin)).code]).toEqual([args, exec ? 125 : 6]);
    expect(JSON.stringify(await world.entries("gum-cred"))).toBe(before);
  });

  test("a second policy may deny what the system's gives", async () => {
    const env = secondPolicy({ providers: { openai: { deny: true } } });
    expect((await gum(["get", "openai"], env)).code).toBe(6);
  });

  test("outside the rules everything is as without them", async () => {
    expect((await gum(["get", "xai"])).stdout).toBe("self-made-xai-EXAMPLE\n");
    const { stdout } = await gum(["get", "google"], { GUM_CRED_ORG_GEMINI_API_KEY: "mine-EXAMPLE" });
    expect(stdout).toBe("mine-EXAMPLE\n");
  });

  test("one that is broken, or that others can write, stops everything", async () => {
    for (const text of ["{", '{"version":1,"version":1}', '{"version":2}']) {
      const broken = underSystemPolicy(text);
      for (const args of [["get", "openai"], ["env"], ["login", "--access-token", "-"], ["keys", "list"]]) {
        const { code } = await world.run(args, {
          program: broken,
          stdin: "x",
          env: { OPENAI_API_KEY: "mine-EXAMPLE" },
        });
        expect([text, args, code]).toEqual([text, args, 7]);
      }
    }
  });

  test("explain names the places that it leaves out, in the order of the levels", async () => {
    const env = { GUM_CRED_TEAM_OPENAI_API_KEY: "mine-EXAMPLE" };
    const { stdout } = await gum(["explain", "openai", "--json", "--team-id", TEAM], env);
    const { candidates } = JSON.parse(stdout) as { candidates: Record<string, string>[] };
    const levels = candidates.map(({ level }) => level);
    expect([...new Set(levels)]).toEqual(["organization", "team", "personal"]);
    expect(candidates.filter(({ level }) => level === "team").map(({ state }) => state)).toEqual(
      Array(3).fill("blocked"),
    );
    expect(candidates).toContainEqual(
      expect.objectContaining({
        location: "GUM_CRED_TEAM_OPENAI_API_KEY",
        reason: "Acme Inc.'s policy decides on the openai key here",
      }),
    );
  });
});
