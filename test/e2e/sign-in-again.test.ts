/** Signing in over a sign-in: in place, revoking nothing, by two programs at once, and what this shell still shadows. */
import { afterEach, describe, expect, test } from "bun:test";
import { run } from "../support/binary.ts";
import { profileEntries, requests } from "../support/stored-session.ts";
import { useWorld } from "../support/world.ts";

const world = useWorld({ consent: "approve" });
afterEach(() => world.server.reset());

let count = 0;
const fresh = (): string => `again${++count}`;
const at = (profile: string) => ["--profile", profile, "--base-url", world.server.baseUrl];
const withToken = (profile: string, stdin: string, env: Record<string, string> = {}) =>
  world.ok(["login", "--access-token", "-", ...at(profile)], { stdin, env });

describe("what this shell still uses is said, with the line that mends it", () => {
  test("a variable of the user's own", async () => {
    const { accessToken } = world.server.issueTokens();
    const { stderr } = await withToken(fresh(), accessToken, { GUMLOOP_API_KEY: "k", GUMLOOP_USER_ID: "u" });
    expect(stderr).toContain("GUMLOOP_API_KEY is set and wins over what was stored");
    expect(stderr).toContain("run 'unset GUMLOOP_API_KEY'\n");
  });

  test("what gum-cred exported itself, and not what is in force again", async () => {
    const profile = fresh();
    const { accessToken } = world.server.issueTokens();
    await withToken(profile, accessToken);
    const env = JSON.parse((await world.ok(["env", "--format", "json", ...at(profile)])).stdout);
    expect((await withToken(profile, accessToken, env)).stderr).not.toContain("warning");
    const { stderr } = await withToken(profile, world.server.issueTokens().accessToken, env);
    expect(stderr).toContain("GUMLOOP_ACCESS_TOKEN in this shell is of an earlier sign-in");
    expect(stderr).toContain(`run 'eval $(gum-cred env --profile ${profile})'\n`);
  });
});

test("a session that is signed in over lives on where it is in use", async () => {
  const profile = fresh();
  const { accessToken } = world.server.issueTokens();
  await withToken(profile, accessToken);
  await withToken(profile, world.server.issueTokens().accessToken);
  expect(requests(world, "/oauth/revoke")).toBe(0);
  const headers = { authorization: `Bearer ${accessToken}` };
  expect((await fetch(`${world.server.baseUrl}/models`, { headers })).status).toBe(200);
});

test("two logins at once: one whole sign-in is left, and both report what is true", async () => {
  for (let round = 0; round < 10; round++) {
    const profile = fresh();
    const keys = ["a", "b"].map((name) => world.server.addApiKey({ userId: `user-${name}-${round}` }));
    const results = await Promise.all(
      keys.map(({ key, userId }) =>
        world.run(["login", "--api-key", "-", "--user-id", userId, ...at(profile)], { stdin: key }),
      ),
    );
    expect(results.map(({ code }) => code)).toEqual([0, 0]);
    const { api_key: key, user_id: userId } = await profileEntries(world, profile);
    expect(keys.map((one) => `${one.key} ${one.userId}`)).toContain(`${key} ${userId}`);
  }
});

test("the official client's spelling of the method", async () => {
  const { key, userId } = world.server.addApiKey();
  const profile = fresh();
  const more = ["--api-key", "-", "--user-id", userId, ...at(profile)];
  await world.ok(["login", "--method", "api_key", ...more], { stdin: key });
  expect((await profileEntries(world, profile))["api_key"]).toBe(key);
});

test("refresh where there is no keychain has nothing to renew", async () => {
  const { code, stderr } = await run(["refresh"]);
  expect(code).toBe(3);
  expect(stderr).toContain("there is nothing to renew");
});

describe("refresh", () => {
  const session = async (profile: string, expiresIn = 3600) => {
    const { plant } = await import("../support/stored-session.ts");
    const { accessToken, refreshToken } = world.server.issueTokens({ expiresIn });
    const fields = {
      access_token: accessToken,
      refresh_token: refreshToken,
      base_url: world.server.baseUrl,
    };
    await plant(world, profile, fields, Date.now() + expiresIn * 1000);
    return fields;
  };

  test("renews a session that is still good", async () => {
    const profile = fresh();
    const before = await session(profile);
    const { stdout } = await world.ok(["refresh", "--json", "--profile", profile]);
    const renewed = JSON.parse(stdout);
    expect(renewed).toMatchObject({ status: "ok", profile, base_url: world.server.baseUrl });
    expect(Date.parse(renewed.expires_at)).toBeGreaterThan(Date.now());
    const after = await profileEntries(world, profile);
    expect(after["access_token"]).not.toBe(before.access_token);
    expect(after["refresh_token"]).not.toBe(before.refresh_token);
  });

  test.each(["nothing", "an API key", "a token alone"])("with %s stored is exit 3", async (what) => {
    const profile = fresh();
    if (what === "an API key") await world.signInWithKey(profile);
    if (what === "a token alone") await world.signInWithToken(profile);
    const result = await world.run(["refresh", "--profile", profile]);
    expect(result.code).toBe(3);
    expect(requests(world, "/oauth/token")).toBe(0);
  });

  test("for another server is exit 6, and asks nobody", async () => {
    const profile = fresh();
    await session(profile);
    const other = ["--base-url", "https://evil.example/api/v1"];
    expect((await world.run(["refresh", "--profile", profile, ...other])).code).toBe(6);
    expect(requests(world, "/oauth/token")).toBe(0);
  });

  test("says after a few seconds that it waits for a slow server, and is not over before the answer", async () => {
    const profile = fresh();
    await session(profile);
    world.server.faults.inject({ path: "/oauth/token", times: 1, afterHandling: true, delayMs: 17_000 });
    const { stderr } = await world.ok(["refresh", "--profile", profile], { timeoutMs: 40_000 });
    expect(stderr).toContain("waiting for the server's tokens");
    expect(world.server.state().revokedFamilies).toBe(0);
    await world.ok(["refresh", "--profile", profile, "--quiet"]);
  }, 60_000);
});

test("tokens that live for seconds are used until they are nearly over, not refreshed at every call", async () => {
  world.server.behaviour.expiresIn = 20;
  const profile = fresh();
  const { accessToken, refreshToken } = world.server.issueTokens({ expiresIn: 0 });
  const { plant } = await import("../support/stored-session.ts");
  const fields = { access_token: accessToken, refresh_token: refreshToken, base_url: world.server.baseUrl };
  await plant(world, profile, fields, Date.now() - 1_000);
  for (let run = 0; run < 5; run++) await world.ok(["get", "gumloop", "--profile", profile]);
  world.server.behaviour.expiresIn = 3600;
  expect(requests(world, "/oauth/token")).toBe(1);
});

test("teams are listed with their ids; a refusal is told with the server's words", async () => {
  const profile = fresh();
  await world.signInWithToken(profile);
  const { stdout } = await world.ok(["teams", "--json", "--profile", profile]);
  expect(JSON.parse(stdout)).toEqual({ teams: [{ id: "team_4f8c92ab", name: "Acme Sales" }] });
  const body = '{"error":{"code":"x","message":"your plan does not include API access"}}';
  world.server.faults.inject({ path: "/api/v1/teams", status: 403, body, contentType: "application/json" });
  const refused = await world.run(["teams", "--profile", profile]);
  expect(refused.code).toBe(3);
  expect(refused.stderr).toContain("your plan does not include API access");
});

describe("profiles", () => {
  test("are listed; another becomes the default; flag and variable win; others' file does not count", async () => {
    const { chmodSync } = await import("node:fs");
    await world.signInWithKey("work");
    const token = await world.signInWithToken("home");
    const config = { XDG_CONFIG_HOME: `${world.home}/config` };
    const list = async () => JSON.parse((await world.ok(["profiles", "--json"], { env: config })).stdout);
    expect((await list()).default).toBe("default");
    await world.ok(["profiles", "use", "home"], { env: config });
    const found = await list();
    expect(found.default).toBe("home");
    expect(found.profiles).toContainEqual({
      profile: "home",
      default: true,
      auth_method: "oauth",
      base_url: world.server.baseUrl,
      user_id: null,
      team_id: null,
    });
    const get = (more: readonly string[], env = {}) =>
      world.run(["get", "gumloop", ...more], { env: { ...config, ...env } });
    expect((await get([])).stdout).toBe(`${token}\n`);
    expect((await get(["--profile", "work"])).stdout).not.toBe(`${token}\n`);
    expect((await get([], { GUM_CRED_PROFILE: "work" })).stdout).not.toBe(`${token}\n`);
    expect((await world.ok(["profiles", "list"], { env: config })).stdout).toMatch(/\* +home +OAuth/);

    expect((await world.run(["profiles", "use", "nobody"], { env: config })).code).toBe(2);
    expect((await list()).default).toBe("home");

    chmodSync(`${world.home}/config/gum-cred/config.json`, 0o666);
    const ignored = await get([]);
    expect(ignored.stderr).toContain("gum-cred: warning:");
    expect(ignored.stderr).toContain("is ignored");
    expect(ignored.stdout).not.toBe(`${token}\n`);
  });
});
