/** Lives and times that no token has, wherever one is read: nothing throws, and nothing is kept by them. */
import { describe, expect, test } from "bun:test";
import { secret } from "../core/secret.ts";
import { expiryNote, expiryOf, readNote } from "../gumloop/expiry.ts";
import { isMoment, isoTime, LATEST_MS, LONGEST_LIFE_S, lifeSeconds } from "./lifetime.ts";
import { whyRefused } from "./sources/federation/claims.ts";
import { readKept } from "./sources/kept.ts";

/** As they stand in JSON, which knows no Infinity but numbers that are read as it. */
const ODD = ["1e13", "1e16", "1e300", "1e400", "-1e300", "9223372036854775807", "-1", '"600"', "null", "[9]"];
const NOW = Date.parse("2026-11-01T00:00:00Z");
const digest = (text: string) => `${text}-hash`;

describe.each(ODD)("%s", (text) => {
  const value: unknown = JSON.parse(text);

  test("is no life", () => {
    expect(lifeSeconds(value)).toBeNull();
  });

  test("in what is kept of a source keeps nothing", () => {
    const kept = (more: string) =>
      secret(`{"policy":"p","at":${NOW - 1},"expires_at":${NOW + 1},"value":"sk-EXAMPLE"${more}}`);
    expect(readKept(kept(""), "p", NOW)).not.toBeNull();
    expect(readKept(kept(`,"at":${text}`), "p", NOW)).toBeNull();
    const ends = readKept(kept(`,"expires_at":${text}`), "p", NOW);
    expect(ends === null || ends.expiresAt === null || ends.expiresAt <= NOW).toBe(true);
  });

  test("in a note beside a token is no time out of range", () => {
    const token = secret("token-EXAMPLE");
    const of = (more: string) => secret(`{"token":"${digest("token-EXAMPLE")}","expires_at":${more}}`);
    const noted = readNote(token, undefined, of(text), digest);
    expect(noted === null || Math.abs(noted.expiresAtMs) <= LATEST_MS).toBe(true);
    const life = typeof value === "number" ? value : 0;
    expect(() => expiryNote(token, life, digest, null, { lifeMs: life })).not.toThrow();
  });

  test("as a claim of a token is no end", () => {
    const token = secret(`e30.${btoa(`{"exp":${text}}`).replaceAll("=", "")}.x`);
    expect(expiryOf(token, undefined, digest)).toBeNull();
    const claimed = whyRefused(token, NOW, Number.NaN);
    expect(claimed).toContain("issuer");
  });
});

test("a life is up to ten years, and a time is bounded to what a date can hold", () => {
  expect([1, 0.5, LONGEST_LIFE_S, LONGEST_LIFE_S + 1].map(lifeSeconds)).toEqual([
    1,
    0.5,
    LONGEST_LIFE_S,
    null,
  ]);
  expect([0, LATEST_MS, LATEST_MS + 1, -1, Number.NaN].map(isMoment)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
  expect(isoTime(1e300)).toBe(isoTime(LATEST_MS));
  expect(isoTime(-1e300)).toBe("1970-01-01T00:00:00.000Z");
});
