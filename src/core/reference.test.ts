/** References: what is one, what each part may be, and that an error quotes nothing of the text. */
import { expect, test } from "bun:test";
import { GumCredError } from "./errors.ts";
import { isReference, parseReference, type Reference } from "./reference.ts";

const NONE = { field: null, level: null, teamId: null, profile: null };

test.each<[string, Partial<Reference>]>([
  ["gum://openai", { provider: "openai" }],
  ["gum://OpenAI", { provider: "openai" }],
  ["GUM://openai", { provider: "openai" }],
  ["gum://gumloop/user_id", { provider: "gumloop", field: "user_id" }],
  ["gum://openai?level=team", { provider: "openai", level: "team" }],
  [
    "gum://openai?level=team&team=team_4f8c92ab",
    { provider: "openai", level: "team", teamId: "team_4f8c92ab" },
  ],
  [
    "gum://gumloop/access_token?profile=work",
    { provider: "gumloop", field: "access_token", profile: "work" },
  ],
  ["gum://azure-openai/endpoint", { provider: "azure-openai", field: "endpoint" }],
])("%s", (text, parts) => {
  expect(isReference(text)).toBe(true);
  expect(parseReference(text)).toEqual({ ...NONE, ...parts } as Reference);
});

test.each([
  "gum://",
  "gum:///user_id",
  "'gum://openai",
  '"gum://openai',
  "gum://open ai",
  "gum://open_ai",
  "gum://-openai",
  "gum://sk-live_EXAMPLE0123456789",
  "gum://openai/",
  "gum://openai/api_key/more",
  "gum://openai/API KEY",
  "gum://gumloop/refresh_token",
  "gum://openai?",
  "gum://openai?level",
  "gum://openai?level=",
  "gum://openai?level=boss",
  "gum://openai?level=team&level=team",
  "gum://openai?key=EXAMPLE0123456789",
  "gum://openai?team=a b",
  "gum://openai?profile=../EXAMPLE",
  "gum://openai?level=team=EXAMPLE",
  "gum://openai#api_key",
  "gum://openai\n",
  `gum://${"a".repeat(65)}`,
])("%j is malformed, and the error quotes nothing of it", (text) => {
  expect(isReference(text)).toBe(true);
  try {
    parseReference(text);
    throw new Error("it was accepted");
  } catch (error) {
    if (!(error instanceof GumCredError)) throw error;
    expect(error.code).toBe("E_REFERENCE_MALFORMED");
    expect(`${error.message} ${error.hint}`).not.toContain("EXAMPLE");
    expect(`${error.message}`).not.toContain("gum://");
  }
});

test.each([
  "",
  "openai",
  "gum:/openai",
  "gum:openai",
  " gum://openai",
  "Bearer gum://openai",
  "https://gum://x",
])("%j is a plain value", (text) => expect(isReference(text)).toBe(false));
