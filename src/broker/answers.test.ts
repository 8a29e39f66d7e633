/** What comes back through the broker, and what the log says of it. */
import { afterAll, describe, expect, test } from "bun:test";
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { KEY, settled, TOKEN, useBroker } from "../../test/support/broker.ts";
import { startVendorUpstream, type VendorUpstream } from "../../test/support/vendor-upstream.ts";
import { fail } from "../core/errors.ts";
import { secret } from "../core/secret.ts";
import type { Injection } from "./route.ts";

const { upstream, route, start } = useBroker();

/** Within a fifth of a second. */
async function expectAbandoned(vendor: VendorUpstream): Promise<void> {
  const before = performance.now();
  while (vendor.abandoned() === 0 && performance.now() - before < 1_000) await Bun.sleep(5);
  expect(performance.now() - before).toBeLessThan(200);
}

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

  test("a short key is not looked for in the head of a good answer, where it may be a word", async () => {
    const word = secret("ollama");
    const local = startVendorUpstream(
      () =>
        new Response("ok", {
          status: 307,
          headers: { location: "http://ollama.example/v1", server: "ollama" },
        }),
    );
    const { ask } = start([
      route("openai", { upstream: local.url, credential: async () => ({ value: word, headers: [] }) }),
    ]);
    const { headers } = await ask("/openai/v1/x");
    expect([headers.get("location"), headers.get("server")]).toEqual(["http://ollama.example/v1", "ollama"]);
    await local.stop();
  });

  test.each(["gzip", "br", "deflate", "zstd"])(
    "all of %s is in the log when the command ends with it",
    async (encoding) => {
      const text = Buffer.from(
        JSON.stringify({
          text: "x".repeat(4e6),
          model: "m",
          usage: { prompt_tokens: 5, completion_tokens: 6 },
        }),
      );
      const pack =
        { gzip: gzipSync, br: brotliCompressSync, deflate: deflateSync, zstd: zstdCompressSync }[encoding] ??
        gzipSync;
      const headers = { "content-type": "application/json", "content-encoding": encoding };
      const vendor = startVendorUpstream(() => new Response(pack(text), { headers }));
      const { broker, entries, ask } = start([route("openai", { upstream: vendor.url })]);
      await (await ask("/openai/v1/x")).arrayBuffer();
      await broker.stop();
      expect(entries).toMatchObject([{ status: 200, model: "m", tokens_in: 5, tokens_out: 6 }]);
      await vendor.stop();
    },
  );

  test("a stream that never ends does not hold the end up", async () => {
    const vendor = startVendorUpstream(
      () =>
        new Response(
          new ReadableStream({
            pull: (to) => {
              to.enqueue(new Uint8Array(10));
              return Bun.sleep(1e6);
            },
          }),
        ),
    );
    const { broker, entries, ask } = start([route("openai", { upstream: vendor.url })]);
    const reader = (await ask("/openai/v1/x")).body?.getReader();
    await reader?.read();
    const before = performance.now();
    await broker.stop();
    expect(performance.now() - before).toBeLessThan(1000);
    expect(entries).toMatchObject([{ status: 200 }]);
    await reader?.cancel().catch(() => {});
    await vendor.stop();
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
    await expectAbandoned(upstream);
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
    await expectAbandoned(odd);
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
