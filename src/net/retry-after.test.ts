/** How long a server asks to wait, in both forms of the header. */
import { expect, test } from "bun:test";
import { askedWait, withWait } from "./retry-after.ts";

const NOW = Date.parse("2026-10-21T07:28:00Z");
const headers = (entries: Record<string, string>) => new Headers(entries);

test.each([
  ["30", "30 s"],
  [" 1 ", "1 s"],
  ["120", "120 s"],
  ["121", "3 min"],
  ["7200", "120 min"],
  ["7201", "3 hours"],
  ["86400", "24 hours"],
  ["86401", "more than a day"],
  ["9".repeat(30), "more than a day"],
  ["Wed, 21 Oct 2026 07:28:30 GMT", "30 s"],
  ["Wednesday, 21-Oct-26 07:38:00 GMT", "10 min"],
  ["Wed, 21 Oct 2099 07:28:00 GMT", "more than a day"],
  ["Wed, 21 Oct 2026 07:27:00 GMT", null],
  ["0", null],
  ["-1", null],
  ["1e9", null],
  ["30 s", null],
  ["soon", null],
  ["Sun, soon", null],
  ["", null],
])("Retry-After: %s", (value, wait) => {
  expect(askedWait(headers({ "retry-after": value }), NOW)).toBe(wait);
});

test("a date is read by the server's own clock", () => {
  const both = { "retry-after": "Wed, 21 Oct 2026 07:28:30 GMT", date: "Wed, 21 Oct 2026 07:28:20 GMT" };
  expect(askedWait(headers(both), NOW + 3_600_000)).toBe("10 s");
});

test("the message and the hint name it, and stay as they are without it", () => {
  expect(withWait("busy (429)", "later", headers({ "retry-after": "30" }), NOW)).toEqual([
    "busy (429); it asks to wait 30 s",
    "try again in 30 s; nothing stored was changed",
  ]);
  expect(withWait("busy (429)", "later", headers({}), NOW)).toEqual(["busy (429)", "later"]);
});
