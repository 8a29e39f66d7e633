/** Ending what is kept of a policy's sources leaves keys and notes alone. */
import { expect, test } from "bun:test";
import { memoryKeychain, put } from "../../test/support/memory-keychain.ts";
import { fail } from "../core/errors.ts";
import { endKept } from "./kept.ts";

test("every kept value goes, and nothing else", async () => {
  const keychain = memoryKeychain();
  put(keychain, {
    "gum-cred/source:organization:openai": "kept-EXAMPLE",
    "gum-cred/source:team:t:xai": "kept-EXAMPLE",
    "gum-cred/llm:organization:openai": "sk-EXAMPLE",
    "gum-cred/default:expiry": "note-EXAMPLE",
    "gumloop-cli/source:access_token": "token-EXAMPLE",
  });
  const ports = { keychain: async () => keychain, keychainPossible: () => true };
  expect(await endKept(ports)).toBe(2);
  expect([...keychain.entries.keys()]).toEqual([
    "gum-cred/llm:organization:openai",
    "gum-cred/default:expiry",
    "gumloop-cli/source:access_token",
  ]);
  expect(await endKept(ports)).toBe(0);
});

test("without a keychain there is nothing to end; one that fails is an error", async () => {
  const failing = (code: "E_KEYCHAIN_UNAVAILABLE" | "E_KEYCHAIN_LOCKED") => ({
    keychain: () => Promise.reject(fail(code, "x")),
    keychainPossible: () => true,
  });
  expect(await endKept({ ...failing("E_KEYCHAIN_LOCKED"), keychainPossible: () => false })).toBe(0);
  expect(await endKept(failing("E_KEYCHAIN_UNAVAILABLE"))).toBe(0);
  expect(endKept(failing("E_KEYCHAIN_LOCKED"))).rejects.toMatchObject({ code: "E_KEYCHAIN_LOCKED" });
});
