/** Where a text stops being JSON: the same texts as JSON.parse refuses, with line and column. */
import { expect, test } from "bun:test";
import { jsonError, placeIn, whyNotJson } from "./json-error.ts";

const parses = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

test.each([
  ['{"a": 1,}', "line 1, column 9: no comma may stand before '}'"],
  ["[1,\n 2,\n]", "line 3, column 1: no comma may stand before ']'"],
  ['{\n  "a": 1\n  "b": 2\n}', "line 3, column 3: expected ',' or '}'"],
  ['{\r\n  "a" 1\r\n}', "line 2, column 7: expected ':' after the name"],
  ["{a: 1}", "line 1, column 2: expected a name in double quotes (\"…\") or '}'"],
  ['{"a": 1, b: 2}', 'line 1, column 10: expected a name in double quotes ("…")'],
  ["{'a': 1}", "line 1, column 2: expected a name in double quotes (\"…\") or '}'"],
  ['{"a": "x\n"}', "line 1, column 7: this text in quotes is not closed or not valid"],
  ['{"a": "\\x"}', "line 1, column 7: this text in quotes is not closed or not valid"],
  ['{"é𝄞": }', "line 1, column 8: expected a value"],
  ['{"a": 01}', "line 1, column 7: expected a value"],
  ['{"a": True}', "line 1, column 7: expected a value"],
  ["// x\n{}", "line 1, column 1: expected a value; JSON has no comments"],
  ['{"a": 1 # x\n}', "line 1, column 9: expected ',' or '}'; JSON has no comments"],
  ["[1", "line 1, column 3: expected ',' or ']', and the text ends"],
  ["[1}", "line 1, column 3: expected ',' or ']'"],
  ["{} {}", "line 1, column 4: expected nothing more"],
  ["\ufeff{}", "line 1, column 1: a byte order mark is not part of JSON"],
  ["", "line 1, column 1: expected a value, and the text ends"],
  ["\n\n  ", "line 3, column 3: expected a value, and the text ends"],
])("%j", (text, problem) => {
  expect(parses(text)).toBe(false);
  expect(jsonError(text)).toBe(problem);
});

test.each([
  '{"a":[1,2.5e-3,{"b":null}],"c":"\\u0041\\n"}',
  " [] ",
  "0",
  '"x"',
  "{}",
  "[[],{}]",
  "\t-1.0\r\n",
])("%j is JSON", (text) => {
  expect(parses(text)).toBe(true);
  expect(jsonError(text)).toBeNull();
});

test("it agrees with JSON.parse on every text with one character left out, doubled or replaced", () => {
  const sample = '{"a": [1, -2.5e3, true], "b": {"c": "d\\n", "e": null}, "f": []}';
  for (let at = 0; at <= sample.length; at++) {
    for (const put of ["", ",", "}", "]", '"', " ", "0", "x", ":", sample.charAt(at).repeat(2)]) {
      const text = sample.slice(0, at) + put + sample.slice(at + 1);
      expect([text, jsonError(text) === null]).toEqual([text, parses(text)]);
    }
  }
});

test("a megabyte of brackets takes no time and no stack", () => {
  expect(jsonError("[".repeat(1_000_000))).toContain("line 1, column 1000001");
});

test("a place counts characters, not UTF-16 units", () => {
  expect(placeIn("a\n𝄞b", 4)).toBe("line 2, column 2");
});

test.each([
  [
    new TextEncoder().encode("{"),
    "is not JSON: line 1, column 2: expected a name in double quotes (\"…\") or '}', and the text ends",
  ],
  [new Uint8Array([0x7b, 0xff, 0x7d]), "is not JSON: it is not text in UTF-8"],
])("bytes %p", (bytes, said) => {
  expect(whyNotJson(bytes)).toBe(said);
});
