/** The broker's server against a stand-in vendor: who may ask, what arrives upstream, what comes back. */
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { startVendorUpstream } from "../../test/support/vendor-upstream.ts";
import { fail } from "../core/errors.ts";
import { type Secret, secret } from "../core/secret.ts";
import { placeholderOf } from "./admission.ts";
import { createLimits, type LimitSettings } from "./limits.ts";
import type { Log, LogEntry } from "./log.ts";
import type { Injection, Route } from "./route.ts";
import { type Broker, type BrokerParts, startBroker } from "./server.ts";
import { traitsOf } from "./traits.ts";

const KEY = "sk-EXAMPLE-real-key-0123456789";
const TOKEN = "gum-cred-placeholder-of-a-test";
const upstream = startVendorUpstream();
const NO_LIMITS: LimitSettings = { allow: [], maxRequests: null, maxTokens: null, forMs: null };
const brokers: Broker[] = [];

afterAll(async () => {
  for (const broker of brokers) await broker.stop();
  await upstream.stop();
});
beforeEach(() => upstream.forget());

const STYLES: Readonly<Record<string, (key: Secret) => Injection>> = {
  openai: (value) => ({ value, headers: [{ name: "Authorization", value: secret(`Bearer ${KEY}`) }] }),
  anthropic: (value) => ({
    value,
    headers: [
      { name: "x-api-key", value },
      { name: "anthropic-version", value: secret("2023-06-01") },
    ],
  }),
  google: (value) => ({ value, headers: [{ name: "x-goog-api-key", value }] }),
};

function route(name: string, extra: Partial<Route> = {}): Route {
  const style = STYLES[name] ?? STYLES["openai"];
  return {
    name,
    provider: name,
    level: "personal",
    upstream: upstream.url,
    traits: traitsOf(name, []),
    places: [],
    allow: [],
    renewable: false,
    credential: async () => style?.(secret(KEY)) ?? { value: secret(KEY), headers: [] },
    renew: async () => null,
    ...extra,
  };
}

function start(
  routes: readonly Route[],
  extra: Partial<BrokerParts> & { limits?: BrokerParts["limits"] } = {},
) {
  const entries: LogEntry[] = [];
  const log: Log = { add: (entry) => entries.push(entry), summary: () => "", close: () => {} };
  const broker = startBroker({
    routes,
    placeholder: placeholderOf(TOKEN),
    secrets: [secret(KEY)],
    limits: createLimits(NO_LIMITS),
    log,
    run: "test",
    listen: { port: 0 },
    uid: process.getuid?.() ?? null,
    ...extra,
  });
  brokers.push(broker);
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`${broker.origin}${path}`, {
      redirect: "manual",
      ...init,
      headers: { authorization: `Bearer ${TOKEN}`, ...(init.headers as Record<string, string>) },
    });
  return { broker, entries, ask };
}

async function settled(entries: readonly LogEntry[], count = 1): Promise<void> {
  for (let round = 0; entries.length < count && round < 100; round++) await Bun.sleep(5);
  expect(entries.length).toBe(count);
}

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

function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    socket.on("data", (data) => {
      answer += data.toString("latin1");
      setTimeout(() => socket.destroy(), 20);
    });
    socket.on("close", () => resolve(answer));
    socket.on("error", () => resolve(answer));
  });
}

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

describe("what comes back", () => {
  test("redirects, unfollowed", async () => {
    const { ask } = start([route("openai")]);
    const response = await ask("/openai/v1/redirect");
    expect(response.status).toBe(302);
    expect(response.headers.get("location")).toBe("http://127.0.0.1:9/");
    expect(upstream.arrived().length).toBe(1);
  });

  test.each(["gzip", "br"])("%s, byte for byte, and its tokens are read", async (encoding) => {
    const { ask, entries } = start([route("openai")]);
    const options = { decompress: false } as RequestInit;
    const direct = await (await fetch(`${upstream.url}/v1/${encoding}`, options)).bytes();
    const brokered = await ask(`/openai/v1/${encoding}`, options);
    expect(brokered.headers.get("content-encoding")).toBe(encoding);
    expect(await brokered.bytes()).toEqual(direct);
    await settled(entries);
    expect(entries[0]).toMatchObject({ model: "stand-in-1", tokens_in: 11, tokens_out: 7 });
  });

  test("events as they come", async () => {
    const { ask, entries } = start([route("openai")]);
    const late: number[] = [];
    const response = await ask("/openai/v1/events");
    for await (const chunk of response.body ?? []) {
      const now = performance.timeOrigin + performance.now();
      const at = /"at":([\d.]+)/.exec(new TextDecoder().decode(chunk))?.[1];
      if (at) late.push(now - Number(at));
    }
    expect(late.length).toBe(5);
    expect(late.sort((a, b) => a - b)[2]).toBeLessThan(5);
    await settled(entries);
    expect(entries[0]).toMatchObject({ status: 200, tokens_in: 5, tokens_out: 6 });
  });

  test("an error that quotes the key comes without it", async () => {
    const { ask } = start([route("openai")]);
    const response = await ask("/openai/v1/echo-error");
    expect(response.status).toBe(400);
    const text = await response.text();
    expect(text).toContain("Bearer ***");
    expect(text).not.toContain("EXAMPLE");
  });

  describe("what quotes the key", () => {
    const echo = startVendorUpstream(({ path, headers }) => {
      const sent = headers["authorization"] ?? "";
      const head = new Headers({
        "content-type": "text/plain",
        "content-encoding": decodeURIComponent(path.split("/").at(-1) ?? ""),
        "www-authenticate": `Bearer error="invalid_token", error_description="${sent}"`,
        "x-echo": `sent ${btoa(sent)}`,
        "x-other": "caf\u00e9",
      });
      head.append("set-cookie", `a=${KEY}; Path=/`);
      head.append("set-cookie", "b=2");
      const status = path.startsWith("/v1/well/") ? 200 : 401;
      return new Response(`sent ${sent}`, { status, statusText: `no ${KEY}`, headers: head });
    });
    afterAll(() => echo.stop());
    const { ask } = start([route("openai", { upstream: echo.url })]);

    test.each(["identity", " Identity", "identity, identity"])(
      "in a body of the encoding %j, and in the headers",
      async (encoding) => {
        const response = await ask(`/openai/v1/ill/${encodeURIComponent(encoding)}`);
        expect(await response.text()).toBe("sent Bearer ***");
        expect(response.headers.get("www-authenticate")).toContain('description="Bearer ***"');
        expect(response.headers.getSetCookie()).toEqual(["a=***; Path=/", "b=2"]);
        expect(response.headers.get("x-other")).toBe("caf\u00e9");
        const head = JSON.stringify([...response.headers, response.statusText]);
        for (const form of [KEY, btoa(KEY).slice(0, 20), btoa(`Bearer ${KEY}`).slice(12)])
          expect(head).not.toContain(form);
      },
    );

    test("in the headers of an answer that is no error", async () => {
      const response = await ask("/openai/v1/well/identity");
      expect(response.status).toBe(200);
      expect(JSON.stringify([...response.headers])).not.toContain("EXAMPLE");
    });
  });

  test("HEAD has the length and no body", async () => {
    const { ask } = start([route("openai")]);
    const response = await ask("/openai/v1/x", { method: "HEAD" });
    expect(response.status).toBe(200);
    expect(Number(response.headers.get("content-length"))).toBeGreaterThan(0);
  });

  test.each([
    ["openai", { error: { type: "server_error", code: null } }],
    ["anthropic", { type: "error", error: { type: "api_error" } }],
    ["google", { error: { code: 502, status: "UNAVAILABLE" } }],
    ["xai", { code: "unavailable" }],
    ["gumloop", { error: { code: "upstream_unavailable", type: "api_error" } }],
  ])(
    "%s: what is down is 502 in the vendor's shape, and trying again is the client's business",
    async (name, body) => {
      const gone = { upstream: "http://127.0.0.1:9" };
      const sealed = { credential: () => Promise.reject(fail("E_SOURCE_FAILED", "the store is sealed")) };
      const locked = {
        credential: () => Promise.reject(fail("E_KEYCHAIN_LOCKED", "the keychain is locked")),
      };
      for (const down of [gone, sealed, locked]) {
        const { ask } = start([route(name, down)]);
        const headers = name === "google" ? { "x-goog-api-key": TOKEN } : {};
        const response = await ask(`/${name}/v1/messages`, { headers });
        expect(response.status).toBe(502);
        expect(response.headers.get("x-should-retry")).toBeNull();
        const text = await response.text();
        expect(JSON.parse(text)).toMatchObject(body);
        expect(text).not.toMatch(/refused|invalid/);
      }
    },
  );

  test("a source that refuses is a refusal", async () => {
    const { ask } = start([
      route("openai", { credential: () => Promise.reject(fail("E_SOURCE_REJECTED", "no such role")) }),
    ]);
    const response = await ask("/openai/v1/x");
    expect([response.status, response.headers.get("x-should-retry")]).toEqual([400, "false"]);
  });

  test("a client that goes away ends the request upstream", async () => {
    const { ask, entries } = start([route("openai")]);
    const controller = new AbortController();
    const response = await ask("/openai/v1/zeros100000", { signal: controller.signal });
    await response.body?.getReader().read();
    controller.abort();
    const before = performance.now();
    while (upstream.abandoned() === 0 && performance.now() - before < 1_000) await Bun.sleep(5);
    expect(performance.now() - before).toBeLessThan(200);
    await settled(entries);
  });
});

describe("what upstream does to a stream", () => {
  const encoder = new TextEncoder();
  const odd = startVendorUpstream(({ path }) => {
    if (path.endsWith("/hang")) return new Promise<Response>(() => {});
    if (!path.endsWith("/cut")) return undefined;
    let sent = false;
    return new Response(
      new ReadableStream({
        pull: async (controller) => {
          if (sent) return controller.error(new Error("cut off"));
          sent = true;
          controller.enqueue(encoder.encode("data: 1\n\n"));
          await Bun.sleep(20);
        },
      }),
      { headers: { "content-type": "text/event-stream" } },
    );
  });
  afterAll(() => odd.stop());

  test("an answer that is cut off is no clean end", async () => {
    const { ask, entries } = start([route("openai", { upstream: odd.url })]);
    const response = await ask("/openai/v1/cut");
    await expect(response.text()).rejects.toThrow();
    await settled(entries);
  });

  test("a client that goes away while the vendor thinks ends the request there", async () => {
    const { ask, entries } = start([route("openai", { upstream: odd.url })]);
    const controller = new AbortController();
    const asked = ask("/openai/v1/hang", { method: "POST", body: "{}", signal: controller.signal });
    asked.catch(() => {});
    while (odd.arrived().length < 2) await Bun.sleep(5);
    controller.abort();
    const before = performance.now();
    while (odd.abandoned() === 0 && performance.now() - before < 1_000) await Bun.sleep(5);
    expect(performance.now() - before).toBeLessThan(200);
    await settled(entries);
  });
});

describe("the log", () => {
  const encoded = (text: string) => [...text].map((each) => `%${each.charCodeAt(0).toString(16)}`).join("");

  test.each([
    ["the key", `/openai/v1/${KEY}/x`, "/openai/v1/***/x"],
    ["the placeholder", `/openai/v1/${TOKEN}`, "/openai/v1/***"],
    ["a part that is encoded", `/openai/${KEY.replace("-", "%2d").replace("E", "%45")}`, "/openai/***"],
    ["twice encoded", `/openai/${encoded(KEY).replaceAll("%", "%25")}%20b`, "/openai/***%20b"],
    ["base64", `/openai/${btoa(KEY)}`, "/openai/***"],
    ["a path without", "/openai/a%2fb%ff%C3%A9", "/openai/a%2fb%ff%C3%A9"],
  ])("%s in a path, refused or not", async (_what, path, wanted) => {
    const { ask, entries } = start([route("openai")]);
    await (await ask(path)).text();
    await (await ask(path, { headers: { authorization: "Bearer none" } })).text();
    await settled(entries, 2);
    expect(entries.map((entry) => entry.path)).toEqual([wanted, wanted]);
    expect(JSON.stringify(entries)).not.toMatch(/EXAMPLE|placeholder-of/);
  });

  test("a key that was renewed", async () => {
    const key = secret("sk-renewed-EXAMPLE-987654");
    const renewed: Injection = { value: key, headers: [{ name: "x", value: key }] };
    for (const upstreamUrl of [upstream.url, "http://127.0.0.1:9"]) {
      const { ask, entries } = start([
        route("openai", { upstream: upstreamUrl, credential: async () => renewed }),
      ]);
      await (await ask("/openai/v1/sk-renewed-EXAMPLE-987654")).text();
      await settled(entries);
      expect(entries[0]?.path).toBe("/openai/v1/***");
    }
  });

  test("a model that an answer names", async () => {
    const quoting = startVendorUpstream(() => Response.json({ model: `of ${KEY}` }));
    const { ask, entries } = start([route("openai", { upstream: quoting.url })]);
    await (await ask("/openai/v1/x")).text();
    await settled(entries);
    expect(entries[0]?.model).toBe("of ***");
    await quoting.stop();
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

describe("WebSockets", () => {
  const open = (url: string) =>
    new Promise<WebSocket | null>((resolve) => {
      const options = { headers: { authorization: `Bearer ${TOKEN}` } };
      const socket = new WebSocket(url, options as unknown as string[]);
      socket.onopen = () => resolve(socket);
      socket.onerror = () => resolve(null);
    });

  test("are relayed both ways and counted", async () => {
    const { broker, entries } = start([route("openai")]);
    const socket = await open(`${broker.origin?.replace("http", "ws")}/openai/v1/realtime?model=x`);
    const got: string[] = [];
    const echoed = new Promise<void>((resolve) => {
      if (socket) {
        socket.onmessage = ({ data }) => {
          got.push(String(data));
          if (got.length === 3) resolve();
        };
      }
    });
    socket?.send("hello");
    socket?.send("usage");
    await echoed;
    expect(got.slice(0, 2)).toEqual(["hello", "usage"]);
    expect(upstream.arrived()[0]?.headers["authorization"]).toBe(`Bearer ${KEY}`);
    socket?.close();
    await settled(entries);
    expect(entries[0]).toMatchObject({ status: 101, tokens_in: 3, tokens_out: 4 });
  });

  describe("are closed", () => {
    const closed = (socket: WebSocket | null) =>
      new Promise<{ code: number; reason: string }>((resolve) => {
        if (socket) socket.onclose = ({ code, reason }) => resolve({ code, reason });
      });
    const limited = async (settings: Partial<LimitSettings>) => {
      const started = start([route("openai")], { limits: createLimits({ ...NO_LIMITS, ...settings }) });
      const url = `${started.broker.origin?.replace("http", "ws")}/openai/v1/realtime`;
      return { ...started, url, socket: await open(url) };
    };

    test("once their responses have used the tokens, and no request goes out after", async () => {
      const { socket, url, entries, ask } = await limited({ maxTokens: 14 });
      const other = await open(url);
      const ends = [closed(socket), closed(other)];
      const answers: string[] = [];
      if (socket) socket.onmessage = ({ data }) => answers.push(String(data));
      socket?.send("usage");
      while (answers.length < 2) await Bun.sleep(2);
      expect([socket?.readyState, entries.length]).toEqual([WebSocket.OPEN, 0]);
      socket?.send("usage");
      const end = { code: 1008, reason: "gum-cred: this run has used its 14 tokens (--max-tokens)" };
      expect(await ends[0]).toEqual(end);
      expect(answers).toHaveLength(4);
      expect((await ask("/openai/v1/x")).status).toBe(400);
      other?.send("usage");
      expect(await ends[1]).toEqual(end);
      await settled(entries, 3);
      const line = { status: 101, closed: "limit: tokens" };
      expect(entries[0]).toMatchObject({ ...line, tokens_in: 6, tokens_out: 8 });
      expect(entries[2]).toMatchObject({ ...line, bytes_up: 0 });
    });

    test("when the time is over, however silent they are", async () => {
      const { socket, entries } = await limited({ forMs: 1_000 });
      expect(await closed(socket)).toEqual({
        code: 1008,
        reason: "gum-cred: the time of this run is over (--for)",
      });
      await settled(entries);
      expect(entries[0]).toMatchObject({ status: 101, closed: "limit: time" });
    });

    test("not at once where the time is longer than a timer can be", async () => {
      const { socket } = await limited({ forMs: 60 * 86_400_000 });
      await Bun.sleep(30);
      expect(socket?.readyState).toBe(WebSocket.OPEN);
      socket?.close();
    });
  });

  test.each([
    ["openai", "/openai/v1/responses"],
    ["anthropic", "/anthropic/v1/messages"],
  ])("%s: 426 at once where there is none", async (name, path) => {
    const { broker } = start([route(name)]);
    const headers = [
      `Host: ${new URL(broker.origin ?? "").host}`,
      "Upgrade: websocket",
      "Connection: Upgrade",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      "Sec-WebSocket-Version: 13",
      `Authorization: Bearer ${TOKEN}`,
    ];
    const before = performance.now();
    const answer = await raw(
      Number(new URL(broker.origin ?? "").port),
      `GET ${path} HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n`,
    );
    expect(answer).toStartWith("HTTP/1.1 426 ");
    expect(performance.now() - before).toBeLessThan(500);
  });
});
