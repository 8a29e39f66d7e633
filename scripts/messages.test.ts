/** The table of errors is whole, and its English keeps the simple rules of CONTRIBUTING.md. */
import { describe, expect, test } from "bun:test";
import { resolve } from "node:path";
import { errorSpecs } from "../src/core/errors.ts";
import { messages, messagesOf } from "./messages.ts";

const all = messages(resolve(import.meta.dir, ".."));
const fixed = (text: string) => text.replace(/\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}/g, "X");

test("calls are read as they are written", () => {
  const text = [
    "// throw fail(\"E_NO\", 'a comment');",
    "export function fail(code: Code) {}",
    'throw fail("E_ONE", `got §{a ? `§{b}, c` : "}"} from §{f({ x: [1, 2] })}`);',
    "return fail(\n  code,\n  messageOf(a, b),\n  'it\\'s (here',\n);",
    'const x = other.fail("E_OTHER", "not ours");',
  ];
  const dollars = (text: string) => text.replaceAll("§", "$");
  expect(messagesOf("a.ts", dollars(text.join("\n")))).toEqual([
    {
      ...{ place: "a.ts:3", code: "E_ONE", hint: null },
      message: dollars('got {a ? `§{b}, c` : "}"} from {f({ x: [1, 2] })}'),
    },
    { place: "a.ts:4", code: "{code}", message: "{messageOf(a, b)}", hint: "it's (here" },
  ]);
});

test("the table has every call, and each has a known code and a message", () => {
  expect(all.length).toBeGreaterThan(150);
  const unknown = all.filter(({ code }) => !code.startsWith("{") && !(code in errorSpecs()));
  expect(unknown).toEqual([]);
  expect(all.filter(({ message }) => message === "")).toEqual([]);
});

/** Plain technical English, as in the manuals of git or OpenSSH; `left`: how many old messages still break the rule. */
const RULES: [rule: string, broken: RegExp, left?: number][] = [
  ["no full stop at the end", /[.!]$/],
  ["no capital at the start, but for a name", /^(The|A|An|This|Your|You|Please|Cannot|Could|No|Not|It)\b/],
  ["'is not a', not 'is no'", /(?<!\bthere )is no (?!longer|more|such)/, 8],
  ["the person is 'you', not 'nobody' or 'somebody'", /\b(nobody|somebody) (can|is|was|has)\b/i, 1],
  ["things are, they do not stand or lie", /\b(stands|lies) (there|here|in|on|at|beside)\b/],
  ["no apology, no plea", /\b(please|sorry|oops|unfortunately)\b/i],
  ["no doubled space, none at an end", /^ | {2}| $/],
];

describe("English", () => {
  const texts = [
    ...all.flatMap(({ place, message, hint }) => [message, hint ?? ""].map((text) => [place, text] as const)),
    ...Object.entries(errorSpecs()).map(([code, { hint }]) => [code, hint] as const),
  ].filter(([, text]) => text !== "");

  for (const [rule, broken, left = 0] of RULES) {
    test(rule, () => {
      const found = texts.filter(([, text]) => broken.test(fixed(text)));
      expect(found.length > left ? found : []).toEqual([]);
    });
  }
});
