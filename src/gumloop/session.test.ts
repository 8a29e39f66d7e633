/**
 * Another program signs out or in, without our lock, before every single keychain operation of a refresh. The
 * keychain is one in memory, because a real one cannot be stopped between two operations; the server is the
 * stand-in, over HTTP. The same races with real processes: test/e2e/session.test.ts, session-end.test.ts.
 */
import { afterAll, describe, expect, test } from "bun:test";
import { type MemoryKeychain, memoryKeychain, put } from "../../test/support/memory-keychain.ts";
import { startStandIn } from "../../test/support/stand-in/server.ts";
import { sha256 } from "../../test/support/stored-session.ts";
import { reveal } from "../core/secret.ts";
import { expiryOf } from "./expiry.ts";
import { openProfile } from "./profile.ts";
import { refreshSession } from "./session.ts";

const here = startStandIn();
const elsewhere = startStandIn();
afterAll(() => Promise.all([here.stop(), elsewhere.stop()]));

/** All that a refresh needs of a run that has just begun. */
function portsOf(): Parameters<typeof refreshSession>[2] {
  return {
    digest: sha256,
    now: Date.now,
    processes: async () => [],
    raw: {},
    lock: async () => ({ release() {} }),
    busy: (_, work) => work,
    debug() {},
    note() {},
    memory: { refreshSent: false },
  };
}

const name = (field: string): string => `gumloop-cli/p:${field}`;

interface Found {
  readonly token: string | undefined;
  readonly refreshToken: string | undefined;
  readonly baseUrl: string | undefined;
}

/** Refreshes an expired session while `other` acts before operation `at`; null when it took fewer operations. */
async function race(at: number, other: (keychain: MemoryKeychain) => void): Promise<Found | null> {
  here.reset();
  elsewhere.reset();
  const old = here.issueTokens({ expiresIn: 0 });
  const keychain: MemoryKeychain = memoryKeychain((operation) => {
    if (operation === at) other(keychain);
  });
  put(keychain, {
    [name("access_token")]: old.accessToken,
    [name("refresh_token")]: old.refreshToken,
    [name("base_url")]: here.baseUrl,
  });
  const stale = await openProfile(memoryWith(keychain), "p", sha256).read();
  await refreshSession(openProfile(keychain, "p", sha256), stale, portsOf());
  if (keychain.operations < at) return null;
  const value = (field: string) => {
    const found = keychain.entries.get(name(field));
    return found && reveal(found);
  };
  return { token: value("access_token"), refreshToken: value("refresh_token"), baseUrl: value("base_url") };
}

/** The same entries, without being counted. */
function memoryWith(keychain: MemoryKeychain): MemoryKeychain {
  const copy = memoryKeychain();
  for (const [account, value] of keychain.entries) copy.entries.set(account, value);
  return copy;
}

/** Races at every operation; gives how many there were. */
async function everywhere(
  other: (keychain: MemoryKeychain) => void,
  check: (found: Found, at: number) => void | Promise<void>,
): Promise<number> {
  for (let at = 1; ; at++) {
    const found = await race(at, other);
    if (found === null) return at - 1;
    await check(found, at);
  }
}

describe("while a session is refreshed, at every operation", () => {
  test("a sign-out is final: nothing comes back, here or at the server", async () => {
    let whole = false;
    const signOut = (keychain: MemoryKeychain): void => {
      // The expiry note of the new access token is the last but one that is written.
      const token = keychain.entries.get(name("access_token"));
      const note = keychain.entries.get("gum-cred/p:expiry");
      whole = note !== undefined && token !== undefined && expiryOf(token, note, sha256) !== null;
      for (const field of ["access_token", "refresh_token", "base_url"]) keychain.entries.delete(name(field));
    };
    const raced = await everywhere(signOut, (found, at) => {
      expect({ at, ...found }).toEqual({ at, token: undefined, refreshToken: undefined, baseUrl: undefined });
      // Who signs out revokes what stands there at that moment; a pair that does not yet is gum-cred's to revoke.
      const requests = here.log().map(({ path }) => path);
      const theirs = !requests.includes("/oauth/token") || whole;
      expect([at, theirs || requests.includes("/oauth/revoke")]).toEqual([at, true]);
    });
    expect(raced).toBeGreaterThan(8);
  });

  test("a sign-in elsewhere leaves no token beside a base URL that did not issue it", async () => {
    const raced = await everywhere(
      (keychain) => {
        const theirs = elsewhere.issueTokens();
        put(keychain, {
          [name("access_token")]: theirs.accessToken,
          [name("refresh_token")]: theirs.refreshToken,
          [name("base_url")]: elsewhere.baseUrl,
        });
      },
      async ({ token, baseUrl }, at) => {
        if (token === undefined) return;
        const headers = { authorization: `Bearer ${token}` };
        const { status } = await fetch(`${baseUrl}/models`, { headers });
        expect({ at, baseUrl, status }).toEqual({ at, baseUrl: elsewhere.baseUrl, status: 200 });
      },
    );
    expect(raced).toBeGreaterThan(8);
  });

  test("a rotation by a program that was faster stands, or is replaced by a whole pair", async () => {
    const raced = await everywhere(
      (keychain) => {
        const theirs = here.issueTokens();
        put(keychain, {
          [name("access_token")]: theirs.accessToken,
          [name("refresh_token")]: theirs.refreshToken,
        });
      },
      async ({ token, refreshToken, baseUrl }, at) => {
        expect(baseUrl).toBe(here.baseUrl);
        const headers = { authorization: `Bearer ${token}` };
        expect([at, (await fetch(`${baseUrl}/models`, { headers })).status]).toEqual([at, 200]);
        const form = {
          grant_type: "refresh_token",
          refresh_token: refreshToken ?? "",
          client_id: "gumloop_cli",
        };
        const body = new URLSearchParams(form);
        const renewed = await fetch(`${here.url}/oauth/token`, { method: "POST", body });
        expect([at, renewed.status]).toEqual([at, 200]);
      },
    );
    expect(raced).toBeGreaterThan(8);
  });
});

test("a run sends one refresh request, however often it is asked to refresh", async () => {
  here.reset();
  const old = here.issueTokens({ expiresIn: 0 });
  const keychain = memoryKeychain();
  put(keychain, {
    [name("access_token")]: old.accessToken,
    [name("refresh_token")]: old.refreshToken,
    [name("base_url")]: here.baseUrl,
  });
  const profile = openProfile(keychain, "p", sha256);
  const requests = () => here.log().filter(({ path }) => path === "/oauth/token").length;
  const ports = portsOf();
  const first = await refreshSession(profile, await profile.read(), ports);
  expect([requests(), ports.memory.refreshSent]).toEqual([1, true]);
  // The same run again, with what it just received: nothing is sent, and nothing changes.
  expect(await refreshSession(profile, first, ports)).toEqual(first);
  expect(requests()).toBe(1);
  // The next run may refresh once more.
  await refreshSession(profile, first, portsOf());
  expect(requests()).toBe(2);
});
