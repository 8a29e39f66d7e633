/** Vendors whose keys need more than the key: an endpoint, an API version, a region; and other names for vendors. */
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { useWorld } from "../support/world.ts";

const world = useWorld();
const KEY = "EXAMPLE0123456789abcdef012345678";
const BEDROCK = "ABSKEXAMPLEabcdefghijklmnopqrstuvwxyz0123456789";

const seen: { path: string; key: string | null; authorization: string | null }[] = [];
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch(request) {
    const { pathname, search } = new URL(request.url);
    const key = request.headers.get("api-key");
    const authorization = request.headers.get("authorization");
    seen.push({ path: pathname + search, key, authorization });
    if (pathname.endsWith("/openai/models")) {
      return key === KEY
        ? Response.json({ object: "list", data: [] })
        : Response.json({ error: { code: "401", message: "Access denied" } }, { status: 401 });
    }
    if (authorization === `Bearer ${BEDROCK}`) return Response.json({ modelSummaries: [] });
    const Message = "Authentication failed: Please make sure your API Key is valid.";
    return Response.json({ Message }, { status: 403 });
  },
});
const origin = server.url.origin;
afterAll(() => server.stop(true));
beforeEach(() => {
  seen.length = 0;
});

const json = async (args: readonly string[], env: Record<string, string> = {}) =>
  JSON.parse((await world.ok([...args, "--format", "json"], { env })).stdout);

describe("the environment's own", () => {
  test.each([
    [
      "azure-openai",
      { AZURE_OPENAI_API_KEY: KEY, AZURE_OPENAI_ENDPOINT: origin, OPENAI_API_VERSION: "2024-10-21" },
    ],
    ["amazon-bedrock", { AWS_BEARER_TOKEN_BEDROCK: BEDROCK, AWS_DEFAULT_REGION: "eu-west-1" }],
    ["amazon-bedrock", { AWS_BEARER_TOKEN_BEDROCK: BEDROCK }],
  ] as const)("%s: exported with the key as it is, and nothing marked", async (id, env) => {
    expect(await json(["env", id], env)).toEqual(env);
    expect(await json(["env"], env)).toEqual(env);
  });

  test("a value that makes no sense is left alone", async () => {
    const env = { AWS_BEARER_TOKEN_BEDROCK: BEDROCK, AWS_REGION: "no region; $(id)" };
    expect(await json(["env", "bedrock"], env)).toEqual({ AWS_BEARER_TOKEN_BEDROCK: BEDROCK });
  });
});

describe("a stored key", () => {
  test("keeps the settings it was stored with, exports them, and they go with it", async () => {
    const stored = await world.ok(
      ["keys", "set", "azure", "--key", "-", "--with", `endpoint=${origin},api-version=2024-10-21`, "--json"],
      { stdin: KEY },
    );
    expect(JSON.parse(stored.stdout)).toMatchObject({
      provider: "azure-openai",
      verdict: "valid",
      settings: { endpoint: origin, api_version: "2024-10-21" },
    });
    expect(seen).toEqual([{ path: "/openai/models?api-version=2024-10-21", key: KEY, authorization: null }]);
    const whole = {
      AZURE_OPENAI_API_KEY: KEY,
      AZURE_OPENAI_ENDPOINT: origin,
      OPENAI_API_VERSION: "2024-10-21",
    };
    // Another endpoint in the shell is not mixed in.
    const other = { AZURE_OPENAI_ENDPOINT: "https://other.openai.azure.com" };
    expect(await json(["env", "azure"], other)).toMatchObject(whole);
    expect((await world.ok(["keys", "verify", "azure"])).code).toBe(0);

    const shell = `set -eu; eval $(gum-cred env azure); eval $(gum-cred env azure)
      echo "$AZURE_OPENAI_ENDPOINT $OPENAI_API_VERSION"; eval $(gum-cred env --unset azure)
      echo "\${AZURE_OPENAI_ENDPOINT-gone} \${OPENAI_API_VERSION-gone}"`;
    expect((await world.sh(shell)).stdout).toBe(`${origin} 2024-10-21\ngone gone\n`);

    await world.ok(["keys", "remove", "azure"]);
    expect(Object.keys(await world.entries("gum-cred")).filter((name) => name.includes("azure"))).toEqual([]);
  });

  test("takes the settings of the environment it is stored in; a new key keeps them", async () => {
    const env = { AWS_REGION: "eu-central-1", AWS_ENDPOINT_URL_BEDROCK: origin };
    await world.ok(["keys", "set", "bedrock", "--key", "-"], { stdin: BEDROCK, env });
    expect(seen.map(({ path }) => path)).toEqual(["/foundation-models"]);
    const next = `${BEDROCK}2`;
    await world.ok(["keys", "rotate", "bedrock", "--key", "-", "--no-verify"], { stdin: next });
    const exported = await json(["env", "bedrock"]);
    expect(exported).toMatchObject({
      AWS_BEARER_TOKEN_BEDROCK: next,
      AWS_REGION: "eu-central-1",
      AWS_DEFAULT_REGION: "eu-central-1",
    });
    await world.ok(["keys", "remove", "bedrock"]);
  });

  test("is imported with the settings that stand beside it", async () => {
    const text = `AZURE_OPENAI_API_KEY=${KEY}\nAZURE_OPENAI_ENDPOINT=${origin}/\nOTHER=1\n`;
    const result = await world.ok(["keys", "import", "-"], { stdin: text });
    expect(result.stderr).toContain("one other variable is left alone");
    expect(await json(["env", "azure"])).toMatchObject({ AZURE_OPENAI_ENDPOINT: `${origin}/` });
    expect(seen.map(({ path }) => path)).toEqual(["/openai/models?api-version=2024-10-21"]);
    await world.ok(["keys", "remove", "azure"]);
  });

  test.each([
    ["azure", "region=eu-west-1", 2, "endpoint="],
    ["bedrock", "region=nowhere; id", 2, "us-east-1"],
    ["openai", "region=eu-west-1", 2, "no such setting"],
  ])("%s takes no --with %s", async (id, value, code, says) => {
    const result = await world.run(["keys", "set", id, "--key", "-", "--no-verify", "--with", value], {
      stdin: KEY,
    });
    expect([result.code, result.stderr]).toEqual([code, expect.stringContaining(says)]);
  });
});

test("where a vendor cannot be asked, the key is stored with a word about it", async () => {
  for (const id of ["perplexity", "azure"]) {
    const result = await world.ok(["keys", "set", id, "--key", "-"], { stdin: `pplx-${KEY}` });
    expect(result.stderr).toContain(id === "azure" ? "AZURE_OPENAI_ENDPOINT is not set" : "without cost");
    expect(result.stdout).toContain("unverifiable");
    const asked = await world.run(["keys", "verify", id]);
    expect([asked.code, asked.stderr]).toEqual([5, expect.stringContaining("E_UNVERIFIED")]);
    await world.ok(["keys", "remove", id]);
  }
  expect(seen).toEqual([]);
});

test.each([
  ["gemini", "google"],
  ["claude", "anthropic"],
  ["grok", "xai"],
  ["gpt", "openai"],
  ["azure", "azure-openai"],
  ["Bedrock", "amazon-bedrock"],
])("%s leads to %s in every command that takes a provider", async (name, id) => {
  const variable = JSON.parse((await world.ok(["providers", id, "--json"])).stdout).variables[0];
  const env = { [variable]: KEY };
  for (const args of [["get"], ["env"], ["header"], ["explain", "--json"], ["providers", "--json"]]) {
    const asked = await world.ok([...args, name], { env });
    expect([args, asked.stdout]).toEqual([args, (await world.ok([...args, id], { env })).stdout]);
  }
  const child = await world.ok(["exec", name, "--", "printenv", variable], { env });
  expect(child.stdout).toBe(`${KEY}\n`);
});
