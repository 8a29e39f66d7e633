/** The token and revocation endpoints: what is sent to a real server, and every kind of answer. */
import { afterAll, describe, expect, test } from "bun:test";
import { parseBaseUrl } from "../../core/base-url.ts";
import { type ErrorCode, errorSpecs, GumCredError } from "../../core/errors.ts";
import { reveal, secret } from "../../core/secret.ts";
import { exchangeCode, isInvalidGrant, refresh, revoke, type TokenSet } from "./token-endpoint.ts";

const REFRESH = secret("refresh-EXAMPLE+/=& 1");
const GRANT = {
  code: secret("code-EXAMPLE/1"),
  redirectUri: "http://127.0.0.1:8765/callback",
  verifier: secret("verifier-EXAMPLE"),
};
const GOOD = { access_token: "access-EXAMPLE", token_type: "Bearer" };

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly type: string | null;
  readonly authorization: string | null;
  readonly body: string;
}
const seen: Seen[] = [];
let respond: () => Response = () => Response.json(GOOD);
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch: async (request) => {
    const { method, url, headers } = request;
    const body = await request.text();
    seen.push({
      method,
      url,
      type: headers.get("content-type"),
      authorization: headers.get("authorization"),
      body,
    });
    return respond();
  },
});
afterAll(() => server.stop(true));
const origin = `http://127.0.0.1:${server.port}`;
const baseUrl = parseBaseUrl(`${origin}/api/v1`);

/** Runs one call against one answer. Proves on the way that exactly one request was sent. */
async function against<T>(answer: () => Response, call: () => Promise<T>): Promise<T> {
  respond = answer;
  seen.length = 0;
  try {
    return await call();
  } finally {
    expect(seen).toHaveLength(1);
  }
}

async function failure(answer: () => Response, call: () => Promise<unknown>): Promise<GumCredError> {
  try {
    await against(answer, call);
  } catch (error) {
    if (error instanceof GumCredError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

const refreshNow = () => refresh(baseUrl, REFRESH);
const json =
  (body: unknown, status = 200, headers = {}) =>
  () =>
    Response.json(body, { status, headers });
const text =
  (body: string, status = 200, type = "text/plain") =>
  () =>
    new Response(body, { status, headers: { "content-type": type } });

describe("what is sent", () => {
  test("to redeem a code", async () => {
    await against(json(GOOD), () => exchangeCode(baseUrl, GRANT));
    const [request] = seen;
    expect(request).toMatchObject({
      method: "POST",
      url: `${origin}/oauth/token`,
      type: "application/x-www-form-urlencoded",
      authorization: null,
    });
    expect(Object.fromEntries(new URLSearchParams(request?.body))).toEqual({
      grant_type: "authorization_code",
      code: "code-EXAMPLE/1",
      redirect_uri: "http://127.0.0.1:8765/callback",
      code_verifier: "verifier-EXAMPLE",
      client_id: "gumloop_cli",
    });
  });

  test("to refresh, strictly form-encoded", async () => {
    await against(json(GOOD), refreshNow);
    expect(seen[0]?.url).toBe(`${origin}/oauth/token`);
    expect(seen[0]?.body).toBe(
      "grant_type=refresh_token&refresh_token=refresh-EXAMPLE%2B%2F%3D%26+1&client_id=gumloop_cli",
    );
  });

  test("to revoke", async () => {
    await against(text(""), () => revoke(baseUrl, REFRESH));
    expect(seen[0]?.url).toBe(`${origin}/oauth/revoke`);
    expect(seen[0]?.body).toBe("token=refresh-EXAMPLE%2B%2F%3D%26+1&client_id=gumloop_cli");
  });
});

describe("tokens", () => {
  const shown = (tokens: TokenSet) => ({
    ...tokens,
    accessToken: reveal(tokens.accessToken),
    refreshToken: tokens.refreshToken && reveal(tokens.refreshToken),
  });

  test("come whole", async () => {
    const body = {
      ...GOOD,
      expires_in: 3600,
      refresh_token: "rotated-EXAMPLE",
      scope: "gumloop_api userinfo",
    };
    expect(shown(await against(json(body), refreshNow))).toEqual({
      accessToken: "access-EXAMPLE",
      refreshToken: "rotated-EXAMPLE",
      expiresIn: 3600,
      scope: "gumloop_api userinfo",
    });
  });

  test("come alone", async () => {
    const nothing = { refreshToken: null, expiresIn: null, scope: null };
    for (const body of [
      { access_token: "a" },
      { access_token: "a", refresh_token: "", scope: "", error: null },
    ]) {
      expect(shown(await against(json(body), refreshNow))).toEqual({ accessToken: "a", ...nothing });
    }
  });

  test.each([["bearer"], ["BEARER"], ["Bearer"]])("of type %s are taken", async (type) => {
    await against(json({ ...GOOD, token_type: type }), refreshNow);
  });

  test("with status 201 are taken", async () => {
    await against(json(GOOD, 201), refreshNow);
  });

  test("are not printed by accident", async () => {
    const tokens = await against(json({ ...GOOD, refresh_token: "rotated-EXAMPLE" }), refreshNow);
    expect(`${JSON.stringify(tokens)} ${Bun.inspect(tokens)}`).not.toContain("EXAMPLE");
  });

  test.each([
    ["3600", 3600],
    ['"3600"', 3600],
    ["3599.9", 3599],
    ["1", 1],
    ["0", null],
    ["0.5", null],
    ["-1", null],
    ['"-1"', null],
    ["1e308", 315_360_000],
    ["1e999", null],
    ['"1e3"', null],
    ['"NaN"', null],
    ['""', null],
    ['"soon"', null],
    ["null", null],
    ["true", null],
    ["[3600]", null],
    ["99999999999999999999", 315_360_000],
    ['"99999999999999999999"', 315_360_000],
  ])("with expires_in %s last %p seconds", async (expiresIn, expected) => {
    const body = `{"access_token":"a","expires_in":${expiresIn}}`;
    expect((await against(text(body, 200, "application/json"), refreshNow)).expiresIn).toBe(expected);
  });
});

describe("an answer that is refused", () => {
  const PORTAL = "<!DOCTYPE html><title>Hotel Wi-Fi</title>";
  const table: readonly (readonly [name: string, answer: () => Response, code: ErrorCode])[] = [
    ["no access token", json({ token_type: "Bearer" }), "E_MALFORMED"],
    ["an empty access token", json({ access_token: "" }), "E_MALFORMED"],
    ["a null access token", json({ access_token: null }), "E_MALFORMED"],
    ["an access token that is a number", json({ access_token: 7 }), "E_MALFORMED"],
    ["a token with a line break", json({ access_token: "EXAMPLE\r\nX: y" }), "E_MALFORMED"],
    ["a token with a space", json({ access_token: "EXAMPLE a" }), "E_MALFORMED"],
    ["a token that is not ASCII", json({ access_token: "EXAMPLE\u202e" }), "E_MALFORMED"],
    ["a malformed refresh token", json({ ...GOOD, refresh_token: "EXAMPLE\n" }), "E_MALFORMED"],
    ["a refresh token that is an object", json({ ...GOOD, refresh_token: {} }), "E_MALFORMED"],
    ["token type DPoP", json({ ...GOOD, token_type: "DPoP" }), "E_MALFORMED"],
    ["a token type that is null", json({ ...GOOD, token_type: null }), "E_MALFORMED"],
    ["an array", json([GOOD]), "E_MALFORMED"],
    ["a string", json("EXAMPLE"), "E_MALFORMED"],
    ["broken JSON", text('{"access_token":"EXAMPLE', 200, "application/json"), "E_MALFORMED"],
    ["nothing", text(""), "E_MALFORMED"],
    ["more than 1 MiB", text(`{"access_token":"${"E".repeat(1_100_000)}"}`), "E_MALFORMED"],
    ["200 with an error", json({ ...GOOD, error: "invalid_request" }), "E_REJECTED"],
    ["200 with an empty error", json({ ...GOOD, error: "" }), "E_REJECTED"],
    ["200 with Gumloop's error", json({ ...GOOD, error: { code: "x" } }), "E_REJECTED"],
    ["200 with invalid_grant", json({ error: "invalid_grant" }), "E_EXPIRED"],
    ["200 with a web page", text(PORTAL, 200, "text/html"), "E_NETWORK"],
    ["200 with a web page by another name", text(PORTAL), "E_NETWORK"],
    ["403 with a web page", text(PORTAL, 403, "text/html"), "E_NETWORK"],
    ["511", text(PORTAL, 511, "text/html"), "E_SERVER"],
    ["301", text("", 301), "E_NETWORK"],
    ["302", () => Response.redirect("http://127.0.0.1:1/portal", 302), "E_NETWORK"],
    ["307", () => Response.redirect(`${origin}/oauth/token`, 307), "E_NETWORK"],
    ["304", () => new Response(null, { status: 304 }), "E_NETWORK"],
    ["408", text("", 408), "E_TIMEOUT"],
    ["408 with invalid_grant", json({ error: "invalid_grant" }, 408), "E_TIMEOUT"],
    ["429", json({ error: { message: "slow down" } }, 429), "E_RATE_LIMITED"],
    ["429 with invalid_grant", json({ error: "invalid_grant" }, 429), "E_RATE_LIMITED"],
    ["500", text("oops", 500), "E_SERVER"],
    ["500 with invalid_grant", json({ error: "invalid_grant" }, 500), "E_SERVER"],
    ["503", text("", 503), "E_SERVER"],
    ["400 temporarily_unavailable", json({ error: "temporarily_unavailable" }, 400), "E_SERVER"],
    ["400 invalid_grant", json({ error: "invalid_grant" }, 400), "E_EXPIRED"],
    ["401 invalid_grant", json({ error: "invalid_grant" }, 401), "E_EXPIRED"],
    [
      "400 Gumloop invalid_grant",
      json({ error: { code: "invalid_grant", message: "gone" } }, 400),
      "E_EXPIRED",
    ],
    ["400 Gumloop type invalid_grant", json({ error: { type: "invalid_grant" } }, 400), "E_EXPIRED"],
    [
      "400 invalid_grant as a word of the text",
      json({ error: { message: "invalid_grant" } }, 400),
      "E_REJECTED",
    ],
    ["400 invalid_grant_x", json({ error: "invalid_grant_x" }, 400), "E_REJECTED"],
    ["400 invalid_request", json({ error: "invalid_request" }, 400), "E_REJECTED"],
    ["401 invalid_client", json({ error: "invalid_client" }, 401), "E_REJECTED"],
    ["401 Gumloop expired", json({ error: { message: "expired" } }, 401), "E_REJECTED"],
    ["400 with one sentence", json({ error: "Something is off" }, 400), "E_REJECTED"],
    ["400 unreadable", text("EXAMPLE{", 400), "E_REJECTED"],
    ["400 empty", text("", 400), "E_REJECTED"],
    ["404", json({ detail: "Not Found" }, 404), "E_REJECTED"],
    ["402", json({ error: { code: "payment_required" } }, 402), "E_FORBIDDEN"],
    ["403 insufficient_scope", json({ error: { code: "insufficient_scope" } }, 403), "E_FORBIDDEN"],
    ["403 plan", json({ error: { type: "permission_error", message: "Pro plan" } }, 403), "E_FORBIDDEN"],
    ["400 insufficient_scope", json({ error: "insufficient_scope" }, 400), "E_FORBIDDEN"],
  ];

  test.each(table)("%s", async (_, answer, code) => {
    const error = await failure(answer, refreshNow);
    expect(error.code).toBe(code);
    expect(error.exitCode).toBe(errorSpecs()[code].exit);
    expect(isInvalidGrant(error)).toBe(code === "E_EXPIRED");
    expect(`${error.message} ${error.hint} ${error.stack}`).not.toContain("EXAMPLE");
    expect(error.cause).toBeUndefined();
  });

  test("by the way there: refused connection, silence, interrupt", async () => {
    const nobody = parseBaseUrl("http://127.0.0.1:1");
    await expect(refresh(nobody, REFRESH)).rejects.toMatchObject({ code: "E_NETWORK" });
    const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => {} } });
    try {
      const slow = parseBaseUrl(`http://127.0.0.1:${silent.port}`);
      const interrupted = refresh(slow, REFRESH, AbortSignal.timeout(50));
      await expect(interrupted).rejects.toMatchObject({ code: "E_INTERRUPTED" });
    } finally {
      silent.stop(true);
    }
  });

  test("is never retried elsewhere: a redirect's target sees nothing", async () => {
    let elsewhere = 0;
    const other = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: () => {
        elsewhere++;
        return Response.json(GOOD);
      },
    });
    try {
      await failure(() => Response.redirect(`http://127.0.0.1:${other.port}/oauth/token`, 307), refreshNow);
      expect(elsewhere).toBe(0);
    } finally {
      other.stop(true);
    }
  });
});

describe("what a refusal says", () => {
  test.each([
    [
      "RFC 6749",
      { error: "invalid_request", error_description: "bad form" },
      "the server refused the refresh (400): bad form",
    ],
    [
      "RFC 6749 without text",
      { error: "invalid_request" },
      "the server refused the refresh (400): invalid_request",
    ],
    [
      "Gumloop",
      { error: { code: "c", message: "No.", type: "t", param: null, details: {} } },
      "the server refused the refresh (400): No.",
    ],
    [
      "Gumloop without text",
      { error: { code: "plan_required" } },
      "the server refused the refresh (400): plan_required",
    ],
    ["one sentence", { error: "Something is off" }, "the server refused the refresh (400): Something is off"],
    ["text that is no text", { error: { message: { a: 1 } } }, "the server refused the refresh (400)"],
    ["nothing", {}, "the server refused the refresh (400)"],
    [
      "controls and bidi",
      { error: "\u001b[31mred\u0007\r\n\u202egnp\u009b" },
      "the server refused the refresh (400): [31mred gnp",
    ],
    ["what we sent", { error: `no: ${reveal(REFRESH)}!` }, "the server refused the refresh (400): no: ***!"],
  ])("%s", async (_, body, message) => {
    expect((await failure(json(body, 400), refreshNow)).message).toBe(message);
  });

  test("is bounded", async () => {
    expect(
      (await failure(json({ error: "x".repeat(100_000) }, 400), refreshNow)).message.length,
    ).toBeLessThan(400);
  });

  test("hides code and verifier of a sign-in, and is no E_EXPIRED there", async () => {
    const body = {
      error: "invalid_grant",
      error_description: "code-EXAMPLE/1 with verifier-EXAMPLE is used up",
    };
    const error = await failure(json(body, 400), () => exchangeCode(baseUrl, GRANT));
    expect([error.code, error.message]).toEqual([
      "E_REJECTED",
      "the server refused the sign-in (400): *** with *** is used up",
    ]);
    expect(isInvalidGrant(error)).toBe(false);
  });

  test.each([
    ["30", "try again in 30 s; nothing stored was changed"],
    ["Wed, 21 Oct 2099 07:28:00 GMT", "try again in more than a day; nothing stored was changed"],
    ["1e9", errorSpecs().E_RATE_LIMITED.hint],
    ["-1", errorSpecs().E_RATE_LIMITED.hint],
  ])("Retry-After %s", async (value, hint) => {
    expect((await failure(json({}, 429, { "retry-after": value }), refreshNow)).hint).toBe(hint);
  });
});

describe("revocation", () => {
  const revokeNow = () => revoke(baseUrl, REFRESH);
  test.each([
    ["an empty body", text("")],
    ["JSON", json({ ok: true })],
    ["some text", text("revoked")],
    ["204", () => new Response(null, { status: 204 })],
  ])("is done with %s", async (_, answer) => {
    await against(answer, revokeNow);
  });

  test.each([
    ["a web page", text("<html>", 200, "text/html"), "E_NETWORK"],
    ["200 with an error", json({ error: "unsupported_token_type" }), "E_REJECTED"],
    ["400", json({ error: "invalid_grant" }, 400), "E_REJECTED"],
    ["302", text("", 302), "E_NETWORK"],
    ["503", text("", 503), "E_SERVER"],
  ])("is not done with %s", async (_, answer, code) => {
    const error = await failure(answer, revokeNow);
    expect(error.code).toBe(code as ErrorCode);
    expect(error.message).not.toContain("EXAMPLE");
  });
});
