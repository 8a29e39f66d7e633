/**
 * The keychain of KDE desktops, KWallet. A service is a folder and an account a key in it, as Python keyring has
 * it, in the wallet for passwords ("network wallet"). Shows no dialog: what would need one is an error.
 * Why it does as it does: docs/adr/0006-kwallet.md.
 * Reference: https://github.com/jaraco/keyring/blob/main/keyring/backends/kwallet.py
 */

import type { RawEnvironment } from "../../core/environment.ts";
import { fail, hasCode } from "../../core/errors.ts";
import { reveal, type Secret, secret } from "../../core/secret.ts";
import { type Deadline, deadlineIn } from "../../os/deadline.ts";
import { type Keychain, type KeychainOptions, noForesight, noTimes, notText, stateBy } from "../keychain.ts";
import { checkNames, checkValue } from "../storable.ts";
import { PASSWORD_TYPE } from "./calls.ts";
import { newVisits, type OpenWallet } from "./visit.ts";

/**
 * The wallet on the session bus that `env` names, which is looked up at the first use. Besides the
 * interface's errors reading throws E_MALFORMED for an entry that is a map or bytes.
 */
export function kwallet(options: KeychainOptions, env: RawEnvironment = process.env): Keychain {
  const visits = newVisits(env);

  /** Runs one operation under its deadline. After a failure the next one starts on a new connection. */
  function within<T>(operation: (deadline: Deadline) => T): T {
    try {
      return operation(deadlineIn(options.timeoutMs, options.onSlow));
    } catch (error) {
      if (hasCode(error, "E_KEYCHAIN_TIMEOUT", "E_KEYCHAIN_FAILED", "E_KEYCHAIN_UNAVAILABLE")) {
        visits.disconnect();
      }
      throw error;
    }
  }
  const inside = <T>(work: (wallet: OpenWallet) => T): T =>
    within((deadline) => visits.inside(work, deadline));

  return {
    backend: "kwallet",
    state: () => stateBy(() => (within(visits.isOpen) ? "unlocked" : "locked")),
    async read(service, accounts) {
      checkNames(service, ...accounts);
      const wanted = [...new Set(accounts)];
      return wanted.length === 0 ? new Map() : inside((wallet) => read(wallet, service, wanted));
    },
    foresee: noForesight,
    modifiedAt: noTimes,
    async write(service, account, value) {
      checkNames(service, account);
      checkValue(value);
      inside((wallet) => write(wallet, service, account, value));
    },
    async remove(service, account) {
      checkNames(service, account);
      return inside((wallet) => remove(wallet, service, account));
    },
    async list(service) {
      checkNames(service);
      return inside((wallet) => list(wallet, service));
    },
    listFew(service) {
      return this.list(service);
    },
    close: visits.disconnect,
  };
}

function read({ calls, ask }: OpenWallet, service: string, accounts: readonly string[]): Map<string, Secret> {
  const answers = ask(
    ...accounts.flatMap((account) => [
      calls.hasEntry(service, account),
      calls.readPassword(service, account),
    ]),
  );
  const found = new Map<string, Secret>();
  for (const [index, account] of accounts.entries()) {
    const [exists, value] = answers.slice(index * 2, index * 2 + 2);
    if (exists !== true) continue;
    // An entry that is not a password reads as an empty one.
    if (value === "" && ask(calls.entryType(service, account))[0] !== PASSWORD_TYPE) {
      throw notText(account, `the wallet's entry '${account}' is not a password`);
    }
    found.set(account, secret(String(value)));
  }
  return found;
}

function write({ calls, ask }: OpenWallet, service: string, account: string, value: Secret): void {
  const [hasFolder] = ask(calls.hasFolder(service));
  if (hasFolder !== true) ask(calls.createFolder(service)); // false when another program was faster
  const [status] = ask(calls.writePassword(service, account, reveal(value)), calls.sync);
  if (status !== 0) throw fail("E_KEYCHAIN_FAILED", `KWallet did not store '${account}'`);
}

function remove({ calls, ask }: OpenWallet, service: string, account: string): boolean {
  const [exists] = ask(calls.hasEntry(service, account));
  if (exists !== true) return false;
  const [status, remains] = ask(
    calls.removeEntry(service, account),
    calls.hasEntry(service, account),
    calls.sync,
  );
  if (remains === true) throw fail("E_KEYCHAIN_FAILED", `KWallet did not remove '${account}'`);
  return status === 0; // anything else: another program was faster
}

function list({ calls, ask }: OpenWallet, service: string): readonly string[] {
  const [accounts] = ask(calls.entryList(service));
  return [...(accounts as readonly string[])].sort();
}

/**
 * Opens the wallet; KWallet may ask the user for its password, and whether gum-cred may use it. Throws
 * E_KEYCHAIN_DENIED when the user declines, E_KEYCHAIN_TIMEOUT, E_KEYCHAIN_UNAVAILABLE.
 */
export function unlockKwallet(env: RawEnvironment, timeoutMs: number): void {
  const visits = newVisits(env);
  try {
    visits.openWithDialog(deadlineIn(timeoutMs));
  } finally {
    visits.disconnect();
  }
}

/** Whether unlocking the Secret Service of this bus shows no dialog, because it is KWallet's and its wallet open. */
export function servesOpenSecrets(env: RawEnvironment, timeoutMs: number): boolean {
  const visits = newVisits(env);
  try {
    return visits.servesOpenSecrets(deadlineIn(timeoutMs));
  } catch (error) {
    if (hasCode(error, "E_KEYCHAIN_UNAVAILABLE")) return false;
    throw error;
  } finally {
    visits.disconnect();
  }
}
