/** Times as people say them. */
import { expect, test } from "bun:test";
import { relativeTime } from "./relative-time.ts";

const NOW = Date.parse("2026-01-01T12:00:00Z");
const CASES: readonly (readonly [string, string])[] = [
  ["2026-01-01T12:58:30Z", "in 58 min"],
  ["2026-01-01T12:00:30Z", "in 30 s"],
  ["2026-01-01T12:00:00Z", "now"],
  ["2026-01-01T11:00:00Z", "1 hour ago"],
  ["2026-01-03T13:00:00Z", "in 2 days"],
  ["2025-12-31T11:00:00Z", "1 day ago"],
  ["nonsense", ""],
];
for (const [iso, expected] of CASES) test(iso, () => expect(relativeTime(iso, NOW)).toBe(expected));
