/** A profile that another program is writing is read until it stands still: every moment of its five writes. */
import { describe, expect, test } from "bun:test";
import { type MemoryKeychain, memoryKeychain, put } from "../../test/support/memory-keychain.ts";
import { sha256 } from "../../test/support/stored-session.ts";
import { reveal, secret } from "../core/secret.ts";
import type { Keychain } from "../keychain/keychain.ts";
import type { Ports } from "../resolve/ports.ts";
import { openProfile } from "./profile.ts";
import { readSettled } from "./settled.ts";

const FIELDS = ["access_token", "refresh_token", "api_key", "user_id", "base_url"] as const;
const PORTS = {
  digest: sha256,
  now: Date.now,
  lock: async () => ({ release() {} }),
  busy: (_: string, work: Promise<unknown>) => work,
} as unknown as Ports;

type Fields = Readonly<Partial<Record<(typeof FIELDS)[number], string>>>;

/** A keychain that keeps times as the Secret Service does: in whole seconds. */
function timed(memory: MemoryKeychain, seconds: Map<string, number>): Keychain {
  return {
    ...memory,
    modifiedAt: async (service, accounts) =>
      new Map(
        accounts.flatMap((account) => {
          const at = seconds.get(`${service}/${account}`);
          return at === undefined || !memory.entries.has(`${service}/${account}`) ? [] : [[account, at]];
        }),
      ),
  };
}

/** What a sign-in of the official client does, one entry every `gapMs`, beginning with the `from`th. */
async function signIn(
  memory: MemoryKeychain,
  seconds: Map<string, number>,
  next: Fields,
  from: number,
  gapMs: number,
) {
  for (const field of FIELDS.slice(from)) {
    const name = `gumloop-cli/p:${field}`;
    const value = next[field];
    if (value === undefined) memory.entries.delete(name);
    else {
      memory.entries.set(name, secret(value));
      seconds.set(name, Math.floor(Date.now() / 1000) * 1000);
    }
    await Bun.sleep(gapMs);
  }
}

const session = (name: string): Fields => ({
  access_token: `at-${name}-EXAMPLE`,
  refresh_token: `rt-${name}-EXAMPLE`,
  base_url: `https://${name}.example/api/v1`,
});
const key = (name: string): Fields => ({
  api_key: `gum-${name}-EXAMPLE`,
  user_id: `user-${name}`,
  base_url: `https://${name}.example/api/v1`,
});

describe("read after any number of the writes, the rest is waited for", () => {
  const kinds: [string, Fields, Fields][] = [
    ["a session over a session", session("a"), session("b")],
    ["a key over a key", key("a"), key("b")],
    ["a key over a session", session("a"), key("b")],
    ["a session over a key", key("a"), session("b")],
    ["a session over nothing", {}, session("b")],
  ];
  const recency: [string, number][] = [
    ["a moment ago", 0],
    ["long ago", 3_600_000],
  ];
  for (const [kind, old, next] of kinds) {
    test.concurrent.each(recency)(
      `${kind}, signed in %s`,
      async (_, ageMs) => {
        await Promise.all(
          FIELDS.map(async (__, done) => {
            const memory = memoryKeychain();
            const seconds = new Map<string, number>();
            put(
              memory,
              Object.fromEntries(Object.entries(old).map(([f, value]) => [`gumloop-cli/p:${f}`, value])),
            );
            for (const name of memory.entries.keys()) {
              seconds.set(name, Math.floor((Date.now() - ageMs) / 1000) * 1000);
            }
            await signIn(memory, seconds, next, 0, 0).then(() => {});
            // Back to how it was after `done` writes.
            for (const field of FIELDS.slice(done)) {
              const name = `gumloop-cli/p:${field}`;
              const value = old[field];
              if (value === undefined) memory.entries.delete(name);
              else {
                memory.entries.set(name, secret(value));
                seconds.set(name, Math.floor((Date.now() - ageMs) / 1000) * 1000);
              }
            }
            const rest = Bun.sleep(40).then(() => signIn(memory, seconds, next, done, 40));
            const { stored } = await readSettled(openProfile(timed(memory, seconds), "p", sha256), PORTS);
            await rest;
            const names = Object.values(stored).map((value) =>
              /-(\w)-|-(\w)$|\/(\w)\./
                .exec(reveal(value ?? secret("")))
                ?.slice(1)
                .find(Boolean),
            );
            expect([done, new Set(names).size]).toEqual([done, Object.keys(stored).length === 0 ? 0 : 1]);
            const whole = stored.base_url && (stored.access_token || (stored.api_key && stored.user_id));
            if (Object.keys(stored).length > 0) expect([done, Boolean(whole)]).toEqual([done, true]);
          }),
        );
      },
      20_000,
    );
  }
});

test("our own sign-in is read at once, however recent", async () => {
  const memory = memoryKeychain();
  const seconds = new Map<string, number>();
  const keychain = timed(memory, seconds);
  const profile = openProfile(keychain, "p", sha256);
  await profile.store({
    method: "api_key",
    apiKey: secret("gum-EXAMPLE"),
    userId: "u",
    baseUrl: "https://a.example",
  });
  for (const name of memory.entries.keys()) seconds.set(name, Math.floor(Date.now() / 1000) * 1000);
  const started = performance.now();
  await readSettled(profile, PORTS);
  await profile.store({
    method: "oauth",
    accessToken: secret("at-EXAMPLE"),
    refreshToken: null,
    expiresAtMs: Date.now() + 3_600_000,
    baseUrl: "https://a.example",
  });
  const before = memory.operations;
  await readSettled(profile, PORTS);
  // The entries and the note, and no question about times.
  expect(memory.operations - before).toBe(2);
  expect(performance.now() - started).toBeLessThan(400);
});
