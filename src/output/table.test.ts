/** Tables line up in a terminal whatever their cells are made of. */
import { expect, test } from "bun:test";
import { facts, table } from "./table.ts";

/** The columns of a terminal before the last cell of each line. */
const starts = (text: string, last: string) =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => Bun.stringWidth(line.slice(0, line.indexOf(last))));

const NAMES = ["plain", "\u6771\u4eac", "cafe\u0301", "\u{1f511} key", "\uff21\uff22", ""];

test("the columns of a table begin at the same place", () => {
  const text = table(
    ["NAME", "|"],
    NAMES.map((name) => [name, "|"]),
  );
  expect(new Set(starts(text, "|"))).toEqual(new Set([8]));
});

test("the values of facts begin at the same place", () => {
  const text = facts(NAMES.map((name) => [name, "|"] as const));
  expect(new Set(starts(text, "|"))).toEqual(new Set([8]));
  expect(facts([["a", null]])).toBe("");
});

test("no cell is longer than its column, and no line ends in blanks", () => {
  const text = table(
    ["A", "B"],
    [
      ["x", ""],
      ["\u6771\u4eac", "y"],
    ],
  );
  expect(text).toBe("A     B\nx\n\u6771\u4eac  y\n");
});
