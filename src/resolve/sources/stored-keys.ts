/**
 * Reads LLM keys from the keychain: every account that a run may need with one look, at the first that it
 * does need.
 */
import { GumCredError } from "../../core/errors.ts";
import type { Secret } from "../../core/secret.ts";
import type { Keychain } from "../../keychain/keychain.ts";
import { OWN_SERVICE } from "../../keychain/keychain.ts";
import { type Finding, foundAt } from "../finding.ts";
import type { Candidate } from "../plan.ts";

export interface KeyReader {
  /** The key of an account; null when there is none. Throws the keychain's errors. */
  read(account: string): Promise<Secret | null>;
}

/** A reader of these accounts, and of others one by one. The keychain is opened at the first read. */
export function keyReader(open: () => Promise<Keychain>, accounts: readonly string[]): KeyReader {
  let found: Promise<Map<string, Secret>> | undefined;
  const known = new Set(accounts);
  const readThese = async (these: readonly string[]) => (await open()).read(OWN_SERVICE, these);
  return {
    read: async (account) => {
      if (!known.has(account)) return (await readThese([account])).get(account) ?? null;
      found ??= readThese(accounts);
      return (await found).get(account) ?? null;
    },
  };
}

/** Reads a keychain candidate. On a machine without any keychain service nothing is stored. */
export async function readStoredKey(
  candidate: Candidate,
  account: string,
  keys: KeyReader,
): Promise<Finding> {
  try {
    const value = await keys.read(account);
    return value === null ? { state: "absent" } : foundAt(candidate, value);
  } catch (error) {
    return unreadable(error);
  }
}

/** A failed keychain read as a finding. Anything that is not a keychain's error is thrown on. */
export function unreadable(error: unknown): Finding {
  if (!(error instanceof GumCredError)) throw error;
  if (error.code === "E_KEYCHAIN_LOCKED") return { state: "locked", error };
  return { state: "unavailable", error, serviceExists: error.code !== "E_KEYCHAIN_UNAVAILABLE" };
}
