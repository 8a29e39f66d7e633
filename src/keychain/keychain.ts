/**
 * The one interface that every operating system's secret store is spoken to through. A backend is one file
 * that returns a {@link Keychain}; which one is in force is decided in `choose.ts`.
 *
 * Four states are told apart: found (an entry in the map), absent (no entry), locked and unavailable (errors).
 */
import { clean, fail, type GumCredError, hasCode } from "../core/errors.ts";
import type { Secret } from "../core/secret.ts";

/** The error for an entry whose bytes are not text, which another program has written. `account` says what it is of. */
export function notText(
  account: string,
  said = `the keychain's entry '${clean(account, 200)}' is not text`,
): GumCredError {
  const [kind, level = "", ...rest] = account.split(":");
  const at = level === "personal" ? "" : ` --level ${level}`;
  const key = clean(`${rest.at(-1)}${at}`, 200);
  const hint =
    kind === "llm" && rest.length > 0
      ? `run 'gum-cred keys remove ${key}' and then 'gum-cred keys set ${key}'`
      : "run 'gum-cred logout' and then 'gum-cred login'";
  return fail("E_MALFORMED", said, hint);
}

export type KeychainState = "unlocked" | "locked" | "unavailable";

/**
 * Backends throw {@link GumCredError} with E_KEYCHAIN_LOCKED, _UNAVAILABLE, _DENIED, _TIMEOUT or _FAILED.
 * E_KEYCHAIN_UNAVAILABLE means exactly: no keychain service exists on this machine (no session bus, no
 * library, no owner of the service's name). A service that exists and misbehaves is any of the others.
 */
export interface Keychain {
  /** Stable identifier: `secret-service`, `kwallet`, `macos-keychain`, `windows-credential-manager`. */
  readonly backend: string;
  /** Whether it can be used now, without reading any entry. Never throws for locked or unavailable. */
  state(): Promise<KeychainState>;
  /** Reads several accounts of one service at once. Absent accounts are missing from the map. */
  read(service: string, accounts: readonly string[]): Promise<Map<string, Secret>>;
  /**
   * Says what this run will read soon. A keychain that finds many entries in one visit fetches these with the next read
   * and gives each once, as it was then; to the others it means nothing ({@link noForesight}).
   */
  foresee(service: string, accounts: readonly string[]): void;
  /**
   * When entries were last written, in milliseconds since 1970, as exactly as the keychain keeps it (seconds, rounded
   * down). Accounts that are absent are missing, as is everything where the keychain keeps no times.
   */
  modifiedAt(service: string, accounts: readonly string[]): Promise<Map<string, number>>;
  /** Creates or replaces in place. Refuses the empty string and NUL with E_INVALID_VALUE. Never deletes first. */
  write(service: string, account: string, value: Secret): Promise<void>;
  /** Removes every entry of the account, duplicates included. False when there was none. */
  remove(service: string, account: string): Promise<boolean>;
  /** The account names stored under a service, sorted; no values are read. */
  list(service: string): Promise<readonly string[]>;
  /** The same; null where a keychain would have to name more than `most` entries one by one. */
  listFew(service: string, most: number): Promise<readonly string[] | null>;
  /** Frees the connection. Safe to call twice. */
  close(): void;
}

/** What `ask` says; a service that does not exist is a state too, and no failure. */
export async function stateBy(ask: () => KeychainState | Promise<KeychainState>): Promise<KeychainState> {
  try {
    return await ask();
  } catch (error) {
    if (hasCode(error, "E_KEYCHAIN_UNAVAILABLE", "E_KEYCHAIN_UNREACHABLE")) return "unavailable";
    throw error;
  }
}

/** A keychain that takes its password from us, for terminals on which it cannot show a dialog of its own. */
export interface PasswordUnlock {
  /** There is no keychain yet: the password is one to choose. */
  readonly isNew: boolean;
  /** False when the password is wrong. Throws the keychain's errors. */
  unlock(password: Secret): Promise<boolean>;
}

export interface KeychainOptions {
  /** Upper bound in milliseconds for any one operation, connection included: 5000 unattended. */
  readonly timeoutMs: number;
  /** True when a person may be asked by the operating system to unlock; false forbids every dialog. */
  readonly mayPrompt: boolean;
  /** Called when an operation has kept a person waiting for 2 s, where the backend can tell. */
  readonly onSlow?: () => void;
  /** For lists that may be a few minutes old, where the backend names one entry a question. */
  readonly listMemory?: ListMemory;
}

/** What {@link Keychain.list} remembers from one run to the next. */
export interface ListMemory {
  /** As much of an account name as may be remembered and is enough for the list. */
  keep(service: string, account: string): string;
  /** What was kept, by item, while the keychain's service lives; `life` tells one life from another. */
  recall(life: string): ReadonlyMap<string, string>;
  /** Remembers what was kept of items that were not recalled. */
  remember(life: string, kept: ReadonlyMap<string, string>): void;
}

/** Service of what gum-cred itself keeps: LLM keys, and what it must remember beside the official CLI's entries. */
export const OWN_SERVICE = "gum-cred";

/** For keychains that gain nothing by knowing what comes. */
export const noForesight: Keychain["foresee"] = () => {};

/** For keychains that keep no times, or whose times are not read. */
export const noTimes: Keychain["modifiedAt"] = async () => new Map();
