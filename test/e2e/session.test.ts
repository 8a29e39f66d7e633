/** Refreshing a stored session: once, under the lock, and never at the cost of the session. */
import { afterEach, describe, expect, test } from "bun:test";
import { reveal, secret } from "../../src/core/secret.ts";
import { expiryNote } from "../../src/gumloop/expiry.ts";
import { startStandIn } from "../support/stand-in/server.ts";
import {
  profileEntries,
  removeEntries,
  requests,
  sha256,
  storeEntries,
  storeExpiredSession,
  storeSession,
} from "../support/stored-session.ts";
import { useWorld } from "../support/world.ts";

const world = useWorld({ consent: "approve" });
afterEach(() => {
  Object.assign(world.server.behaviour, { expiresIn: 3600, refreshTokens: "rotate", oauthErrors: "rfc6749" });
  world.server.reset();
});

let count = 0;
/** A profile that no other test has touched. */
const fresh = (): string => `p${++count}`;
const get = (profile: string) => world.run(["get", "gumloop", "--profile", profile]);
const tokenRequests = () => requests(world, "/oauth/token");

describe("an expired session", () => {
  test("is refreshed before use, in place, the rotated refresh token included", async () => {
    const profile = fresh();
    const before = await storeExpiredSession(world, profile);
    const result = await get(profile);
    const after = await profileEntries(world, profile);
    expect(result).toMatchObject({ code: 0, stdout: `${after["access_token"]}\n` });
    expect(after["access_token"]).not.toBe(before.accessToken);
    expect(after["refresh_token"]).not.toBe(before.refreshToken);
    expect(tokenRequests()).toBe(1);
    expect(await get(profile)).toMatchObject({ code: 0, stdout: result.stdout });
    expect(tokenRequests()).toBe(1);
    const status = await world.ok(["status", "--verify", "--json", "--profile", profile]);
    expect(JSON.parse(status.stdout)).toMatchObject({ verification: "verified" });
  });

  test("keeps its refresh token where the server does not rotate it", async () => {
    for (const refreshTokens of ["same", "omit"] as const) {
      world.server.behaviour.refreshTokens = refreshTokens;
      const profile = fresh();
      const before = await storeExpiredSession(world, profile);
      expect((await get(profile)).code).toBe(0);
      const after = await profileEntries(world, profile);
      expect(after["refresh_token"]).toBe(before.refreshToken ?? "");
      expect(after["access_token"]).not.toBe(before.accessToken);
    }
  });

  test("in 50 processes at once: one refresh request, 50 times exit 0 and the same token", async () => {
    const profile = fresh();
    await storeExpiredSession(world, profile);
    const results = await Promise.all(Array.from({ length: 50 }, () => get(profile)));
    expect(results.map(({ code }) => code)).toEqual(Array.from({ length: 50 }, () => 0));
    expect(new Set(results.map(({ stdout }) => stdout)).size).toBe(1);
    expect(tokenRequests()).toBe(1);
    expect(world.server.state().revokedFamilies).toBe(0);
  }, 60_000);

  test("whose refresh got no further than the note on the new token is refreshed, not used", async () => {
    const profile = fresh();
    const { accessToken, refreshToken } = await storeExpiredSession(world, profile);
    const next = secret("the-next-token-EXAMPLE");
    const note = expiryNote(next, Date.now() + 3_600_000, sha256, secret(accessToken));
    await storeEntries(world, "gum-cred", { [`${profile}:expiry`]: reveal(note) });
    const { stdout } = await world.ok(["get", "gumloop", "--profile", profile]);
    expect(stdout).not.toBe(`${accessToken}\n`);
    expect(tokenRequests()).toBe(1);
    expect((await profileEntries(world, profile))["refresh_token"]).not.toBe(refreshToken);
  });

  test("without a refresh token is exit 3, and nothing is asked or removed", async () => {
    const profile = fresh();
    const { accessToken } = world.server.issueTokens({ expiresIn: 0 });
    await storeSession(world, profile, { accessToken, baseUrl: world.server.baseUrl, expiresAtMs: 1 });
    const result = await get(profile);
    expect(result.code).toBe(3);
    expect(result.stderr).toContain("E_EXPIRED");
    expect(world.server.log()).toEqual([]);
    expect((await profileEntries(world, profile))["access_token"]).toBe(accessToken);
  });

  test("is left alone by explain and status, which change nothing", async () => {
    const profile = fresh();
    await storeExpiredSession(world, profile);
    const before = await profileEntries(world, profile);
    await world.ok(["explain", "--profile", profile]);
    await world.ok(["status", "--profile", profile]);
    expect(world.server.log()).toEqual([]);
    expect(await profileEntries(world, profile)).toEqual(before);
  });

  test("is never refreshed for a base URL of another origin: exit 6, nobody is asked", async () => {
    const other = startStandIn();
    const profile = fresh();
    await storeExpiredSession(world, profile);
    const args = ["get", "gumloop", "--profile", profile, "--base-url", other.baseUrl];
    expect((await world.run(args)).code).toBe(6);
    expect([...world.server.log(), ...other.log()]).toEqual([]);
    await other.stop();
  });
});

describe("a refresh that fails", () => {
  const passing = [
    ["408", { status: 408 }, 5],
    ["429", { status: 429, retryAfter: "1" }, 5],
    ["500", { status: 500 }, 5],
    ["503", { status: 503 }, 5],
    ["a captive portal", { body: "<html>welcome to our wifi</html>" }, 5],
    ["a redirect to one", { redirect: "http://portal.example/" }, 5],
    ["a connection that breaks", { drop: true }, 5],
    ["another 400", { status: 400, body: '{"error":"invalid_client"}', contentType: "application/json" }, 3],
    ["an answer without a token", { body: "{}", contentType: "application/json" }, 7],
    ["an answer without end", { floodBytes: 8_000_000, contentType: "application/json" }, 7],
  ] as const;
  for (const [what, fault, code] of passing) {
    test(`by ${what} is exit ${code}, and every entry stays as it was`, async () => {
      const profile = fresh();
      await storeExpiredSession(world, profile);
      const before = await profileEntries(world, profile);
      world.server.faults.inject({ path: "/oauth/token", ...fault });
      expect((await get(profile)).code).toBe(code);
      expect(await profileEntries(world, profile)).toEqual(before);
      expect(tokenRequests()).toBe(1);
      world.server.faults.clear();
      expect((await get(profile)).code).toBe(0);
    });
  }

  test("because the name cannot be resolved, or nobody listens, is exit 5 with every entry as it was", async () => {
    for (const baseUrl of ["https://nobody.invalid/api/v1", "http://127.0.0.1:9/api/v1"]) {
      const profile = fresh();
      const session = { accessToken: "at-EXAMPLE", refreshToken: "rt-EXAMPLE", baseUrl, expiresAtMs: 1 };
      await storeSession(world, profile, session);
      const before = await profileEntries(world, profile);
      expect((await get(profile)).code).toBe(5);
      expect(await profileEntries(world, profile)).toEqual(before);
    }
  });

  for (const oauthErrors of ["rfc6749", "gumloop"] as const) {
    test(`by invalid_grant (${oauthErrors}) ends the session: exit 3, its entries are gone`, async () => {
      world.server.behaviour.oauthErrors = oauthErrors;
      const profile = fresh();
      await storeExpiredSession(world, profile);
      world.server.revokeEverything();
      const result = await get(profile);
      expect(result.code).toBe(3);
      expect(result.stderr).toContain("E_EXPIRED");
      expect(await profileEntries(world, profile)).toEqual({});
      expect((await get(profile)).stderr).toContain("E_NOT_SIGNED_IN");
    });
  }

  test("by invalid_grant leaves an API key beside the session as it is", async () => {
    const profile = fresh();
    await storeExpiredSession(world, profile);
    await storeEntries(world, "gumloop-cli", {
      [`${profile}:api_key`]: "gum-EXAMPLE",
      [`${profile}:user_id`]: "user",
    });
    world.server.revokeEverything();
    expect((await get(profile)).code).toBe(3);
    expect(Object.keys(await profileEntries(world, profile)).sort()).toEqual([
      "api_key",
      "base_url",
      "user_id",
    ]);
    expect(await get(profile)).toMatchObject({ code: 0, stdout: "gum-EXAMPLE\n" });
  });
});

describe("another program without our lock", () => {
  const refused = { status: 400, body: '{"error":"invalid_grant"}', contentType: "application/json" };

  /** Refreshes at the server as the official CLI would. */
  async function rotate(refreshToken: string): Promise<{ access_token: string; refresh_token: string }> {
    const body = new URLSearchParams({
      grant_type: "refresh_token",
      refresh_token: refreshToken,
      client_id: "gumloop_cli",
    });
    return (await fetch(`${world.server.url}/oauth/token`, { method: "POST", body })).json() as never;
  }

  test("that rotated first, and whose writes are still on their way: nothing is deleted, its pair is used", async () => {
    const profile = fresh();
    const { refreshToken = "" } = await storeExpiredSession(world, profile);
    world.server.faults.inject({ path: "/oauth/token", times: 1, delayMs: 250, ...refused });
    const running = get(profile);
    while (tokenRequests() === 0) await Bun.sleep(2);
    const theirs = await rotate(refreshToken);
    await Bun.sleep(300); // gum-cred has its invalid_grant by now, and looks again
    await storeEntries(world, "gumloop-cli", { [`${profile}:access_token`]: theirs.access_token });
    expect(await running).toMatchObject({ code: 0, stdout: `${theirs.access_token}\n` });
    await storeEntries(world, "gumloop-cli", { [`${profile}:refresh_token`]: theirs.refresh_token });
    expect(await profileEntries(world, profile)).toMatchObject({
      access_token: theirs.access_token,
      refresh_token: theirs.refresh_token,
    });
    expect((await world.run(["status", "--verify", "--profile", profile])).code).toBe(0);
  });

  test("that refreshed is not judged by our note about the token before", async () => {
    const profile = fresh();
    const { refreshToken = "" } = await storeExpiredSession(world, profile);
    const theirs = await rotate(refreshToken);
    world.server.reset();
    await storeEntries(world, "gumloop-cli", {
      [`${profile}:access_token`]: theirs.access_token,
      [`${profile}:refresh_token`]: theirs.refresh_token,
    });
    expect(await get(profile)).toMatchObject({ code: 0, stdout: `${theirs.access_token}\n` });
    expect(world.server.log()).toEqual([]);
  });

  test("that signs in while the server answers: its sign-in stands", async () => {
    const profile = fresh();
    await storeExpiredSession(world, profile);
    world.server.faults.inject({ path: "/oauth/token", times: 1, delayMs: 400 });
    const running = get(profile);
    while (tokenRequests() === 0) await Bun.sleep(2);
    const theirs = { ...world.server.issueTokens(), baseUrl: world.server.baseUrl };
    await storeSession(world, profile, theirs);
    expect(await running).toMatchObject({ code: 0, stdout: `${theirs.accessToken}\n` });
    expect(await profileEntries(world, profile)).toEqual({
      access_token: theirs.accessToken,
      refresh_token: theirs.refreshToken,
      base_url: theirs.baseUrl,
    });
  });

  test("that signs out while the server answers: nothing comes back, here or at the server", async () => {
    const profile = fresh();
    await storeExpiredSession(world, profile);
    world.server.faults.inject({ path: "/oauth/token", times: 1, delayMs: 400 });
    const running = get(profile);
    while (tokenRequests() === 0) await Bun.sleep(2);
    const order = ["access_token", "refresh_token", "base_url"];
    await removeEntries(
      world,
      "gumloop-cli",
      order.map((field) => `${profile}:${field}`),
    );
    expect((await running).code).toBe(3);
    expect(await profileEntries(world, profile)).toEqual({});
    expect(world.server.state()).toMatchObject({ families: 0, accessTokens: 0 });
  });
});
