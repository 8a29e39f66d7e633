/** What is kept of a policy's sources: in a real keychain, bound to the policy, by the built binary. */
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { federationSource, startFederation } from "../support/federation.ts";
import { makeIssuer } from "../support/identity.ts";
import { writePolicy } from "../support/policy.ts";
import { useWorld } from "../support/world.ts";

const world = useWorld();
const AUDIENCE = "acme-llm";
const PERSONAL = "sk-personal-EXAMPLE-weaker";
const vendors = startFederation(makeIssuer(), AUDIENCE);
const JOB = { github_actions: { audience: AUDIENCE } };
let key = "";
let reads = 0;
let answer: (() => Response) | null = null;
const vault = Bun.serve({
  ...{ hostname: "127.0.0.1", port: 0 },
  fetch: () => {
    reads++;
    return answer?.() ?? Response.json({ data: { data: { key }, metadata: {} } });
  },
});
afterAll(() => {
  vendors.stop();
  vault.stop(true);
});
beforeEach(async () => {
  Object.assign(vendors, { answer: null, life: 600 });
  reads = 0;
  answer = null;
  key = `sk-vault-EXAMPLE-${Math.floor(Math.random() * 1e9)}`;
});

const fromVault = (more: object) => ({
  source: {
    vault: {
      ...{ address: `http://127.0.0.1:${vault.port}`, mount: "secret", path: "llm/openai", field: "key" },
      auth: { token_env: "ACME_TOKEN" },
    },
    ...more,
  },
});

async function get(providers: object, args: readonly string[] = ["get", "openai"]) {
  const policy = writePolicy(`${world.home}/policy.json`, providers);
  const env = { ...policy, ...vendors.job, OPENAI_API_KEY: PERSONAL, ACME_TOKEN: "s.EXAMPLE" };
  return world.run(args, { env });
}

const account = "source:organization:openai";
const kept = async () => (await world.entries("gum-cred"))[account];

describe("cache_s and stale_ok_s", () => {
  test("nothing is kept unless the policy says so", async () => {
    for (const _ of [1, 2]) expect((await get({ openai: fromVault({}) })).stdout).toBe(`${key}\n`);
    expect(reads).toBe(2);
    expect(await kept()).toBeUndefined();
  });

  test("a kept value is used without asking, and any change of the policy ends it", async () => {
    const cached = { openai: fromVault({ cache_s: 300 }) };
    for (const _ of [1, 2, 3]) expect((await get(cached)).stdout).toBe(`${key}\n`);
    expect(reads).toBe(1);
    expect(await kept()).toContain(key);
    const other = { ...cached, xai: { deny: true } };
    key = "sk-changed-EXAMPLE-1";
    expect((await get(other)).stdout).toBe(`${key}\n`);
    expect(reads).toBe(2);
    key = "sk-changed-EXAMPLE-2";
    expect((await get(cached)).stdout).toBe(`${key}\n`);
  });

  test("a change ends it also where the changed policy's own run fails, and the old file comes back", async () => {
    const cached = { openai: fromVault({ cache_s: 300 }) };
    await get(cached);
    answer = () => new Response("", { status: 503 });
    expect((await get({ openai: fromVault({ cache_s: 301 }) })).code).toBe(5);
    expect(await kept()).toBeUndefined();
    expect((await get(cached)).code).toBe(5);
    answer = null;
    expect((await get(cached)).stdout).toBe(`${key}\n`);
  });

  test("every profile and command uses the same kept value; other kinds of source are kept too", async () => {
    const cached = { openai: fromVault({ cache_s: 200 }) };
    expect((await get(cached, ["get", "openai", "--profile", "work"])).stdout).toBe(`${key}\n`);
    expect((await get(cached, ["env", "openai", "--format", "json"])).stdout).toContain(key);
    expect(reads).toBe(1);
    expect((await get(cached, ["refresh"])).code).toBe(3); // no session, and yet it ends what is kept
    expect((await get(cached)).stdout).toBe(`${key}\n`);
    expect(reads).toBe(2);
    const command = {
      openai: { source: { command: ["/bin/sh", "-c", `echo sk-EXAMPLE-$$`], cache_s: 100 } },
    };
    const first = (await get(command)).stdout;
    expect(first).toStartWith("sk-EXAMPLE-");
    expect((await get(command)).stdout).toBe(first);
  });

  test("it ends after cache_s", async () => {
    const cached = { openai: fromVault({ cache_s: 1 }) };
    await get(cached);
    await Bun.sleep(1100);
    key = "sk-rotated-EXAMPLE";
    expect((await get(cached)).stdout).toBe(`${key}\n`);
  });

  test("it stands in for a source that fails with 5, says so, and for no other failure", async () => {
    const rules = { openai: fromVault({ cache_s: 1, stale_ok_s: 3 }) };
    await get(rules);
    await Bun.sleep(1100);
    answer = () => new Response("", { status: 503 });
    const stale = await get(rules);
    expect(stale).toMatchObject({ code: 0, stdout: `${key}\n` });
    expect(stale.stderr).toMatch(/^gum-cred: warning: the organization key for openai \(vault\): /);
    for (const [status, code] of [
      [403, 3],
      [307, 6],
      [404, 7],
    ] as const) {
      answer = () => new Response("", { status });
      expect(await get(rules)).toMatchObject({ code, stdout: "" });
    }
    await Bun.sleep(3000);
    answer = () => new Response("", { status: 503 });
    expect(await get(rules)).toMatchObject({ code: 5, stdout: "" });
  });

  test("without cache_s the source is asked each time, and stale_ok_s still stands in", async () => {
    const rules = { openai: fromVault({ stale_ok_s: 60 }) };
    for (const _ of [1, 2]) await get(rules);
    expect(reads).toBe(2);
    answer = () => new Response("", { status: 500 });
    expect((await get(rules)).stdout).toBe(`${key}\n`);
  });
});

test("explain, status and keys list show the age, the source and until when", async () => {
  const cached = { openai: fromVault({ cache_s: 400 }) };
  await get(cached);
  reads = 0;
  const shown = { source: "vault", kept: { stale: false } };
  const explained = JSON.parse((await get(cached, ["explain", "openai", "--json"])).stdout);
  expect(explained.winner).toMatchObject(shown);
  expect(explained.winner.kept.age_s).toBeLessThan(60);
  expect(Date.parse(explained.winner.kept.until)).toBeGreaterThan(Date.now() + 300_000);
  const listed = JSON.parse((await get(cached, ["keys", "list", "--json"])).stdout);
  expect(
    listed.keys.find((one: { wins: boolean; provider: string }) => one.provider === "openai"),
  ).toMatchObject(shown);
  const status = JSON.parse((await get(cached, ["status", "--json"])).stdout);
  expect(status.providers.find((one: { id: string }) => one.id === "openai")).toMatchObject(shown);
  for (const args of [["explain", "openai"], ["keys", "list"], ["status"]]) {
    const { stdout } = await get(cached, args);
    // In columns of 80 characters together.
    expect(stdout).toMatch(/kept\s+\d+\s+s\s+ago,\s+used\s+until/);
    expect(stdout).toMatch(/\b20\d\d-\d\d-/);
  }
  expect(reads).toBe(0);
});

describe("a vendor's token", () => {
  const rules = (more: object = {}) => ({
    openai: { source: { ...federationSource("openai", vendors.origin, JOB), ...more } },
  });

  test("is exchanged once for all processes and profiles, and the supplier not asked again", async () => {
    const [exchanges, identities] = [vendors.exchanges(), vendors.identities()];
    const policy = writePolicy(`${world.home}/policy.json`, rules());
    const runs = await Promise.all(
      [...Array(12).keys()].map((index) =>
        world.run(["get", "openai", "--profile", `p${index % 3}`], { env: { ...policy, ...vendors.job } }),
      ),
    );
    for (const { code, stdout } of runs)
      expect({ code, stdout }).toEqual({ code: 0, stdout: `${vendors.issued.at(-1)}\n` });
    expect(vendors.exchanges() - exchanges).toBe(1);
    expect(vendors.identities() - identities).toBe(1);
    expect((await world.run(["get", "openai"], { env: policy })).stdout).toBe(`${vendors.issued.at(-1)}\n`);
  });

  test("is exchanged again shortly before it ends, and after any change of the policy", async () => {
    vendors.life = 4;
    const first = (await get(rules({ timeout_ms: 4000 }))).stdout;
    expect((await get(rules({ timeout_ms: 4000 }))).stdout).toBe(first);
    expect((await get(rules({ timeout_ms: 4001 }))).stdout).not.toBe(first);
    const second = (await get(rules({ timeout_ms: 4001 }))).stdout;
    await Bun.sleep(3200);
    expect((await get(rules({ timeout_ms: 4001 }))).stdout).not.toBe(second);
  });

  test("is not used again by a policy that comes back", async () => {
    const first = (await get(rules())).stdout;
    vendors.answer = () => new Response("", { status: 503 });
    expect((await get(rules({ timeout_ms: 4002 }))).code).toBe(5);
    vendors.answer = null;
    const second = await get(rules());
    expect([second.code, second.stdout === first]).toEqual([0, false]);
  });

  test.each([undefined, 0, -5, "600", null, 1e13, 1e16, 1e300, 2 ** 63])(
    "that lives for %p is not kept",
    async (expires_in) => {
      let count = 0;
      vendors.answer = () =>
        Response.json({ access_token: `token-EXAMPLE-${++count}`, token_type: "bearer", expires_in });
      const changed = rules({ timeout_ms: 3000 + String(expires_in).length });
      for (const run of [1, 2]) {
        expect(await get(changed)).toMatchObject({ code: 0, stdout: `token-EXAMPLE-${run}\n` });
      }
      expect(count).toBe(2);
    },
  );

  test("that has ended stands in for nobody, whatever stale_ok_s says", async () => {
    vendors.life = 1;
    const lasting = rules({ stale_ok_s: 3600 });
    await get(lasting);
    await Bun.sleep(1100);
    vendors.answer = () => new Response("", { status: 503 });
    expect(await get(lasting)).toMatchObject({ code: 5, stdout: "" });
  });

  test("is fetched each time where no keychain is, and where it is locked", async () => {
    const policy = writePolicy(`${world.home}/policy.json`, rules({ cache_s: 77 }));
    const before = vendors.exchanges();
    const env = {
      ...policy,
      ...vendors.job,
      DBUS_SESSION_BUS_ADDRESS: "",
      XDG_RUNTIME_DIR: `${world.home}/none`,
    };
    for (const _ of [1, 2]) expect((await world.run(["get", "openai"], { env })).code).toBe(0);
    expect(vendors.exchanges() - before).toBe(2);
    await world.keyring.lock();
    try {
      expect((await world.run(["get", "openai"], { env: { ...policy, ...vendors.job } })).code).toBe(0);
    } finally {
      await world.keyring.unlock();
    }
  });
});
