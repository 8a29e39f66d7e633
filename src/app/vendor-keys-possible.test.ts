/** Where `env` may leave the vendors alone: only where none can have a key. */
import { expect, test } from "bun:test";
import { readEnvironment } from "../core/environment.ts";
import { VENDORS } from "../providers/registry.ts";
import { NO_POLICY } from "../resolve/policy.ts";
import type { Ports } from "../resolve/ports.ts";
import { KEY_NAME, vendorKeysPossible } from "./vendor-keys-possible.ts";

/** The ports that are asked, of a machine without anything. */
const here = (raw: Record<string, string>, more: object = {}): Ports =>
  ({
    environment: readEnvironment(raw, (text) => text),
    raw,
    keychainPossible: () => false,
    installed: { summaries: async () => ({ ids: () => [] }) },
    policy: async () => NO_POLICY,
    ...more,
  }) as unknown as Ports;

test("every built-in vendor's variables are recognised by their names", () => {
  const names = VENDORS.flatMap(({ methods }) => methods.flatMap(({ variables }) => variables));
  expect(names.filter((name) => !name.includes(KEY_NAME))).toEqual([]);
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
  [here({ GUM_CRED_EXPORTED: "A:A=1", A: "1" })],
  [here({}, { keychainPossible: () => true })],
  [here({}, { installed: { summaries: async () => ({ ids: () => ["mistral"] }) } })],
  [here({}, { policy: async () => ({ ...NO_POLICY }) })],
])("each of the places makes one possible: %#", async (ports) => {
  expect(await vendorKeysPossible(ports)).toBe(true);
});
