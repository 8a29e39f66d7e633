/** Which texts are shown as paths, and which could be keys. */
import { expect, test } from "bun:test";
import { shownPath, shownWord } from "./shown-path.ts";

test.each([
  "sk-EXAMPLE-0123456789",
  "sk-proj-EXAMPLE",
  "sk-ant-api03-EXAMPLE-abc",
  "gsk_EXAMPLE0123",
  "xai-EXAMPLE0123",
  "AIzaSyEXAMPLE0123456789",
  "fw_EXAMPLE0123",
  "eyJhbGciOi.EXAMPLE.c2ln",
  "Bearer EXAMPLE",
  "0123456789abcdef0123456789abcdef",
  "EXAMPLE+base64/of/a/key0123==",
])("%s is not shown", (text) => {
  expect(shownPath(text)).not.toContain("EXAMPLE");
  expect(shownPath(text)).not.toContain("0123");
});

test.each([
  "/run/secrets/openai",
  "/run/secrets/sk-abc",
  "./key",
  "../secrets/openai-production-key",
  "~/keys/openai-production-key",
  "C:\\keys\\openai",
  "openai.txt",
  "sk-openai.txt",
  "team-credentials-of-production.json",
  ".env",
  "key",
])("%s is shown", (path) => {
  expect(shownPath(path)).toBe(path);
});

test("what is shown is clean", () => {
  expect(shownPath("/run/\u001b[31msecret\u202e")).toBe("/run/ [31msecret");
});

test.each([
  ["statsu", "statsu"],
  ["plugins-remove-all-of-them", "plugins-remove-all-of-them"],
  ["--no-browserr", "--no-browserr"],
  ["amazon-bedrock-eu", "amazon-bedrock-eu"],
  ["keys-list", "keys-list"],
  ["sk-proj-EXAMPLEabcdef", "sk-p…"],
  ["--sk-proj-EXAMPLEabcdef", "--sk-p…"],
  ["--keysk-proj-EXAMPLEabcdef0123456789", "--keys…"],
  ["0123456789abcdef0123456789abcdef", "0123…"],
  ["--api-keyxai-abcdefghijklmnopqrst", "--api-…"],
  ["openai,xai-abcdefghijklmnopqrst", "openai,xai-…"],
  ["openai, sk-proj-EXAMPLEabcdef", "openai, sk-p…"],
  ["OPENAI_API_KEY=sk-proj-EXAMPLEabcdef", "OPENAI_API_KEY=…"],
  ["sk-proj-EXAMPLEabcdef=openai", "sk-p…=…"],
])("of the word %s is shown %s", (word, shown) => {
  expect(shownWord(word)).toBe(shown);
});
