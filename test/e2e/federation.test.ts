/** A workload's identity in place of a key: the built binary against stand-ins that check as the vendors do. */
import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { run } from "../support/binary.ts";
import { federationSource, SHAPES, startFederation } from "../support/federation.ts";
import { makeIssuer } from "../support/identity.ts";
import { writePolicy } from "../support/policy.ts";

const AUDIENCE = "acme-llm";
const PERSONAL = "sk-personal-EXAMPLE-weaker";
const WEAKER = { OPENAI_API_KEY: PERSONAL, ANTHROPIC_API_KEY: PERSONAL, OPENROUTER_API_KEY: PERSONAL };
const folder = mkdtempSync("/tmp/gum-cred-federation-");
const issuer = makeIssuer();
const vendors = startFederation(issuer, AUDIENCE);
afterEach(() => {
  vendors.answer = null;
});
afterAll(() => {
  vendors.stop();
  rmSync(folder, { recursive: true, force: true });
});

const JOB = { github_actions: { audience: AUDIENCE } };

async function gum(args: readonly string[], providers: object, env: object = vendors.job) {
  const policy = writePolicy(`${folder}/policy.json`, providers);
  const result = await run(args, { env: { ...policy, ...WEAKER, ...env } });
  expect(result.stderr).not.toContain("EXAMPLE");
  expect(result.stdout).not.toContain(PERSONAL);
  return result;
}

const get = (provider: string, token: object, env?: object, more: object = {}) =>
  gum(
    ["get", provider],
    { [provider]: { source: { ...federationSource(provider, vendors.origin, token), ...more } } },
    env,
  );

function identity(claims?: object): string {
  const path = `${folder}/identity`;
  writeFileSync(path, `${issuer.mint({ ...claims })}\n`);
  chmodSync(path, 0o600);
  return path;
}

describe.each(Object.keys(SHAPES))("%s", (provider) => {
  test("gives a token for an identity from GitHub Actions, a file, a command and a pod", async () => {
    for (const [token, env] of [
      [JOB, vendors.job],
      [{ file: identity() }, {}],
      [{ command: ["/bin/cat", identity()] }, {}],
      [{ kubernetes: { path: identity() } }, {}],
    ] as const) {
      if ("file" in token || "kubernetes" in token || "command" in token) identity();
      const { code, stdout } = await get(provider, token, env);
      expect({ code, stdout }).toEqual({ code: 0, stdout: `${vendors.issued.at(-1)}\n` });
    }
  });

  test("what is wrong with an identity is exit 3, and no other key takes its place", async () => {
    const past = Math.floor(Date.now() / 1000) - 600;
    for (const [claims, hint] of [
      [{ aud: "another" }, "audience another"],
      [{ exp: past }, "expired"],
      [{ nbf: past + 6000 }, "clock is behind"],
      [{ iss: "https://other.example" }, "issuer is https://other.example"],
      [{ jti: 7 }, "check the vendor's rule"],
    ] as const) {
      const result = await get(provider, { file: identity(claims) });
      expect(result).toMatchObject({ code: 3, stdout: "" });
      expect(result.stderr).toContain(hint);
    }
    const used = identity();
    expect((await get(provider, { file: used })).code).toBe(0);
    expect((await get(provider, { file: used })).stderr).toContain("replayed");
    writeFileSync(used, makeIssuer().mint());
    expect((await get(provider, { file: used })).code).toBe(3);
  });

  test.each<[name: string, answer: () => Response | Promise<Response>, code: number]>([
    ["400", () => Response.json({ error: "invalid_grant" }, { status: 400 }), 3],
    ["401", () => new Response("", { status: 401 }), 3],
    ["403", () => Response.json({ error: { message: "forbidden" } }, { status: 403 }), 3],
    ["429", () => new Response("", { status: 429 }), 5],
    ["500", () => new Response("", { status: 500 }), 5],
    ["529", () => new Response("", { status: 529 }), 5],
    ["redirect", () => new Response("", { status: 307, headers: { location: "https://127.0.0.1:1/" } }), 6],
    ["404", () => new Response("", { status: 404 }), 7],
    ["a web page", () => new Response("<html>", { headers: { "content-type": "text/html" } }), 7],
    ["no token", () => Response.json({ expires_in: 600 }), 7],
    ["an empty token", () => Response.json({ access_token: "" }), 7],
    ["a blank in it", () => Response.json({ access_token: "a b" }), 7],
    ["a line break in it", () => Response.json({ access_token: "a\nb" }), 7],
    ["another type", () => Response.json({ access_token: "x", token_type: "N_A" }), 7],
    ["type mac", () => Response.json({ access_token: "x", token_type: "mac", expires_in: 600 }), 7],
    ["silence", () => new Promise<Response>(() => {}), 5],
  ])("an exchange that ends with %s", async (_name, answer, code) => {
    vendors.answer = answer;
    const result = await get(provider, JOB, vendors.job, { timeout_ms: 1000 });
    expect(result).toMatchObject({ code, stdout: "" });
  });
});

test("an error that quotes the identity is shown without it", async () => {
  const result = await get("openai", { file: identity({ aud: "another" }) });
  expect(result.stderr).toContain("wrong audience: ***");
  expect(result.stderr).not.toMatch(/eyJ/);
});

test("an error that quotes a token beside it is shown without it, the vendor's and the identity service's", async () => {
  const token = "token-EXAMPLE-0123456789";
  const answer = () =>
    Response.json(
      { error: "denied", error_description: `was ${token}`, access_token: token },
      { status: 403 },
    );
  vendors.answer = answer;
  const refused = await get("openai", { file: identity() });
  expect([refused.code, refused.stderr]).toEqual([3, expect.stringContaining("denied: was ***")]);
  const body = { message: "no audience", value: token };
  const service = Bun.serve({ port: 0, fetch: () => Response.json(body, { status: 403 }) });
  const job = { ...vendors.job, ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${service.port}/?a=b` };
  const unsupplied = await get("openai", JOB, job);
  await service.stop(true);
  expect([unsupplied.code, unsupplied.stderr]).toEqual([3, expect.stringContaining("no audience")]);
  expect(refused.stderr + unsupplied.stderr).not.toContain("0123456789");
});

test("a supplier that has no token, or none that can be sent: exit 7; one that fails: 5", async () => {
  const url = vendors.job["ACTIONS_ID_TOKEN_REQUEST_URL"];
  const empty = `${folder}/empty`;
  writeFileSync(empty, "");
  const broken = `${folder}/broken`;
  writeFileSync(broken, "eyJ.EXAMPLE\u0001.x");
  const before = vendors.exchanges();
  const table: [token: object, env: object, code: number][] = [
    [JOB, {}, 7],
    [JOB, { ACTIONS_ID_TOKEN_REQUEST_URL: url }, 7],
    [JOB, { ...vendors.job, ACTIONS_ID_TOKEN_REQUEST_TOKEN: "wrong-EXAMPLE" }, 3],
    [JOB, { ...vendors.job, ACTIONS_ID_TOKEN_REQUEST_URL: "http://identity.example/?a=b" }, 6],
    [JOB, { ...vendors.job, ACTIONS_ID_TOKEN_REQUEST_URL: "http://127.0.0.1:1/?a=b" }, 5],
    [{ file: `${folder}/absent` }, {}, 7],
    [{ file: empty }, {}, 7],
    [{ file: broken }, {}, 7],
    [{ command: ["/bin/true"] }, {}, 7],
    [{ command: ["/bin/echo", "a b"] }, {}, 7],
    [{ command: ["/bin/false"] }, {}, 5],
    [{ command: ["/bin/sleep", "60"] }, {}, 5],
  ];
  for (const [token, env, code] of table) {
    expect({ token, ...(await get("openai", token, env, { timeout_ms: 1500 })) }).toMatchObject({
      token,
      code,
      stdout: "",
    });
  }
  expect(vendors.exchanges()).toBe(before);
});

test("without an audience the job asks for its default, and no variable of the user's changes where anything goes", async () => {
  const elsewhere = { OPENAI_BASE_URL: "http://127.0.0.1:1", ANTHROPIC_BASE_URL: "http://127.0.0.1:1" };
  expect((await get("openai", { github_actions: {} })).stderr).toContain("audience default");
  expect((await get("openai", JOB, { ...vendors.job, ...elsewhere })).code).toBe(0);
  expect((await get("anthropic", JOB, { ...vendors.job, ...elsewhere })).code).toBe(0);
});

test("a token goes out under the variable of a bearer", async () => {
  const providers = (vendor: string) => ({
    [vendor]: { source: federationSource(vendor, vendors.origin, JOB) },
  });
  const exported = async (vendor: string, env: object = {}) => {
    const text = await gum(["env", vendor, "--format", "json"], providers(vendor), {
      ...vendors.job,
      ...env,
    });
    return JSON.parse(text.stdout) as Record<string, string | null>;
  };
  expect(await exported("openai")).toMatchObject({ OPENAI_API_KEY: vendors.issued.at(-1) });
  expect(await exported("anthropic")).toMatchObject({
    ...{
      ANTHROPIC_AUTH_TOKEN: vendors.issued.at(-1),
      ANTHROPIC_CUSTOM_HEADERS: "anthropic-beta:oauth-2025-04-20",
    },
  });
  const own = await exported("anthropic", { ANTHROPIC_CUSTOM_HEADERS: "x-team: a" });
  expect(own).not.toHaveProperty("ANTHROPIC_CUSTOM_HEADERS");
  const shell = await gum(["env", "anthropic"], providers("anthropic"));
  expect(shell.stdout).toMatch(/unset [^;&]*ANTHROPIC_API_KEY/);
  const masked = await gum(
    ["exec", "anthropic", "--mask", "--", "sh", "-c", "echo $ANTHROPIC_AUTH_TOKEN $ANTHROPIC_CUSTOM_HEADERS"],
    providers("anthropic"),
  );
  expect(masked.stdout).toBe("*** anthropic-beta:oauth-2025-04-20\n");
  const headers = await gum(["header", "anthropic"], providers("anthropic"));
  expect(headers.stdout).toContain(`Authorization: Bearer ${vendors.issued.at(-1)}`);
  expect(headers.stdout).toContain("anthropic-beta: oauth-2025-04-20");
});

test("what was exported with a token goes when it is exported again without one", async () => {
  const providers = { anthropic: { source: federationSource("anthropic", vendors.origin, JOB) } };
  const first = JSON.parse((await gum(["env", "anthropic", "--format", "json"], providers)).stdout);
  const exported = Object.fromEntries(Object.entries(first).filter(([, value]) => value !== null)) as Record<
    string,
    string
  >;
  expect(Object.keys(exported).sort()).toEqual([
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_CUSTOM_HEADERS",
    "GUM_CRED_EXPIRES",
    "GUM_CRED_EXPORTED",
  ]);
  // The same shell later: the token is fetched anew, for what was exported is not the user's own.
  const again = await gum(["env", "anthropic", "--format", "json"], providers, {
    ...vendors.job,
    ...exported,
  });
  expect(JSON.parse(again.stdout)).toMatchObject({
    ...{
      ANTHROPIC_AUTH_TOKEN: vendors.issued.at(-1),
      ANTHROPIC_CUSTOM_HEADERS: "anthropic-beta:oauth-2025-04-20",
    },
  });
  const key = "sk-ant-api-EXAMPLE-own";
  const without = await run(["env", "anthropic"], { env: { ...exported, ANTHROPIC_API_KEY: key } });
  const gone = /unset ([^&;]*) &&/.exec(without.stdout)?.[1]?.split(" ");
  expect(gone).toContain("ANTHROPIC_AUTH_TOKEN");
  expect(gone).toContain("ANTHROPIC_CUSTOM_HEADERS");
  expect(gone).toContain("GUM_CRED_EXPIRES");
});

test("doctor knows a clock that is off, a wrong audience and an identity that is about to end", async () => {
  const check = async (claims: object): Promise<Record<string, string>> => {
    const source = federationSource("openai", vendors.origin, { file: identity(claims) });
    const { stdout } = await gum(["doctor", "--json"], { openai: { source } });
    const { checks } = JSON.parse(stdout) as { checks: Record<string, string>[] };
    return checks.find(({ name }) => name === "source_openai") ?? {};
  };
  const now = Math.floor(Date.now() / 1000);
  expect(await check({})).toMatchObject({ state: "ok" });
  expect(await check({ aud: "another" })).toMatchObject({
    state: "problem",
    hint: expect.stringContaining("audience another"),
  });
  expect(await check({ exp: now - 600 })).toMatchObject({
    state: "problem",
    hint: expect.stringContaining("expired"),
  });
  expect(await check({ exp: now + 20 })).toMatchObject({
    state: "warning",
    message: expect.stringContaining("ends in"),
  });
  vendors.answer = () =>
    new Response("", { status: 401, headers: { date: new Date(Date.now() - 600_000).toUTCString() } });
  expect(await check({})).toMatchObject({
    state: "problem",
    hint: expect.stringContaining("ahead of the vendor's"),
  });
});

test("explain and policy show name the source, and keys verify uses the token as its API does", async () => {
  const providers = { anthropic: { source: federationSource("anthropic", vendors.origin, JOB) } };
  const explained = JSON.parse((await gum(["explain", "anthropic", "--json"], providers)).stdout);
  expect(explained.winner).toMatchObject({ source: "federation", level: "organization" });
  expect((await gum(["policy", "show"], providers)).stdout).toContain("federation");
  const env = { ...vendors.job, ANTHROPIC_BASE_URL: vendors.origin };
  // An organisation's token goes to the vendor's own hosts, whatever a variable of the user's says.
  const verified = await gum(["keys", "verify", "anthropic"], providers, env);
  expect(verified.code).not.toBe(0);
  expect(verified.stdout).toContain("api.anthropic.com/v1/models");
  vendors.answer = () => new Response("", { status: 503 });
  const down = JSON.parse((await gum(["explain", "anthropic", "--json"], providers)).stdout);
  expect(down.candidates.filter((one: { source: string }) => one.source === "federation")).toMatchObject([
    { state: "unavailable" },
  ]);
});
