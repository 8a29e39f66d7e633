/** Every piece of advice with a command in it is followed somewhere, and every error has a scene: test/support/hint-scenes.ts. */
import { describe, expect, test } from "bun:test";
import { resolve } from "node:path";
import { errorSpecs } from "../src/core/errors.ts";
import { OTHER_SCENES, SESSION_SCENES } from "../test/support/hint-scenes.ts";
import { hasCommand } from "../test/support/hint-text.ts";
import { literals, literalsOf } from "./literals.ts";

const SCENES = { ...SESSION_SCENES, ...OTHER_SCENES };
const scenes = Object.values(SCENES).flat();
const shown = new Set(scenes.flatMap(({ shows }) => shows));

/** Texts that show commands and are no advice: help, examples, scripts, pages. */
const DOCUMENTS = /^src\/(?:cli\/(?:help|man|completion)|output\/(?:hooks|env-formats)|gumloop\/oauth\/page)/;
const DOCUMENTED = new Set(["line", "about", "details", "summary"]);

/** Why advice is followed in no scene. */
const LEFT: Readonly<Record<string, string>> = {
  "this keychain asks for its password itself: run 'gum-cred keychain unlock' on the desktop; {WITHOUT_KEYCHAIN}":
    "needs a dialog of the desktop's",
  "run 'gum-cred keychain unlock' on the desktop and choose 'Allow Always'": "needs a dialog of KWallet's",
  "run 'security unlock-keychain' and try again": "only on macOS",
  "'security error {status}' says what macOS means by it": "only on macOS",
  "run 'gum-cred status' to see what is stored, then sign in again":
    "needs another program that writes at the same moment, three times over",
  "# Made by 'gum-cred setup'. It holds no secret: gum-cred resolves the references.": "a file's first line",
  "the plugin '{id}' was not installed with 'gum-cred plugins add'": "says what is so",
  "the placeholder of a 'gum-cred broker', not a key": "says what is so",
  "the {what} is the placeholder of a 'gum-cred broker', which works below that broker only":
    "says what is so",
};

/** Why an error has no scene. */
const NO_SCENE: Readonly<Record<string, string>> = {
  E_INTERNAL: "is a bug",
  E_OWN_FAILURE: "has no advice but for machines without native calls, which odd-machines.test.ts has",
};

const all = literals(resolve(import.meta.dir, ".."));
const advice = all.filter(
  ({ place, text, property }) => hasCommand(text) && !DOCUMENTS.test(place) && !DOCUMENTED.has(property),
);

test("texts are read as they are written", () => {
  const source = [
    "// it's a comment",
    'const a = { hint: "one" + `two §{b ? "x" : ""}` };',
    "/* 'not' this */ const c = /['\"]/.test(d) ? 'three' : \"four\";",
    'f("five",\n  "six");',
  ];
  const texts = literalsOf("a.ts", source.join("\n").replaceAll("§", "$"));
  expect(texts).toEqual([
    { place: "a.ts:2", text: 'onetwo {b ? "x" : ""}', property: "hint" },
    { place: "a.ts:3", text: "three", property: "" },
    { place: "a.ts:3", text: "four", property: "" },
    { place: "a.ts:4", text: "five", property: "" },
    { place: "a.ts:5", text: "six", property: "" },
  ]);
});

describe("advice", () => {
  test("is found", () => expect(advice.length).toBeGreaterThan(50));

  test("with a command in it is followed in a scene, or it is said why not", () => {
    expect(advice.filter(({ text }) => !shown.has(text) && !(text in LEFT))).toEqual([]);
  });

  test("that scenes name, and that is left out, is there", () => {
    const texts = new Set(all.map(({ text }) => text));
    expect([...shown, ...Object.keys(LEFT)].filter((text) => !texts.has(text))).toEqual([]);
  });
});

test("every error has a scene, or it is said why not", () => {
  const met = new Set(scenes.map(({ code }) => code as string | null));
  expect(Object.keys(errorSpecs()).filter((code) => !met.has(code) && !(code in NO_SCENE))).toEqual([]);
});

test("scenes have names of their own", () => {
  for (const [subject, list] of Object.entries(SCENES)) {
    const names = list.map(({ code, name }) => `${subject} ${code} ${name}`);
    expect(names.length).toBe(new Set(names).size);
  }
});
