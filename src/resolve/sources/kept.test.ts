/** For how long a source's value is kept, and what ends it. */
import { describe, expect, test } from "bun:test";
import { reveal, secret } from "../../core/secret.ts";
import type { ConfiguredSource } from "../policy.ts";
import { freshUntil, isKept, type Kept, readKept, staleUntil, worthKeeping, writeKept } from "./kept.ts";

const AT = 1_000_000;
const key = { kind: "path", path: "/x" } as const;
const token: ConfiguredSource = {
  kind: "federation",
  federation: { provider: "openai", ids: {}, token: { kind: "file", path: "/x" }, tokenUrl: null },
};
const kept = (seconds: number | null = null): Kept => ({
  value: secret("sk-EXAMPLE"),
  at: AT,
  expiresAt: seconds === null ? null : AT + seconds * 1000,
});

test.each<[name: string, source: ConfiguredSource, life: number | null, fresh: number, stale: number]>([
  ["a key that nobody keeps", key, null, 0, 0],
  ["cache_s", { ...key, cacheS: 300 }, null, 300, 300],
  ["stale_ok_s alone", { ...key, staleOkS: 60 }, null, 0, 60],
  ["both", { ...key, cacheS: 300, staleOkS: 60 }, null, 300, 360],
  ["a token of ten minutes", token, 600, 540, 540],
  ["a token of a minute", token, 60, 45, 45],
  ["a token without an end", token, null, 0, 0],
  ["a token that cache_s makes shorter", { ...token, cacheS: 100 }, 600, 100, 100],
  ["a token that cache_s cannot make longer", { ...token, cacheS: 9000 }, 600, 540, 540],
  ["a token stands in until its end and no longer", { ...token, staleOkS: 9000 }, 600, 540, 600],
])("%s", (_name, source, life, fresh, stale) => {
  expect((freshUntil(kept(life), source) - AT) / 1000).toBe(fresh);
  expect((staleUntil(kept(life), source) - AT) / 1000).toBe(stale);
  expect(worthKeeping(kept(life), source)).toBe(stale > 0);
  expect(isKept(source)).toBe(source.kind === "federation" || stale > 0);
});

describe("what is read back", () => {
  const stored = writeKept(kept(600), "hash");
  test("is what was written", () => {
    const back = readKept(stored, "hash", AT + 1);
    expect(back).toMatchObject({ at: AT, expiresAt: AT + 600_000 });
    expect(back && reveal(back.value)).toBe("sk-EXAMPLE");
  });
  test("is nothing for another policy, from the future, or malformed", () => {
    expect(readKept(stored, "other", AT + 1)).toBeNull();
    expect(readKept(stored, "hash", AT - 1)).toBeNull();
    expect(readKept(null, "hash", AT)).toBeNull();
    const withMore = (more: object) =>
      secret(JSON.stringify({ policy: "hash", at: AT, expires_at: null, value: "sk-EXAMPLE", ...more }));
    expect(readKept(withMore({}), "hash", AT)).not.toBeNull();
    for (const more of [{ at: "1" }, { value: "a b" }, { value: 7 }, { expires_at: "x" }, { policy: null }]) {
      expect(readKept(withMore(more), "hash", AT)).toBeNull();
    }
    for (const text of ["", "null", "[]", "7", "{"]) expect(readKept(secret(text), "hash", AT)).toBeNull();
  });
});
