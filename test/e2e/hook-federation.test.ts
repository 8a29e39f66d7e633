/** `GUM_CRED_EXPIRES` beside a vendor's token that a policy federates: `hook` renews it in a shell that stays open. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { federationSource, startFederation } from "../support/federation.ts";
import { makeIssuer } from "../support/identity.ts";
import { writePolicy } from "../support/policy.ts";
import { storeSession } from "../support/stored-session.ts";
import { useWorld } from "../support/world.ts";

const world = useWorld();
const vendors = startFederation(makeIssuer(), "acme-llm");
const OPENAI = "sk-EXAMPLE-personal-0123456789";
const SESSION_S = 3600;
let env: Record<string, string> = {};
afterAll(() => vendors.stop());
beforeAll(async () => {
  const token = { github_actions: { audience: "acme-llm" } };
  const source = federationSource("anthropic", vendors.origin, token);
  env = { ...vendors.job, ...writePolicy(`${world.home}/policy.json`, { anthropic: { source } }) };
  const expiresAtMs = Date.now() + SESSION_S * 1000;
  const tokens = world.server.issueTokens({ expiresIn: SESSION_S });
  await storeSession(world, "default", { ...tokens, baseUrl: world.server.baseUrl, expiresAtMs });
  await world.ok(["keys", "set", "openai", "--key", "-", "--no-verify"], { stdin: OPENAI });
});

/** What the last of several `env` exports, each in the environment that those before it made. */
async function after(runs: readonly (readonly string[])[], start: Record<string, string> = {}) {
  let shell = start;
  let last: Record<string, string> = {};
  for (const args of runs) {
    const { stdout } = await world.ok(["env", ...args, "--format", "json"], { env: { ...env, ...shell } });
    last = JSON.parse(stdout);
    shell = { ...shell, ...last };
  }
  const left = Number(shell["GUM_CRED_EXPIRES"]) - Date.now() / 1000;
  return { last, shell, left };
}

const near = (left: number, seconds: number) => Math.abs(left - seconds) < 20;

describe("the expiry of the token that ends first", () => {
  test.each<[runs: readonly (readonly string[])[], seconds: number]>([
    [[["anthropic"]], 600],
    [[[]], 600],
    [[["gumloop"]], SESSION_S],
    [[["gumloop"], ["anthropic"]], 600],
    [[["anthropic"], ["gumloop"]], 600],
    [[["anthropic"], ["openai"]], 600],
    [[["anthropic"], ["--renew"]], 600],
    [[[], ["--renew"]], 600],
    [[["anthropic", "--level", "organization"]], 600],
  ])("after env %j: %d s", async (runs, seconds) => {
    await world.run(["refresh"], { env }); // so that the token is a new one
    expect(near((await after(runs)).left, seconds)).toBe(true);
  });

  test("there is none beside keys alone, and an earlier one goes", async () => {
    const past = { GUM_CRED_EXPIRES: "1" };
    expect((await after([["openai"]])).last["GUM_CRED_EXPIRES"]).toBeUndefined();
    const { stdout } = await world.ok(["env", "openai"], { env: { ...env, ...past } });
    expect(stdout).toContain("GUM_CRED_EXPIRES");
    expect(stdout).not.toContain("export GUM_CRED_EXPIRES");
    expect(near((await after([["anthropic"]], past)).left, 600)).toBe(true);
  });

  test("it is no secret and not marked, and goes with the last token", async () => {
    const { shell } = await after([["anthropic"]]);
    expect(shell["GUM_CRED_EXPORTED"]).toMatch(/^ANTHROPIC_AUTH_TOKEN:\w+,ANTHROPIC_CUSTOM_HEADERS:\w+$/);
    const unset = async (names: readonly string[], from: Record<string, string>) =>
      (await world.ok(["env", ...names, "--unset"], { env: { ...env, ...from } })).stdout;
    expect(await unset(["anthropic"], shell)).toContain("GUM_CRED_EXPIRES");
    const both = (await after([["anthropic"], ["gumloop"]])).shell;
    expect(await unset(["gumloop"], both)).not.toContain("GUM_CRED_EXPIRES");
    expect(await unset([], both)).toContain("GUM_CRED_EXPIRES");
  });

  test("exec hands it on", async () => {
    const { stdout } = await world.ok(["exec", "anthropic", "--", "printenv", "GUM_CRED_EXPIRES"], { env });
    expect(near(Number(stdout) - Date.now() / 1000, 600)).toBe(true);
  });
});

describe("env --renew", () => {
  test("adds nothing to what was exported", async () => {
    const { last } = await after([["anthropic"], ["--renew"]]);
    expect(Object.keys(last).sort()).toEqual([
      ...["ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_CUSTOM_HEADERS", "GUM_CRED_EXPIRES", "GUM_CRED_EXPORTED"],
    ]);
  });

  test.each<[runs: readonly (readonly string[])[]]>([
    [[["anthropic", "--level", "organization"]]],
    [[["anthropic"], ["openai"]]],
    [[[], ["openai", "--profile", "default"]]],
  ])("after %j has a new token and no other key", async (runs) => {
    const { shell } = await after(runs);
    vendors.life = 900;
    await world.ok(["refresh"], { env }); // nothing kept is good any more
    const { last, left } = await after([["--renew"]], shell);
    vendors.life = 600;
    expect(near(left, 900)).toBe(true);
    expect([last["ANTHROPIC_AUTH_TOKEN"] !== shell["ANTHROPIC_AUTH_TOKEN"], last["OPENAI_API_KEY"]]).toEqual([
      true,
      undefined,
    ]);
  });
});

test.each(["bash", "zsh"])(
  "a shell of %s that stays open gets a new token before the old one ends",
  async (name) => {
    await world.run(["refresh"], { env });
    vendors.life = 4;
    const before = vendors.issued.length;
    try {
      const script = [
        `eval "$(gum-cred hook ${name})"; eval $(gum-cred env anthropic)`,
        `_gum_cred_hook; echo "$ANTHROPIC_AUTH_TOKEN"`,
        `sleep 3.2; _gum_cred_next=1; _gum_cred_hook; echo "$ANTHROPIC_AUTH_TOKEN"`,
        `echo "<\${GUMLOOP_ACCESS_TOKEN-}>"`,
      ].join("\n");
      const options = name === "bash" ? ["--norc", "-uc"] : ["-fuc"];
      const { stdout, stderr } = await world.sh(script, { shell: [name, ...options], env });
      const [first, second] = vendors.issued.slice(before);
      expect([stdout.split("\n"), stderr]).toEqual([[first, second, "<>", ""] as string[], ""]);
    } finally {
      vendors.life = 600;
    }
  },
);
