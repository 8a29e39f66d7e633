/** Tables line up in a terminal whatever their cells are made of. */
import { describe, expect, test } from "bun:test";
import { facts, table } from "./table.ts";
import { wrapped, wrappedProse } from "./wrap.ts";

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

describe("where there is no room", () => {
  const URL_ = "https://platform.example.com/settings/keys";
  const HEADINGS = ["Id", "Variables", "Create a key"];
  const ROW = ["openai", "OPENAI_API_KEY, OTHER_KEY", URL_];

  test.each([
    [80, ["Id      Variables                  Create a key", `openai  OPENAI_API_KEY, OTHER_KEY  ${URL_}`]],
    [
      70,
      [
        "Id      Variables           Create a key",
        `openai  OPENAI_API_KEY,     ${URL_}`,
        "        OTHER_KEY",
      ],
    ],
    [50, ["Id      Variables", "    Create a key", "openai  OPENAI_API_KEY, OTHER_KEY", `    ${URL_}`]],
    [46, ["Id      Variables", "    Create a key", "openai  OPENAI_API_KEY, OTHER_KEY", `    ${URL_}`]],
    [42, ["openai", "  Variables     OPENAI_API_KEY, OTHER_KEY", "  Create a key", URL_]],
    [
      30,
      [
        "openai",
        "  Variables",
        "    OPENAI_API_KEY, OTHER_KEY",
        "  Create a key",
        "https://platform.example.com/",
        "settings/keys",
      ],
    ],
  ])("%p columns tear no URL that fits", (limit, shown) => {
    const text = table(HEADINGS, [ROW], limit);
    expect(text.trimEnd().split("\n")).toEqual(shown);
  });

  test("an empty cell has no second line, and a first column without a name is part of a list's title", () => {
    expect(table(HEADINGS, [ROW, ["other", "X", ""]], 50)).toEndWith(`    ${URL_}\nother   X\n`);
    expect(
      table(
        ["", "Name", "At"],
        [
          ["*", "a", URL_],
          ["", "b", "x"],
        ],
        20,
      ),
    ).toStartWith("* a\n  At\n");
    expect(
      table(
        ["", "Name", "At"],
        [
          ["*", "a", URL_],
          ["", "b", "x"],
        ],
        20,
      ),
    ).toEndWith("\nb\n  At  x\n");
  });

  test("a fact whose value has a word too long for it goes below its label", () => {
    expect(facts([["Create a key", URL_]], 44)).toBe(`Create a key\n  ${URL_}\n`);
    expect(facts([["Create a key", URL_]], 42)).toBe(`Create a key\n${URL_}\n`);
  });

  test("every layout is no wider than the terminal", () => {
    for (let limit = 20; limit <= 120; limit++) {
      for (const line of table(HEADINGS, [ROW, ["x".repeat(30), "", "a b"]], limit).split("\n"))
        expect([limit, line, Bun.stringWidth(line) <= limit]).toEqual([limit, line, true]);
    }
  });
});

test("prose is wrapped at blanks, and what leads a line or is a word stays", () => {
  const text = "a list:\n- one of the things\n  12345678901234567890\n\u001b[1mbold\u001b[0m words here";
  expect(wrappedProse(text, 12)).toBe(
    "a list:\n- one of the\n  things\n  12345678901234567890\n\u001b[1mbold\u001b[0m words\nhere",
  );
});

test("a command in quotation marks is not broken, however long", () => {
  const next = "Next: 'eval $(gum-cred env)' puts it there; 'gum-cred exec -- CMD' runs one, it's so.";
  expect(wrappedProse(next, 30)).toBe(
    "Next: 'eval $(gum-cred env)'\nputs it there;\n'gum-cred exec -- CMD' runs\none, it's so.",
  );
  expect(wrappedProse("run 'gum-cred keys set openai' now", 12)).toBe("run\n'gum-cred keys set openai'\nnow");
});

test("a long word is broken behind a mark, where that leaves no line half empty, in time that grows with it", () => {
  expect(wrapped("https://example.com/settings/keys", 24)).toEqual(["https://example.com/", "settings/keys"]);
  expect(wrapped("a/bcdefghijklm", 10)).toEqual(["a/bcdefghi", "jklm"]);
  expect(wrapped("\u6771\u4eac\u6771\u4eac", 4)).toEqual(["\u6771\u4eac", "\u6771\u4eac"]);
  const start = performance.now();
  expect(wrapped("x".repeat(200_000), 40)).toHaveLength(5_000);
  expect(performance.now() - start).toBeLessThan(2_000);
});
