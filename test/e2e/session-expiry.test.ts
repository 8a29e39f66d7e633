/** When a session counts as expired: by our note, by the server's 401, and never for ever by a wrong clock. */
import { afterEach, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { requests, storeExpiredSession, storeSession } from "../support/stored-session.ts";
import { useWorld } from "../support/world.ts";

const world = useWorld({ consent: "approve" });
afterEach(() => {
  world.server.behaviour.expiresIn = 3600;
  world.server.reset();
});

/** Debian's libfaketime, which shows a process another time of day. */
const FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";
const skipClocks = !existsSync(FAKETIME);
if (skipClocks) console.log("session: clock tests skipped, because libfaketime is not installed");

let count = 0;
/** A profile that no other test has touched. */
const fresh = (): string => `expiry${++count}`;
const get = (profile: string) => world.run(["get", "gumloop", "--profile", profile]);
const tokenRequests = () => requests(world, "/oauth/token");

describe("status --verify", () => {
  test("refreshes once when a token of unknown expiry is rejected, and asks again", async () => {
    const profile = fresh();
    const tokens = world.server.issueTokens({ expiresIn: 0 });
    await storeSession(world, profile, { ...tokens, baseUrl: world.server.baseUrl });
    const result = await world.ok(["status", "--verify", "--json", "--profile", profile]);
    expect(JSON.parse(result.stdout)).toMatchObject({ verification: "verified", authenticated: true });
    expect(JSON.parse(result.stdout).expires_at).not.toBeNull();
    expect(tokenRequests()).toBe(1);
    expect(requests(world, "/api/v1/models")).toBe(2);
  });

  test("refreshes at most once, however often the server says 401", async () => {
    for (const expiresAtMs of [undefined, 1]) {
      world.server.reset();
      world.server.faults.inject({ path: "/api/v1/models", status: 401 });
      const profile = fresh();
      const session = { ...world.server.issueTokens({ expiresIn: 0 }), baseUrl: world.server.baseUrl };
      await storeSession(world, profile, { ...session, ...(expiresAtMs ? { expiresAtMs } : {}) });
      const result = await world.run(["status", "--verify", "--json", "--profile", profile]);
      expect(result.code).toBe(3);
      expect(JSON.parse(result.stdout)).toMatchObject({ verification: "rejected", authenticated: false });
      expect(tokenRequests()).toBe(1);
    }
  });

  test("says rejected for a session that is over, and unreachable when that cannot be found out", async () => {
    const cases = [
      [{ status: 503 }, 5, "unreachable"],
      [{ status: 400, body: '{"error":"invalid_grant"}', contentType: "application/json" }, 3, "rejected"],
    ] as const;
    for (const [fault, code, verification] of cases) {
      const profile = fresh();
      const tokens = world.server.issueTokens({ expiresIn: 0 });
      await storeSession(world, profile, { ...tokens, baseUrl: world.server.baseUrl });
      world.server.faults.inject({ path: "/oauth/token", times: 1, ...fault });
      const result = await world.run(["status", "--verify", "--json", "--profile", profile]);
      expect(result.code).toBe(code);
      expect(JSON.parse(result.stdout).verification).toBe(verification);
    }
  });
});

describe("odd lifetimes and clocks: at most one refresh a run, and every run succeeds", () => {
  for (const expiresIn of [0, -1, "3600", 1e308, undefined, null, 1, "soon"]) {
    test(`expires_in ${JSON.stringify(expiresIn)}`, async () => {
      world.server.behaviour.expiresIn = expiresIn;
      const profile = fresh();
      await storeExpiredSession(world, profile);
      for (let run = 1; run <= 3; run++) {
        const before = tokenRequests();
        expect((await get(profile)).code).toBe(0);
        expect(tokenRequests() - before).toBeLessThanOrEqual(1);
      }
      expect(world.server.state().revokedFamilies).toBe(0);
    });
  }

  for (const year of [1970, 2100]) {
    test(`a note written when the clock said ${year} costs one refresh, after which all is well`, async () => {
      const profile = fresh();
      const tokens = world.server.issueTokens({ expiresIn: 0 });
      const expiresAtMs = Date.parse(`${year}-01-01T01:00:00Z`);
      await storeSession(world, profile, { ...tokens, baseUrl: world.server.baseUrl, expiresAtMs });
      for (let run = 1; run <= 3; run++) expect((await get(profile)).code).toBe(0);
      expect(tokenRequests()).toBe(1);
    });

    test.skipIf(skipClocks)(`a clock that says ${year}, and then the right time again`, async () => {
      const profile = fresh();
      await storeExpiredSession(world, profile);
      const wrong = { LD_PRELOAD: FAKETIME, FAKETIME: `@${year}-06-01 00:00:00`, DONT_FAKE_MONOTONIC: "1" };
      for (const env of [wrong, wrong, wrong, {}, {}, {}]) {
        const before = tokenRequests();
        const result = await world.run(["get", "gumloop", "--profile", profile], { env });
        expect(result.code).toBe(0);
        expect(tokenRequests() - before).toBeLessThanOrEqual(1);
      }
      expect(tokenRequests()).toBe(2);
    });
  }

  test.each([200_000, 24 * 3600_000])(
    "a token noted %d ms ahead that nothing renews is handed out",
    async (aheadMs) => {
      const profile = fresh();
      const lifeMs = 3600_000;
      const tokens = world.server.issueTokens();
      const expiresAtMs = Date.now() + lifeMs + aheadMs;
      const session = { accessToken: tokens.accessToken, baseUrl: world.server.baseUrl, expiresAtMs, lifeMs };
      await storeSession(world, profile, session);
      expect(await get(profile)).toMatchObject({ code: 0, stdout: `${tokens.accessToken}\n` });
      await storeSession(world, profile, { ...session, ...tokens });
      expect((await get(profile)).code).toBe(0);
      expect(tokenRequests()).toBe(1);
    },
  );
});
