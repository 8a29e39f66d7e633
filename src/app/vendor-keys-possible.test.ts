/** Where `env` may leave the vendors alone: only where none can have a key. */
import { expect, test } from "bun:test";
import { readEnvironment } from "../core/environment.ts";
import { type ErrorCode, fail } from "../core/errors.ts";
import type { Keychain } from "../keychain/keychain.ts";
import { VENDORS } from "../providers/registry.ts";
import { NO_POLICY } from "../resolve/policy.ts";
import { KEY_NAMES, vendorKeysPossible } from "./vendor-keys-possible.ts";

type Asked = Parameters<typeof vendorKeysPossible>[0];

/** Installed plugins, with a variable each, none of which may be loaded to answer. */
const plugins = (...ids: string[]): Asked["installed"] => {
  const ownerOf = (name: string) => ids.find((id) => name === `${id.toUpperCase()}_SECRET`) ?? null;
  const notNeeded = () => Promise.reject(new Error("not needed"));
  const summaries = async () => ({ ids: () => ids, variables: () => [], ownerOf });
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
    keychain: () => Promise.reject(new Error("not needed")),
    installed: plugins(),
    ...more,
  };
};

const keychainWith = (...accounts: string[]): Partial<Asked> => {
  const keychain = { listFew: async () => accounts, foresee: () => {} } as unknown as Keychain;
  return { keychainPossible: () => true, keychain: async () => keychain };
};

const keychainWithTooMany: Partial<Asked> = {
  keychainPossible: () => true,
  keychain: async () => ({ listFew: async () => null }) as unknown as Keychain,
};

const keychainThatIs = (code: ErrorCode): Partial<Asked> => {
  const keychain = { listFew: () => Promise.reject(fail(code, "")) } as unknown as Keychain;
  return { keychainPossible: () => true, keychain: async () => keychain };
};

test("every built-in vendor's variables are recognised by their names", () => {
  const names = VENDORS.flatMap(({ methods }) => methods.flatMap(({ variables }) => variables));
  expect(names.filter((name) => !KEY_NAMES.some((part) => name.includes(part)))).toEqual([]);
});

test("nothing anywhere, or Gumloop's own alone: none is possible", async () => {
  expect(await vendorKeysPossible(here({}))).toBe(false);
  const own = { GUMLOOP_API_KEY: "a", GUMLOOP_API_KEY_FILE: "b", GUMLOOP_ACCESS_TOKEN: "c" };
  expect(await vendorKeysPossible(here(own))).toBe(false);
  expect(await vendorKeysPossible(here({}, keychainWith()))).toBe(false);
  expect(await vendorKeysPossible(here({}, keychainWith("default:expiry", "source:team:t1:x")))).toBe(false);
  expect(await vendorKeysPossible(here({ OTHER_SECRET: "s" }, { installed: plugins("kestrel") }))).toBe(
    false,
  );
});

test.each([
  [here({ OPENAI_API_KEY: "k" })],
  [here({ OPENAI_API_KEY_FILE: "/k" })],
  [here({ GUM_CRED_ORG_XAI_API_KEY: "k" })],
  [here({ GUM_CRED_TEAM_GEMINI_API_KEY_FILE: "/k" })],
  [here({ AWS_BEARER_TOKEN_BEDROCK: "k" })],
  [here({ GUM_CRED_ORG_AWS_BEARER_TOKEN_BEDROCK_FILE: "/k" })],
  [here({ GUM_CRED_EXPORTED: "A:A=1", A: "1" })],
  [here({}, keychainWith("llm:personal:default:openai"))],
  [here({}, keychainWith("llm:organization:openai"))],
  [here({}, keychainWithTooMany)],
  [here({}, keychainWith("default:expiry", "llm:team:t1:kestrel"))],
  [here({ KESTREL_SECRET: "k" }, { installed: plugins("owl", "kestrel") })],
  [here({ GUM_CRED_ORG_KESTREL_SECRET_FILE: "/k" }, { installed: plugins("kestrel") })],
  [here({}, { policy: async () => ({ ...NO_POLICY }) })],
])("each of the places makes one possible: %#", async (ports) => {
  expect(await vendorKeysPossible(ports)).toBe(true);
});

test("a keychain that is not there has none; one that cannot be read may", async () => {
  expect(await vendorKeysPossible(here({}, keychainThatIs("E_KEYCHAIN_UNAVAILABLE")))).toBe(false);
  for (const code of ["E_KEYCHAIN_LOCKED", "E_KEYCHAIN_FAILED", "E_KEYCHAIN_TIMEOUT"] as const) {
    expect(vendorKeysPossible(here({}, keychainThatIs(code)))).rejects.toMatchObject({ code });
  }
});
