/** How a command line falls into words and flags. */
import { expect, test } from "bun:test";
import type { FlagSpec } from "./command.ts";
import { splitLine } from "./split-line.ts";

const SPECS: readonly FlagSpec[] = [
  { name: "profile", value: "NAME", summary: "" },
  { name: "json", summary: "" },
  { name: "help", short: "h", summary: "" },
  { name: "version", short: "V", summary: "" },
];

const split = (line: string, stop = false) => {
  const { words, unknown, flags } = splitLine(line.split(" "), SPECS, stop);
  return { words: words.join(" "), unknown, flags: Object.fromEntries(flags) };
};

const LINES: readonly (readonly [string, ReturnType<typeof split>])[] = [
  ["env a b", { words: "env a b", unknown: null, flags: {} }],
  ["env --profile work a", { words: "env a", unknown: null, flags: { profile: "work" } }],
  ["env --profile=work", { words: "env", unknown: null, flags: { profile: "work" } }],
  ["env --profile=a=b", { words: "env", unknown: null, flags: { profile: "a=b" } }],
  ["env --profile=", { words: "env", unknown: null, flags: { profile: "" } }],
  ["env --profile=-x", { words: "env", unknown: null, flags: { profile: "-x" } }],
  ["env --profile a --profile b", { words: "env", unknown: null, flags: { profile: "b" } }],
  ["login --profile - -", { words: "login -", unknown: null, flags: { profile: "-" } }],
  ["env --json -hV", { words: "env", unknown: null, flags: { json: true, help: true, version: true } }],
  ["env --jsn --other", { words: "env", unknown: "--jsn", flags: {} }],
  ["env --jsn=x", { words: "env", unknown: "--jsn=x", flags: {} }],
  ["env -hx", { words: "env", unknown: "-x", flags: { help: true } }],
  ["env --help-me", { words: "env", unknown: "--help-me", flags: {} }],
  ["env --constructor", { words: "env", unknown: "--constructor", flags: {} }],
];
for (const [line, expected] of LINES) {
  test(line, () => expect(split(line)).toEqual(expected));
}

test("up to the first argument only: what follows it stays as it is", () => {
  expect(split("--json keys --profile list", true)).toEqual({
    words: "keys --profile list",
    unknown: null,
    flags: { json: true },
  });
});

test.each(["env --profile", "env --profile --json", "env --profile -x", "env --json=secret-EXAMPLE"])(
  "refused without quoting a value: %s",
  (line) => {
    expect(splitLine(line.split(" "), SPECS, false).problem?.message).toMatch(
      /^--(profile needs a value|json takes no value)$/,
    );
  },
);
