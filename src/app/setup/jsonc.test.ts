/** Editing JSON with comments: the value changes, every other byte stays, and taking it out again restores the text. */
import { describe, expect, test } from "bun:test";
import { readJsonc, removeValue, setValue, valueAt } from "./jsonc.ts";

const DEEP = ["security", "auth", "selectedType"] as const;

const TEXTS: Readonly<Record<string, string>> = {
  empty: "{}\n",
  "empty, spread": "{\n}\n",
  "one line": '{"a": 1}',
  "one line, spaced": '{ "a": 1, "b": [1, 2] }\n',
  "two blanks": '{\n  "a": 1,\n  "b": { "c": true }\n}\n',
  "four blanks": '{\n    "a": {\n        "b": null\n    }\n}\n',
  tabs: '{\n\t"a": "x"\n}\n',
  "windows line ends": '{\r\n  "a": 1\r\n}\r\n',
  "byte order mark": '\ufeff{\n  "a": 1\n}\n',
  "trailing comma": '{\n  "a": 1,\n}\n',
  comments:
    '// top\n{\n  // first\n  "a": 1, // behind a\n  /* block */ "b": 2 // behind b\n  // last\n}\n// end\n',
  "comment and trailing comma": '{\n  "a": 1, // behind\n}\n',
  "braces and slashes in strings": '{\n  "a": "{ // no /* comment */ }",\n  "u": "http://x"\n}\n',
  "half of the path": '{\n  "security": {\n    "other": 1\n  }\n}\n',
  "more of the path": '{\n  "security": {\n    "auth": {\n      "x": "y"\n    }\n  },\n  "z": []\n}\n',
  "half of the path, one line": '{"security": {"auth": {"x": 1}}}',
  "the first": '{\n  "z": 1\n}',
};

describe.each(Object.entries(TEXTS))("%s", (_about, text) => {
  test.each([
    [["apiKeyHelper"], "gum-cred get anthropic"],
    [DEEP, "gemini-api-key"],
    [["provider", "openai", "options", "apiKey"], "{env:OPENAI_API_KEY}"],
  ] as const)("%j", (path, value) => {
    const before = readJsonc(text);
    const written = setValue(text, [...path] as [string], value);
    expect(valueAt(written, [...path] as [string])).toBe(value);
    for (const [comment] of text.matchAll(/\/\/ [a-z ]+|\/\* [a-z]+ \*\//g))
      expect(written).toContain(comment);
    if (text.includes("\r\n")) expect(written.replaceAll("\r\n", "")).not.toContain("\n");
    expect(setValue(written, [...path] as [string], value)).toBe(written);
    const removed = removeValue(written, [...path] as [string]);
    expect(readJsonc(removed)).toEqual(before);
    // An empty object is written in one way only.
    if (Object.keys(before as object).length > 0) expect(removed).toBe(text);
  });
});

test("a value is replaced where it stands, whatever it was", () => {
  const text = '{\n  "apiKeyHelper": {"old": [1, 2]}, // mine\n  "b": 1\n}\n';
  expect(setValue(text, ["apiKeyHelper"], "x")).toBe('{\n  "apiKeyHelper": "x", // mine\n  "b": 1\n}\n');
});

test("the first, one in the middle and the last can be taken out", () => {
  const text = '{\n  "a": 1,\n  // of b\n  "b": 2,\n  "c": 3\n}\n';
  expect(removeValue(text, ["a"])).toBe('{\n  // of b\n  "b": 2,\n  "c": 3\n}\n');
  expect(removeValue(text, ["b"])).toBe('{\n  "a": 1,\n  // of b\n  "c": 3\n}\n');
  expect(removeValue(text, ["c"])).toBe('{\n  "a": 1,\n  // of b\n  "b": 2\n}\n');
  expect(removeValue(text, ["d"])).toBe(text);
});

test("of a name that stands twice the last one counts, as JSON.parse has it", () => {
  const text = '{"a": 1, "a": 2}';
  expect(JSON.parse(setValue(text, ["a"], 3))).toEqual({ a: 3 });
});

test.each([
  "", "   ", "[]", '"x"', "{", '{"a"}', '{"a": }', '{"a": 1 "b": 2}', '{"a": 1}}', "{'a': 1}", "{a: 1}", '{"a": 01}',
  '{"a": tru}', '{"a": "x\n"}', '{"a": 1 /* open }', "\0", '{"a": 1}\nnot json', `${'{"a":'.repeat(500)}1${"}".repeat(500)}`,
])("%j is broken", (text) => {
  expect(() => setValue(text, ["a"], 1)).toThrow(expect.objectContaining({ code: "E_MALFORMED" }));
}); // biome-ignore format: one list

test("something on the way that is not an object is not replaced", () => {
  for (const text of ['{"security": "x"}', '{"security": [1]}', '{"security": {"auth": null}}']) {
    expect(() => setValue(text, DEEP, "x")).toThrow(expect.objectContaining({ code: "E_MALFORMED" }));
  }
});
