/**
 * The stand-in Gumloop server must refuse what a real one refuses, or every test that leans on it proves nothing.
 * Spoken to over HTTP only, as gum-cred does.
 */

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import net from "node:net";
import { SOON_MS } from "../patience.ts";
import { type StandIn, type StandInOptions, startStandIn } from "./server.ts";

const VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"; // RFC 7636 appendix B
const CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const CALLBACK = "http://127.0.0.1:8765/callback";

let clock: number;
let standIn: StandIn;

/** Replaces the server of this test by one with other options. */
async function restart(options: StandInOptions): Promise<void> {
  await standIn.stop();
  standIn = startStandIn({ consent: "approve", now: () => clock, ...options });
}

beforeEach(() => {
  clock = Date.now();
  standIn = startStandIn({ consent: "approve", now: () => clock });
});
afterEach(() => standIn.stop());

type Fields = Record<string, string>;

const AUTHORIZE: Fields = {
  client_id: "gumloop_cli",
  redirect_uri: CALLBACK,
  response_type: "code",
  scope: "gumloop_api userinfo",
  state: "a state + more",
  code_challenge: CHALLENGE,
  code_challenge_method: "S256",
};

const authorizeUrl = (changes: Fields = {}) =>
  `${standIn.url}/oauth/authorize?${new URLSearchParams({ ...AUTHORIZE, ...changes })}`;

const authorize = (changes?: Fields) => fetch(authorizeUrl(changes), { redirect: "manual" });

/** Where the browser was sent, as the parameters of the callback. */
function callback(response: Response): Fields {
  const location = new URL(response.headers.get("location") ?? "http://no.location/");
  expect(location.origin + location.pathname).toBe(CALLBACK);
  return Object.fromEntries(location.searchParams);
}

const post = (path: string, fields: Fields) =>
  fetch(standIn.url + path, { method: "POST", body: new URLSearchParams(fields) });

async function newCode(): Promise<string> {
  return callback(await authorize())["code"] ?? "";
}

const exchange = (code: string, changes: Fields = {}) =>
  post("/oauth/token", {
    grant_type: "authorization_code",
    client_id: "gumloop_cli",
    redirect_uri: CALLBACK,
    code_verifier: VERIFIER,
    code,
    ...changes,
  });

const refresh = (refresh_token: string, changes: Fields = {}) =>
  post("/oauth/token", { grant_type: "refresh_token", client_id: "gumloop_cli", refresh_token, ...changes });

interface TokenAnswer {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly expires_in: unknown;
  readonly scope: string;
  readonly token_type: string;
}

async function body<T>(response: Response): Promise<T> {
  return (await response.json()) as T;
}

async function signIn(): Promise<TokenAnswer> {
  return body(await exchange(await newCode()));
}

async function expectRefused(response: Response, error: string, status = 400): Promise<void> {
  expect(await response.json()).toMatchObject({ error });
  expect(response.status).toBe(status);
}

function models(bearer: string, headers: Fields = {}, query = ""): Promise<Response> {
  return fetch(`${standIn.baseUrl}/models${query}`, {
    headers: { authorization: `Bearer ${bearer}`, ...headers },
  });
}

const statusOf = async (response: Promise<Response>) => (await response).status;

async function expectEnvelope(response: Response, status: number, code: string): Promise<void> {
  expect(response.status).toBe(status);
  expect(await response.json()).toEqual({
    error: { code, message: expect.any(String), type: expect.any(String), param: null, details: {} },
  });
}

describe("authorize", () => {
  test("approves with a code and the state, and no iss", async () => {
    const response = await authorize();
    expect(response.status).toBe(302);
    expect(callback(response)).toEqual({ code: expect.stringContaining("EXAMPLE"), state: "a state + more" });
  });

  test("denies", async () => {
    standIn.behaviour.consent = "deny";
    const parameters = callback(await authorize());
    expect(parameters).toMatchObject({ error: "access_denied", state: "a state + more" });
    expect(parameters).not.toHaveProperty("code");
  });

  test("sends the issuer, or a false one, when told to", async () => {
    standIn.behaviour.iss = true;
    expect(callback(await authorize())["iss"]).toBe(standIn.url);
    standIn.behaviour.iss = "https://evil.example";
    expect(callback(await authorize())["iss"]).toBe("https://evil.example");
  });

  test.each([
    ["response_type", "token", "unsupported_response_type"],
    ["code_challenge", "", "invalid_request"],
    ["code_challenge", "short", "invalid_request"],
    ["code_challenge_method", "plain", "invalid_request"],
    ["code_challenge_method", "", "invalid_request"],
    ["scope", "", "invalid_scope"],
    ["scope", "gumloop_api root", "invalid_scope"],
  ])("sends the browser back with an error when %s is '%s'", async (name, value, error) => {
    expect(callback(await authorize({ [name]: value }))).toMatchObject({ error, state: "a state + more" });
    expect(standIn.state().codes).toBe(0);
  });

  test("refuses repeated parameters", async () => {
    const response = await fetch(`${authorizeUrl()}&scope=userinfo`, { redirect: "manual" });
    expect(callback(response)["error"]).toBe("invalid_request");
  });

  test.each([
    ["client_id", "another"],
    ["redirect_uri", "http://localhost:8765/callback"],
    ["redirect_uri", "http://127.0.0.1/callback"],
    ["redirect_uri", "http://127.0.0.1:8765/callback/"],
    ["redirect_uri", "http://127.0.0.1:8765/callback?x=1"],
    ["redirect_uri", "http://127.0.0.1:99999/callback"],
    ["redirect_uri", "http://127.0.0.1:8765@evil.example/callback"],
    ["redirect_uri", "https://127.0.0.1:8765/callback"],
  ])("stays on its own page when %s is %s", async (name, value) => {
    const response = await authorize({ [name]: value });
    expect(response.status).toBe(400);
    expect(response.headers.has("location")).toBe(false);
  });

  test("takes any port", async () => {
    const response = await authorize({ redirect_uri: "http://127.0.0.1:54321/callback" });
    expect(response.headers.get("location")).toStartWith("http://127.0.0.1:54321/callback?code=");
  });

  test("asks a person, whose answer counts once", async () => {
    standIn.behaviour.consent = "ask";
    const page = await (await authorize()).text();
    expect(page).toContain("<code>gumloop_api</code>");
    expect(standIn.state().waiting).toBe(1);
    const request = /name="request" value="(\w+)"/.exec(page)?.[1] ?? "";
    const answer = (decision: string, id = request) =>
      fetch(`${standIn.url}/oauth/authorize`, {
        method: "POST",
        body: new URLSearchParams({ request: id, decision }),
        redirect: "manual",
      });
    const allowed = await answer("allow");
    expect(allowed.status).toBe(303);
    expect(await exchange(callback(allowed)["code"] ?? "").then((r) => r.status)).toBe(200);
    expect((await answer("allow")).status).toBe(400);

    const second = /name="request" value="(\w+)"/.exec(await (await authorize()).text())?.[1];
    expect(callback(await answer("deny", second))["error"]).toBe("access_denied");
  });

  test("publishes metadata", async () => {
    const response = await fetch(`${standIn.url}/.well-known/oauth-authorization-server`);
    expect(await response.json()).toMatchObject({
      issuer: standIn.url,
      token_endpoint: `${standIn.url}/oauth/token`,
      code_challenge_methods_supported: ["S256"],
      token_endpoint_auth_methods_supported: ["none"],
    });
  });
});

describe("code exchange", () => {
  test("gives tokens that work, uncached", async () => {
    const response = await exchange(await newCode());
    expect(response.headers.get("cache-control")).toBe("no-store");
    const tokens = await body<TokenAnswer>(response);
    expect(tokens).toEqual({
      access_token: expect.stringMatching(/EXAMPLE/),
      refresh_token: expect.stringMatching(/EXAMPLE/),
      expires_in: 3600,
      scope: "gumloop_api userinfo",
      token_type: "Bearer",
    });
    expect(tokens.access_token).toMatch(/^[\w.~+/=-]+$/);
    expect(await statusOf(models(tokens.access_token))).toBe(200);
    expect(standIn.state()).toMatchObject({ families: 1, accessTokens: 1, codes: 0 });
  });

  test.each([
    ["code_verifier", `${VERIFIER.slice(0, -1)}l`, "invalid_grant"],
    ["code_verifier", "short", "invalid_grant"],
    ["code_verifier", CHALLENGE, "invalid_grant"],
    ["code_verifier", "", "invalid_request"],
    ["redirect_uri", "http://127.0.0.1:8766/callback", "invalid_grant"],
    ["redirect_uri", "", "invalid_request"],
    ["code", "code-EXAMPLE.unknown", "invalid_grant"],
    ["grant_type", "password", "unsupported_grant_type"],
    ["grant_type", "", "invalid_request"],
  ])("refuses %s '%s'", async (name, value, error) => {
    await expectRefused(await exchange(await newCode(), { [name]: value }), error);
    expect(standIn.state().families).toBe(0);
  });

  test("refuses another client", async () => {
    await expectRefused(await exchange(await newCode(), { client_id: "another" }), "invalid_client", 401);
  });

  test("burns a code that was tried with a wrong verifier", async () => {
    const code = await newCode();
    await exchange(code, { code_verifier: "x".repeat(43) });
    await expectRefused(await exchange(code), "invalid_grant");
  });

  test("revokes what came of a code that comes again", async () => {
    const code = await newCode();
    const tokens = await body<TokenAnswer>(await exchange(code));
    expect(await statusOf(models(tokens.access_token))).toBe(200);
    await expectRefused(await exchange(code), "invalid_grant");
    expect(await statusOf(models(tokens.access_token))).toBe(401);
    await expectRefused(await refresh(tokens.refresh_token), "invalid_grant");
    expect(standIn.state()).toMatchObject({ families: 0, revokedFamilies: 1, accessTokens: 0 });
  });

  test("refuses a code older than ten minutes", async () => {
    const code = await newCode();
    clock += 10 * 60 * 1000;
    await expectRefused(await exchange(code), "invalid_grant");
  });

  test("takes forms only, and each parameter once", async () => {
    const fields = { grant_type: "authorization_code", client_id: "gumloop_cli", code: await newCode() };
    const send = (type: string, text: string) =>
      fetch(`${standIn.url}/oauth/token`, { method: "POST", headers: { "content-type": type }, body: text });
    await expectRefused(await send("application/json", JSON.stringify(fields)), "invalid_request");
    await expectRefused(await send("text/plain", `${new URLSearchParams(fields)}`), "invalid_request");
    const { refreshToken } = standIn.issueTokens();
    const good = { grant_type: "refresh_token", client_id: "gumloop_cli", refresh_token: refreshToken };
    const twice = `${new URLSearchParams(good)}&resource=a&resource=b`;
    await expectRefused(await send("application/x-www-form-urlencoded", twice), "invalid_request");
    expect((await fetch(`${standIn.url}/oauth/token?${new URLSearchParams(fields)}`)).status).toBe(405);
  });

  test.each([[1], ["7200"], [null], [{ seconds: 1 }], [-5], [1e300]])(
    "sends expires_in %p",
    async (value) => {
      standIn.behaviour.expiresIn = value;
      expect((await signIn()).expires_in).toEqual(value as object);
    },
  );

  test("leaves out what it is told to leave out", async () => {
    await restart({ expiresIn: undefined, refreshTokens: "never" });
    const tokens = await signIn();
    expect(tokens).not.toHaveProperty("expires_in");
    expect(tokens).not.toHaveProperty("refresh_token");
  });

  test("errors in Gumloop's envelope when told to", async () => {
    standIn.behaviour.oauthErrors = "gumloop";
    await expectEnvelope(await exchange("code-EXAMPLE.unknown"), 400, "invalid_grant");
  });
});

describe("refresh", () => {
  test("rotates: both tokens are new, the older access token lives on", async () => {
    const first = await signIn();
    const second = await body<TokenAnswer>(await refresh(first.refresh_token));
    expect(second.refresh_token).not.toBe(first.refresh_token);
    expect(second.access_token).not.toBe(first.access_token);
    expect(await statusOf(models(first.access_token))).toBe(200);
    expect(await statusOf(models(second.access_token))).toBe(200);
    expect(standIn.state()).toMatchObject({ families: 1, accessTokens: 2 });
  });

  test("takes reuse of a replaced token as theft: the whole family ends, others live", async () => {
    const other = await signIn();
    const first = await signIn();
    const second = await body<TokenAnswer>(await refresh(first.refresh_token));
    await expectRefused(await refresh(first.refresh_token), "invalid_grant");
    await expectRefused(await refresh(second.refresh_token), "invalid_grant");
    expect(await statusOf(models(second.access_token))).toBe(401);
    expect(await statusOf(models(other.access_token))).toBe(200);
    expect(standIn.state()).toMatchObject({ families: 1, revokedFamilies: 1, accessTokens: 1 });
  });

  test("lets one of two simultaneous refreshes win, and ends the family", async () => {
    const { refreshToken } = standIn.issueTokens();
    const answers = await Promise.all([refresh(refreshToken), refresh(refreshToken)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400]);
    expect(standIn.state().families).toBe(0);
  });

  test("keeps the token, said or unsaid, when told to", async () => {
    const { refreshToken } = standIn.issueTokens();
    standIn.behaviour.refreshTokens = "same";
    expect((await body<TokenAnswer>(await refresh(refreshToken))).refresh_token).toBe(refreshToken);
    standIn.behaviour.refreshTokens = "omit";
    expect(await body(await refresh(refreshToken))).not.toHaveProperty("refresh_token");
    expect((await refresh(refreshToken)).status).toBe(200);
    expect(await signIn()).toHaveProperty("refresh_token");
  });

  test("narrows the scope and never widens it", async () => {
    const { refreshToken } = standIn.issueTokens({ scope: "gumloop_api userinfo" });
    await expectRefused(await refresh(refreshToken, { scope: "gumstack" }), "invalid_scope");
    const narrowed = await body<TokenAnswer>(await refresh(refreshToken, { scope: "userinfo" }));
    expect(narrowed.scope).toBe("userinfo");
    await expectEnvelope(await models(narrowed.access_token), 403, "insufficient_scope");
  });

  test("refuses unknown and missing tokens", async () => {
    await expectRefused(await refresh("rt-EXAMPLE.unknown"), "invalid_grant");
    await expectRefused(await refresh(""), "invalid_request");
    await expectRefused(await refresh("rt-EXAMPLE.any", { client_id: "another" }), "invalid_client", 401);
  });
});

describe("revoke", () => {
  const revoke = (token: string, changes: Fields = {}) =>
    post("/oauth/revoke", { token, client_id: "gumloop_cli", ...changes });

  test("a refresh token takes its family along", async () => {
    const { accessToken, refreshToken } = standIn.issueTokens();
    const response = await revoke(refreshToken);
    expect([response.status, await response.text()]).toEqual([200, ""]);
    expect(await statusOf(models(accessToken))).toBe(401);
    await expectRefused(await refresh(refreshToken), "invalid_grant");
  });

  test("an access token goes alone", async () => {
    const { accessToken, refreshToken } = standIn.issueTokens();
    expect((await revoke(accessToken)).status).toBe(200);
    expect(await statusOf(models(accessToken))).toBe(401);
    expect((await refresh(refreshToken)).status).toBe(200);
  });

  test("answers unknown tokens alike, and refuses bad requests", async () => {
    expect((await revoke("rt-EXAMPLE.unknown")).status).toBe(200);
    await expectRefused(await revoke(""), "invalid_request");
    await expectRefused(await revoke("x", { client_id: "another" }), "invalid_client", 401);
    const json = await fetch(`${standIn.url}/oauth/revoke`, { method: "POST", body: `{"token":"x"}` });
    await expectRefused(json, "invalid_request");
  });
});

describe("the API", () => {
  test("answers an OAuth token until it expires or everything is revoked", async () => {
    const { accessToken, refreshToken } = standIn.issueTokens({ expiresIn: 60 });
    const response = await models(accessToken);
    expect(await response.json()).toHaveProperty("model_groups");
    expect(await statusOf(models(accessToken, { "x-auth-key": "somebody" }))).toBe(200);
    clock += 60_000;
    await expectEnvelope(await models(accessToken), 401, "unauthorized");

    const next = await body<TokenAnswer>(await refresh(refreshToken));
    standIn.expireAccessTokens();
    expect(await statusOf(models(next.access_token))).toBe(401);
    standIn.revokeEverything();
    await expectRefused(await refresh(next.refresh_token), "invalid_grant");
  });

  test("refuses no, malformed and unknown bearers", async () => {
    const bare = await fetch(`${standIn.baseUrl}/models`);
    expect(bare.headers.get("www-authenticate")).toStartWith("Bearer");
    await expectEnvelope(bare, 401, "unauthorized");
    await expectEnvelope(await models("gum_EXAMPLE-unknown"), 401, "unauthorized");
    await expectEnvelope(await models("two words"), 401, "unauthorized");
    const { accessToken } = standIn.issueTokens({ expiresIn: 0 });
    await expectEnvelope(await models(accessToken), 401, "unauthorized");
    const { key, userId } = standIn.addApiKey();
    const basic = { headers: { authorization: `Basic ${key}`, "x-auth-key": userId } };
    expect((await fetch(`${standIn.baseUrl}/models`, basic)).status).toBe(401);
  });

  test("takes a personal key with its owner's id only", async () => {
    const { key, userId } = standIn.addApiKey();
    const response = await models(key, { "x-auth-key": userId });
    expect(await response.json()).toHaveProperty("model_groups");
    await expectEnvelope(await models(key), 403, "missing_user_id");
    await expectEnvelope(await models(key, { "x-auth-key": "somebody" }), 403, "user_mismatch");
    await expectEnvelope(
      await models(key, { "x-auth-key": userId }, "?team_id=none"),
      403,
      "team_access_denied",
    );
    expect(await statusOf(models(key, { "x-auth-key": userId }, "?team_id=team_4f8c92ab"))).toBe(200);
  });

  test("kills a personal key when its owner makes another", async () => {
    const { key, userId } = standIn.addApiKey({ key: "0123EXAMPLEold" });
    standIn.addApiKey({ key: "0123EXAMPLEnew" });
    expect(await statusOf(models(key, { "x-auth-key": userId }))).toBe(401);
    expect(await statusOf(models("0123EXAMPLEnew", { "x-auth-key": userId }))).toBe(200);
    expect(standIn.state().apiKeys).toBe(1);
  });

  test("takes a team key with any member's id and its team_id only", async () => {
    await restart({
      teams: [
        { id: "team_a", name: "A", members: ["ann", "bob"] },
        { id: "team_b", name: "B", members: ["ann"] },
      ],
    });
    const { key } = standIn.addApiKey({ kind: "team", teamId: "team_a", userId: "ann" });
    expect(await statusOf(models(key, { "x-auth-key": "ann" }, "?team_id=team_a"))).toBe(200);
    expect(await statusOf(models(key, { "x-auth-key": "bob" }, "?team_id=team_a"))).toBe(200);
    await expectEnvelope(await models(key, { "x-auth-key": "eve" }, "?team_id=team_a"), 403, "user_mismatch");
    await expectEnvelope(await models(key, {}, "?team_id=team_a"), 403, "missing_user_id");
    await expectEnvelope(await models(key, { "x-auth-key": "ann" }, "?team_id=team_b"), 403, "team_mismatch");
    await expectEnvelope(await models(key, { "x-auth-key": "ann" }), 403, "team_mismatch");
    expect(() => standIn.addApiKey({ kind: "team", teamId: "team_b", userId: "bob" })).toThrow("member");
  });

  test("lists the caller's teams", async () => {
    const { accessToken } = standIn.issueTokens();
    const response = await fetch(`${standIn.baseUrl}/teams`, {
      headers: { authorization: `Bearer ${accessToken}` },
    });
    expect(await response.json()).toEqual({ teams: [{ id: "team_4f8c92ab", name: "Acme Sales" }] });
    expect((await fetch(`${standIn.baseUrl}/teams`)).status).toBe(401);
  });

  test("knows no other paths", async () => {
    await expectEnvelope(await fetch(`${standIn.baseUrl}/agents`), 404, "not_found");
  });
});

describe("faults", () => {
  const get = () => fetch(`${standIn.baseUrl}/models`);

  test("a status for n requests, then the truth", async () => {
    standIn.faults.inject({ path: "/api/v1/models", status: 503, times: 2, retryAfter: "7" });
    const response = await get();
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "7"]);
    expect((await get()).status).toBe(503);
    expect((await get()).status).toBe(401);
  });

  test("for its path only, one after the other, until cleared", async () => {
    standIn.faults.inject({ path: "/api/v1/models", status: 500, times: 1 });
    standIn.faults.inject({ path: "*", status: 418 });
    expect((await fetch(`${standIn.baseUrl}/teams`)).status).toBe(418);
    expect((await get()).status).toBe(500);
    expect((await get()).status).toBe(418);
    standIn.faults.clear();
    expect((await get()).status).toBe(401);
  });

  test("a body, a content type, a date and a delay", async () => {
    standIn.faults.inject({ path: "*", times: 1, body: "<h1>Hotel</h1>" });
    const portal = await get();
    expect([portal.status, portal.headers.get("content-type"), await portal.text()]).toEqual([
      200,
      "text/html",
      "<h1>Hotel</h1>",
    ]);
    standIn.faults.inject({
      path: "*",
      times: 1,
      contentType: "text/plain",
      dateSkewMs: -86_400_000,
      delayMs: 80,
    });
    const started = performance.now();
    const late = await get();
    expect(performance.now() - started).toBeGreaterThan(70);
    expect([late.status, late.headers.get("content-type")]).toEqual([401, "text/plain"]);
    expect(Date.now() - Date.parse(late.headers.get("date") ?? "")).toBeGreaterThan(86_000_000);
  });

  test("a redirect", async () => {
    standIn.faults.inject({ path: "*", redirect: "https://evil.example/x", status: 307 });
    const response = await fetch(`${standIn.baseUrl}/models`, { redirect: "manual" });
    expect([response.status, response.headers.get("location")]).toEqual([307, "https://evil.example/x"]);
  });

  test("a flood, which ends where it should or when nobody reads on", async () => {
    standIn.faults.inject({ path: "*", floodBytes: 300_001 });
    expect((await (await get()).bytes()).length).toBe(300_001);
    standIn.faults.clear();
    standIn.faults.inject({ path: "*", floodBytes: 1e12 });
    const before = process.memoryUsage.rss();
    const reader = (await get()).body?.getReader();
    await reader?.read();
    await reader?.cancel();
    expect(process.memoryUsage.rss() - before).toBeLessThan(200e6);
  });

  test("a slow drip of the true body", async () => {
    const truth = await (await get()).text();
    standIn.faults.inject({ path: "*", dripMs: 1 });
    const started = performance.now();
    const response = await get();
    expect([response.status, await response.text()]).toEqual([401, truth]);
    expect(performance.now() - started).toBeGreaterThan(truth.length);
  });

  test("a hang, until the client gives up or the server stops", async () => {
    standIn.faults.inject({ path: "*", hang: true });
    const waiting = post("/oauth/token", {}).catch((error: Error) => error);
    expect(await Promise.race([waiting, Bun.sleep(100)])).toBeUndefined();
    expect(standIn.log().at(-1)).toMatchObject({ path: "/oauth/token", status: null });
    const started = performance.now();
    await standIn.stop();
    expect(await waiting).toBeInstanceOf(Error);
    expect(performance.now() - started).toBeLessThan(SOON_MS);
  });

  test("a dropped connection, not a byte sent", async () => {
    standIn.faults.inject({ path: "/oauth/token", drop: true });
    const { refreshToken } = standIn.issueTokens();
    expect(await refresh(refreshToken).catch((error: Error) => error)).toBeInstanceOf(Error);
    expect(await rawPost("/oauth/token")).toBe("");
    standIn.faults.clear();
    expect((await refresh(refreshToken)).status).toBe(200);
  });

  test("an answer lost after the token was rotated", async () => {
    standIn.faults.inject({ path: "/oauth/token", drop: true, afterHandling: true, times: 1 });
    const { refreshToken } = standIn.issueTokens();
    expect(await refresh(refreshToken).catch((error: Error) => error)).toBeInstanceOf(Error);
    await expectRefused(await refresh(refreshToken), "invalid_grant");
    expect(standIn.state().revokedFamilies).toBe(1);
  });

  test("never a mistyped one", () => {
    expect(() => standIn.faults.inject({ path: "*", stauts: 500 } as never)).toThrow();
  });
});

/** What arrives on the socket before it is closed. */
function rawPost(path: string): Promise<string> {
  return new Promise((resolve) => {
    let received = "";
    const socket = net.connect(Number(new URL(standIn.url).port), "127.0.0.1", () => {
      socket.write(`POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n`);
    });
    socket.on("data", (data) => {
      received += data;
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(received));
  });
}

describe("controls over HTTP", () => {
  const control = (name: string, init: RequestInit = {}) => fetch(`${standIn.url}/_stand-in/${name}`, init);

  test("the log has what was sent, and not the controls themselves", async () => {
    await fetch(`${standIn.baseUrl}/models?team_id=t`, { headers: { "X-Auth-Key": "u" } });
    await refresh("rt-EXAMPLE.+/=");
    await control("state");
    const entries = await body<unknown[]>(await control("log"));
    expect(entries).toEqual([
      {
        time: clock,
        method: "GET",
        path: "/api/v1/models",
        query: { team_id: "t" },
        headers: expect.objectContaining({ "x-auth-key": "u" }),
        form: null,
        status: 401,
      },
      expect.objectContaining({
        method: "POST",
        path: "/oauth/token",
        form: { grant_type: "refresh_token", client_id: "gumloop_cli", refresh_token: "rt-EXAMPLE.+/=" },
        status: 400,
      }),
    ]);
    expect(standIn.log()).toEqual(entries as never);
  });

  test("faults are injected, and wrong ones refused", async () => {
    const inject = (fault: string) => control("faults", { method: "POST", body: fault });
    expect((await inject(`{"path":"*","status":502,"times":1}`)).status).toBe(204);
    for (const wrong of ["", "[]", `{"path":"*","status":"502"}`, `{"path":"*","stauts":502}`]) {
      expect((await inject(wrong)).status).toBe(400);
    }
    expect((await control("state")).status).toBe(200);
    expect((await fetch(`${standIn.baseUrl}/models`)).status).toBe(502);
    expect((await fetch(`${standIn.baseUrl}/models`)).status).toBe(401);
  });

  test("reset forgets everything but the API keys", async () => {
    const { key, userId } = standIn.addApiKey();
    standIn.issueTokens();
    await newCode();
    standIn.faults.inject({ path: "*", status: 500 });
    expect((await control("reset", { method: "POST" })).status).toBe(204);
    expect(await body<object>(await control("state"))).toEqual({
      families: 0,
      revokedFamilies: 0,
      accessTokens: 0,
      codes: 0,
      waiting: 0,
      apiKeys: 1,
    });
    expect(standIn.log()).toEqual([]);
    expect(await statusOf(models(key, { "x-auth-key": userId }))).toBe(200);
  });
});

describe("as a program", () => {
  const MAIN = new URL("./main.ts", import.meta.url).pathname;

  test.each(["SIGINT", "SIGTERM"] as const)("serves, logs no secret, and ends well on %s", async (signal) => {
    const child = Bun.spawn([process.execPath, MAIN, "--json", "--auto-approve"], {
      stdout: "pipe",
      stderr: "pipe",
    });
    const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const ready = JSON.parse((await lines.read()).value ?? "");
    expect(ready).toEqual({
      base_url: expect.any(String),
      api_key: expect.any(String),
      user_id: expect.any(String),
    });
    const headers = { authorization: `Bearer ${ready.api_key}`, "x-auth-key": ready.user_id };
    expect((await fetch(`${ready.base_url}/models?team_id=team_4f8c92ab`, { headers })).status).toBe(200);
    const origin = new URL(ready.base_url).origin;
    const approved = await fetch(`${origin}/oauth/authorize?${new URLSearchParams(AUTHORIZE)}`, {
      redirect: "manual",
    });
    expect(callback(approved)["code"]).toContain("EXAMPLE");
    child.kill(signal);
    expect(await child.exited).toBe(0);
    const stderr = await new Response(child.stderr).text();
    expect(stderr).toBe("GET /api/v1/models 200\nGET /oauth/authorize 302\n");
  });

  test("prints what to try", async () => {
    const child = Bun.spawn([process.execPath, MAIN], { stdout: "pipe", stderr: "pipe" });
    const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const text = (await lines.read()).value ?? "";
    child.kill();
    await child.exited;
    const base = /base URL {2}(\S+)/.exec(text)?.[1];
    const key = /API key {3}(\S+)/.exec(text)?.[1];
    expect(text).toContain(`gum-cred login --method oauth --profile stand-in --base-url ${base}`);
    expect(text).toContain(`printf %s '${key}' | gum-cred login --api-key -`);
  });

  test("refuses a bad port, and one that another process listens on", async () => {
    for (const port of ["70000", "x", new URL(standIn.url).port]) {
      const child = Bun.spawn([process.execPath, MAIN, "--port", port], { stdout: "pipe", stderr: "pipe" });
      const late = setTimeout(() => child.kill("SIGKILL"), 5000);
      expect(await child.exited).toBe(1);
      clearTimeout(late);
      expect(await new Response(child.stderr).text()).toMatch(/--port|EADDRINUSE/);
      expect(await new Response(child.stdout).text()).toBe("");
    }
  });
});
