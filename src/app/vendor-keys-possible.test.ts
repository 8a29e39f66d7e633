/** Where `env` may leave the vendors alone: only where none can have a key. */
import { expect, test } from "bun:test";
import { readEnvironment } from "../core/environment.ts";
import { VENDORS } from "../providers/registry.ts";
import { NO_POLICY } from "../resolve/policy.ts";
import { KEY_NAMES, vendorKeysPossible } from "./vendor-keys-possible.ts";

type Asked = Parameters<typeof vendorKeysPossible>[0];

/** Installed plugins of these ids, none of which may be loaded to answer. */
const plugins = (...ids: string[]): Asked["installed"] => {
  const notNeeded = () => Promise.reject(new Error("not needed"));
  const summaries = async () => ({ ids: () => ids, variables: () => [], ownerOf: () => null });
  return { load: notNeeded, all: notNeeded, some: notNeeded, summaries };
};

/** What is asked, on a machine without anything. */
const here = (raw: Record<string, string>, more: Partial<Asked> = {}): Asked => {
  const digest = (text: string) => text;
  return {
    environment: readEnvironment(raw, digest),
    raw,
    digest,
    policy: async () => NO_POLICY,
    now: () => 0,
    processes: async () => [],
    keychainPossible: () => false,
    installed: plugins(),
    ...more,
  };
};

test("every built-in vendor's variables are recognised by their names", () => {
  const names = VENDORS.flatMap(({ methods }) => methods.flatMap(({ variables }) => variables));
  expect(names.filter((name) => !KEY_NAMES.some((part) => name.includes(part)))).toEqual([]);
});

test("nothing anywhere, or Gumloop's own alone: none is possible", async () => {
  expect(await vendorKeysPossible(here({}))).toBe(false);
  const own = { GUMLOOP_API_KEY: "a", GUMLOOP_API_KEY_FILE: "b", GUMLOOP_ACCESS_TOKEN: "c" };
  expect(await vendorKeysPossible(here(own))).toBe(false);
});

test.each([
  [here({ OPENAI_API_KEY: "k" })],
  [here({ OPENAI_API_KEY_FILE: "/k" })],
  [here({ GUM_CRED_ORG_XAI_API_KEY: "k" })],
  [here({ GUM_CRED_TEAM_GEMINI_API_KEY_FILE: "/k" })],
  [here({ AWS_BEARER_TOKEN_BEDROCK: "k" })],
  [here({ GUM_CRED_ORG_AWS_BEARER_TOKEN_BEDROCK_FILE: "/k" })],
  [here({ GUM_CRED_EXPORTED: "A:A=1", A: "1" })],
  [here({}, { keychainPossible: () => true })],
  [here({}, { installed: plugins("kestrel") })],
  [here({}, { policy: async () => ({ ...NO_POLICY }) })],
])("each of the places makes one possible: %#", async (ports) => {
  expect(await vendorKeysPossible(ports)).toBe(true);
});
