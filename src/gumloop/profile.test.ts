/** A profile's entries as one object: the order of writes, and that stopping at any of them leaves no mixture. */
import { describe, expect, test } from "bun:test";
import { type MemoryKeychain, memoryKeychain, put } from "../../test/support/memory-keychain.ts";
import { sha256 } from "../../test/support/stored-session.ts";
import { reveal, secret } from "../core/secret.ts";
import { expiryNote } from "./expiry.ts";
import { type NewCredential, openProfile, type Profile, profileNames } from "./profile.ts";

const OLD: Readonly<Record<string, string>> = {
  "gumloop-cli/p:access_token": "old-token-EXAMPLE",
  "gumloop-cli/p:refresh_token": "old-refresh-EXAMPLE",
  "gumloop-cli/p:api_key": "old-key-EXAMPLE",
  "gumloop-cli/p:user_id": "old-user",
  "gumloop-cli/p:base_url": "https://old.example",
};
const BASE_URL = "https://new.example";
const TOKENS: NewCredential = {
  method: "oauth",
  accessToken: secret("new-token-EXAMPLE"),
  refreshToken: secret("new-refresh-EXAMPLE"),
  expiresAtMs: 1_800_000_000_000,
  baseUrl: BASE_URL,
};
const KEY: NewCredential = {
  method: "api_key",
  apiKey: secret("new-key-EXAMPLE"),
  userId: "new-user",
  baseUrl: BASE_URL,
};

const plain = ({ entries }: MemoryKeychain): Record<string, string> =>
  Object.fromEntries([...entries].map(([name, value]) => [name, reveal(value)]));

/** The entries after `work` was stopped before each of its operations in turn; the last one is complete. */
async function stoppedEverywhere(
  work: (profile: Profile) => Promise<unknown>,
): Promise<Record<string, string>[]> {
  const states: Record<string, string>[] = [];
  for (let at = 1; ; at++) {
    const keychain = memoryKeychain((operation) => {
      if (operation === at) throw new Error("stopped");
    });
    put(keychain, OLD);
    const wasStopped = await work(openProfile(keychain, "p", sha256)).then(
      () => false,
      () => true,
    );
    states.push(plain(keychain));
    if (!wasStopped) return states;
  }
}

const SIGNS_IN = ["gumloop-cli/p:access_token", "gumloop-cli/p:api_key"];

describe("stopped at any operation, no credential is beside what belongs to another", () => {
  test.each([
    ["storing tokens", (profile: Profile) => profile.store(TOKENS)],
    ["storing a key", (profile: Profile) => profile.store(KEY)],
    ["clearing", (profile: Profile) => profile.clear()],
    ["clearing the session", (profile: Profile) => profile.clearSession()],
  ])("%s", async (_, work) => {
    const states = await stoppedEverywhere(work);
    expect(states.length).toBeGreaterThan(3);
    for (const state of states) {
      const signsIn = SIGNS_IN.filter((name) => name in state);
      const generations = Object.entries(state)
        .filter(([name]) => name.startsWith("gumloop-cli/"))
        .map(([, value]) => (value.includes("new") ? "new" : "old"));
      if (signsIn.length > 0) expect([new Set(generations).size, state]).toEqual([1, state]);
    }
  });
});

test("a stored sign-in is read back with its expiry, which counts for its own token only", async () => {
  const keychain = memoryKeychain();
  put(keychain, OLD);
  const profile = openProfile(keychain, "p", sha256);
  await profile.store(TOKENS);
  const { stored, expiresAtMs } = await profile.read();
  expect(Object.keys(stored).sort()).toEqual(["access_token", "base_url", "refresh_token"]);
  expect(expiresAtMs).toBe(1_800_000_000_000);
  await profile.write("access_token", secret("another-EXAMPLE"));
  expect((await profile.read()).expiresAtMs).toBeNull();
});

test("a session that has ended leaves the API key beside it, and nothing else that signs in", async () => {
  const keychain = memoryKeychain();
  put(keychain, OLD);
  await openProfile(keychain, "p", sha256).clearSession();
  expect(Object.keys(plain(keychain)).sort()).toEqual([
    "gumloop-cli/p:api_key",
    "gumloop-cli/p:base_url",
    "gumloop-cli/p:user_id",
  ]);
});

test("profile names come from account names; unknown fields and empty names are ignored", async () => {
  const keychain = memoryKeychain();
  put(keychain, {
    ...OLD,
    "gumloop-cli/a:b:user_id": "x",
    "gumloop-cli/q:other": "x",
    "gumloop-cli/:api_key": "x",
  });
  expect(await profileNames(keychain)).toEqual(["a:b", "p"]);
});

describe("a moment that is still to come was noted while the clock was ahead", () => {
  const DAY_MS = 24 * 3600_000;
  const HOUR_MS = 3600_000;

  test.each([
    [-DAY_MS, -DAY_MS + HOUR_MS],
    [0, HOUR_MS],
    [DAY_MS, null],
  ])("an entry written at %d from now expires at %p", async (writtenAt, expires) => {
    const now = Date.now();
    const memory = memoryKeychain();
    put(memory, OLD);
    const modifiedAt = async (_: string, accounts: readonly string[]) =>
      new Map(accounts.map((account) => [account, now + writtenAt]));
    const { expiresAtMs } = await openProfile({ ...memory, modifiedAt }, "p", sha256).read();
    expect(expiresAtMs).toBe(expires === null ? null : now + expires);
  });

  test.each([
    [HOUR_MS, HOUR_MS, true],
    [HOUR_MS + 30_000, HOUR_MS, true],
    [DAY_MS, HOUR_MS, false],
    [DAY_MS, undefined, true],
  ])("a note of %d from now with a life of %p counts: %p", async (leftMs, lifeMs, counts) => {
    const at = Date.now() + leftMs;
    const keychain = memoryKeychain();
    const token = secret("old-token-EXAMPLE");
    const note = expiryNote(token, at, sha256, null, { lifeMs });
    put(keychain, { ...OLD, "gum-cred/p:expiry": reveal(note) });
    const { expiresAtMs } = await openProfile(keychain, "p", sha256).read();
    expect(expiresAtMs).toBe(counts ? at : null);
  });
});
