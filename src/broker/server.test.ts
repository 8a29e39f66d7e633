/** The broker's server against a stand-in vendor: who may ask, what arrives upstream, how far it goes. */
import { afterAll, describe, expect, test } from "bun:test";
import { KEY, NO_LIMITS, raw, settled, TOKEN, useBroker } from "../../test/support/broker.ts";
import { startVendorUpstream } from "../../test/support/vendor-upstream.ts";
import { secret } from "../core/secret.ts";
import { createLimits, type LimitSettings } from "./limits.ts";
import type { Injection } from "./route.ts";

const { upstream, route, start } = useBroker();

describe("who may ask", () => {
  const cases: readonly [string, string, Record<string, string>, number][] = [
    ["the token as a bearer", "/openai/v1/x", { authorization: `Bearer ${TOKEN}` }, 200],
    ["any case of the scheme", "/openai/v1/x", { authorization: `bearer ${TOKEN}` }, 200],
    ["no token", "/openai/v1/x", {}, 401],
    ["a wrong token", "/openai/v1/x", { authorization: `Bearer ${TOKEN}x` }, 401],
    ["the real key", "/openai/v1/x", { authorization: `Bearer ${KEY}` }, 401],
    ["the token in another vendor's place", "/openai/v1/x", { "x-api-key": TOKEN }, 401],
    ["the token in the query", `/openai/v1/x?key=${TOKEN}`, {}, 401],
    ["x-api-key at Anthropic", "/anthropic/v1/messages", { "x-api-key": TOKEN }, 200],
    ["a bearer at Anthropic", "/anthropic/v1/messages", { authorization: `Bearer ${TOKEN}` }, 200],
    ["x-goog-api-key at Google", "/google/v1beta/models", { "x-goog-api-key": TOKEN }, 200],
    ["the query at Google", `/google/v1beta/models?key=${TOKEN}&a=b`, {}, 200],
    ["a bearer at Google", "/google/v1beta/models", { authorization: `Bearer ${TOKEN}` }, 401],
    [
      "a bearer at Google's OpenAI endpoint",
      "/google/v1beta/openai/chat/completions",
      { authorization: `Bearer ${TOKEN}` },
      200,
    ],
    ["another Host", "/openai/v1/x", { authorization: `Bearer ${TOKEN}`, host: "evil.example" }, 401],
    ["localhost as Host", "/openai/v1/x", { authorization: `Bearer ${TOKEN}`, host: "localhost:PORT" }, 401],
    [
      "a foreign Origin",
      "/openai/v1/x",
      { authorization: `Bearer ${TOKEN}`, origin: "https://evil.example" },
      401,
    ],
    ["an opaque Origin", "/openai/v1/x", { authorization: `Bearer ${TOKEN}`, origin: "null" }, 401],
    [
      "its own Origin",
      "/openai/v1/x",
      { authorization: `Bearer ${TOKEN}`, origin: "http://127.0.0.1:PORT" },
      200,
    ],
    ["no such route", "/mistral/v1/x", { authorization: `Bearer ${TOKEN}` }, 401],
    ["the root", "/", { authorization: `Bearer ${TOKEN}` }, 401],
  ];
  const { broker } = start([route("openai"), route("anthropic"), route("google")]);
  const port = new URL(broker.origin ?? "").port;

  test.each(cases)("%s", async (_what, path, given, status) => {
    const headers = Object.entries({ host: "127.0.0.1:PORT", ...given }).map(
      ([name, value]) => `${name}: ${value.replace("PORT", port)}`,
    );
    const answer = await raw(Number(port), `GET ${path} HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n`);
    expect(answer).toStartWith(`HTTP/1.1 ${status} `);
    expect(upstream.arrived().length).toBe(status === 200 ? 1 : 0);
    expect(answer).not.toContain("EXAMPLE");
  });

  test.each([
    "CONNECT api.openai.com:443 HTTP/1.1\r\nHost: api.openai.com:443\r\n\r\n",
    `CONNECT / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`,
    `CONNECT :0 HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`,
    `TRACE /openai/v1/x HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`,
    `OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`,
    `GET /%ff%fe HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`,
    `GET /openai/v1/x HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nHost: evil\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`,
  ])("%j is refused and nothing ends", async (text) => {
    expect(await raw(Number(port), text)).toMatch(/^HTTP\/1\.1 4/);
    expect(upstream.arrived()).toEqual([]);
    expect((await fetch(`${broker.origin}/healthz`)).status).toBe(200);
  });

  test("a process of another uid", async () => {
    const other = start([route("openai")], { uid: 64_999 });
    expect((await other.ask("/openai/v1/x")).status).toBe(process.platform === "linux" ? 401 : 200);
  });
});

describe("what arrives upstream", () => {
  test.each([
    ["openai", "/openai/v1/x", { authorization: `Bearer ${KEY}` }],
    ["anthropic", "/anthropic/messages", { "x-api-key": KEY, "anthropic-version": "2023-06-01" }],
  ])("%s: the real key and none of the client's", async (name, path, wanted) => {
    const { ask } = start([route(name)]);
    const sent = {
      cookie: "a=b",
      "x-goog-api-key": "mine",
      "x-http-method-override": "DELETE",
      "x-original-url": "/v1/files",
      "x-auth-key": "me",
      "openai-organization": "org",
      "helicone-auth": "Bearer other",
      "x-forwarded-authorization": "Bearer other",
      "x-copy": `of ${TOKEN}`,
      "idempotency-key": "1",
    };
    await ask(`${path}?token=other&page=2`, { headers: sent });
    const headers = upstream.arrived()[0]?.headers ?? {};
    expect(headers).toMatchObject({
      ...wanted,
      "openai-organization": "org",
      "idempotency-key": "1",
      host: `127.0.0.1:${upstream.port}`,
    });
    expect(JSON.stringify(headers)).not.toContain(TOKEN);
    const kept = ["openai-organization", "idempotency-key"];
    for (const gone of Object.keys(sent).filter((each) => !kept.includes(each)))
      expect(headers[gone]).toBeUndefined();
    expect(upstream.arrived()[0]?.path).toEndWith("?page=2");
  });

  test("Google: the query loses the token, its OpenAI endpoint gets a bearer", async () => {
    const { broker } = start([route("google")]);
    await fetch(`${broker.origin}/google/models?alt=sse&key=${TOKEN}&pageSize=1`);
    await fetch(`${broker.origin}/google/v1beta/openai/chat/completions`, {
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    const [first, second] = upstream.arrived();
    expect(first).toMatchObject({
      path: "/v1beta/models?alt=sse&pageSize=1",
      headers: { "x-goog-api-key": KEY },
    });
    expect(second?.headers).toMatchObject({ authorization: `Bearer ${KEY}` });
    expect(second?.headers["x-goog-api-key"]).toBeUndefined();
  });

  test("the client's own version header stays", async () => {
    const { ask } = start([route("anthropic")]);
    await ask("/anthropic/v1/messages", { headers: { "anthropic-version": "2030-01-01" } });
    expect(upstream.arrived()[0]?.headers["anthropic-version"]).toBe("2030-01-01");
  });

  test("method, body, length and encoding are the client's", async () => {
    const { ask } = start([route("openai")]);
    for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
      const response = await ask("/openai/v1/files?a=%20b", { method, body: "{}" });
      await response.text();
    }
    for (const [index, method] of ["POST", "PUT", "PATCH", "DELETE"].entries()) {
      const entry = upstream.arrived()[index];
      expect(entry).toMatchObject({ method, path: "/v1/files?a=%20b", body: "{}" });
      expect(entry?.headers["content-length"]).toBe("2");
      expect(entry?.headers["transfer-encoding"]).toBeUndefined();
    }
  });
});

describe("limits", () => {
  const limited = (settings: Partial<LimitSettings>, name = "openai") =>
    start([route(name)], { limits: createLimits({ ...NO_LIMITS, ...settings }) });

  test.each([
    ["openai", 400, "error.code", "gum_cred_refused"],
    ["google", 400, "error.status", "FAILED_PRECONDITION"],
    ["anthropic", 403, "error.type", "permission_error"],
    ["xai", 400, "code", "invalid-argument"],
    ["gumloop", 400, "error.type", "invalid_request_error"],
  ])("%s refuses with %d", async (name, status, path, value) => {
    const { broker, entries } = limited({ maxRequests: 1 }, name);
    const headers = {
      authorization: `Bearer ${TOKEN}`,
      ...(name === "google" ? { "x-goog-api-key": TOKEN } : {}),
    };
    await (await fetch(`${broker.origin}/${name}/v1/x`, { headers })).text();
    const refused = await fetch(`${broker.origin}/${name}/v1/x`, { headers });
    expect(refused.status).toBe(status);
    expect(refused.headers.get("x-should-retry")).toBe("false");
    const body: unknown = await refused.json();
    expect(path.split(".").reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], body)).toBe(
      value,
    );
    expect(JSON.stringify(body)).toContain("gum-cred");
    expect(upstream.arrived().length).toBe(1);
    await settled(entries, 2);
    expect(entries.map(({ refused }) => refused)).toEqual([undefined, "limit: requests"]);
  });

  test("tokens, once an answer has reported them", async () => {
    const { ask, entries } = limited({ maxTokens: 18 });
    await (await ask("/openai/v1/x")).text();
    await settled(entries);
    expect((await ask("/openai/v1/x")).status).toBe(400);
  });

  test("time", async () => {
    const { ask } = limited({ forMs: 30 });
    await (await ask("/openai/v1/x")).text();
    await Bun.sleep(40);
    expect((await ask("/openai/v1/x")).status).toBe(400);
  });

  test("an organisation's own rules", async () => {
    const { ask } = start([route("openai", { allow: [["POST /v1/responses"]] })]);
    expect((await ask("/openai/v1/models")).status).toBe(400);
    expect((await ask("/openai/responses", { method: "POST", body: "{}" })).status).toBe(200);
  });
});

describe("renewing after a 401", () => {
  const renewing = startVendorUpstream(({ headers }) =>
    headers["authorization"] === "Bearer fresh-EXAMPLE" ? undefined : new Response("{}", { status: 401 }),
  );
  afterAll(() => renewing.stop());

  test("the request is sent again, with its body", async () => {
    let current = "stale-EXAMPLE";
    let renewals = 0;
    const injection = (): Injection => ({
      value: secret(current),
      headers: [{ name: "Authorization", value: secret(`Bearer ${current}`) }],
    });
    const { ask } = start([
      route("gumloop", {
        upstream: renewing.url,
        renewable: true,
        credential: async () => injection(),
        renew: async () => {
          renewals += 1;
          current = "fresh-EXAMPLE";
          return injection();
        },
      }),
    ]);
    const response = await ask("/gumloop/x", { method: "POST", body: "the body" });
    expect(response.status).toBe(200);
    expect(renewing.arrived().map(({ body }) => body)).toEqual(["the body", "the body"]);
    expect(renewals).toBe(1);
  });
});
