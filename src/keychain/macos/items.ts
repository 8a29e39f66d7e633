/**
 * Reads and writes generic passwords of the macOS Keychain, by the very queries of Python keyring, so that each
 * sees the other's entries. Every call blocks its thread for as long as macOS likes: to be used by
 * `macos-worker.ts` only, which can be left behind.
 * Why it does what it does: docs/adr/0007-macos-keychain.md. Reference: Apple's own source,
 * https://github.com/apple-oss-distributions/Security (OSX/libsecurity_keychain/lib/SecItem.cpp).
 */
import { fail } from "../../core/errors.ts";
import { type KeychainState, notText } from "../keychain.ts";
import { bytesOf, membersOf, type Objects, type Pairs, textOf, withObjects } from "./core-foundation.ts";
import {
  type Libraries,
  openSecurityFramework,
  type Ref,
  type SecurityFramework,
  STATUS,
} from "./security-framework.ts";
import { failure, locked, stateNow } from "./status.ts";

/** The operations of {@link Keychain}, synchronous and with plain values. They throw its errors. */
export interface MacosItems {
  state(): KeychainState;
  read(service: string, accounts: readonly string[]): readonly (readonly [account: string, value: string])[];
  write(service: string, account: string, value: string): void;
  remove(service: string, account: string): boolean;
  list(service: string): readonly string[];
  /** Lets macOS ask for the default keychain's password. E_KEYCHAIN_DENIED when the person declines. */
  unlock(): void;
}

/** Besides the interface's errors reading throws E_MALFORMED for an entry that is not UTF-8. */
export function macosItems(libraries: Libraries, mayPrompt: boolean): MacosItems {
  const framework = openSecurityFramework(libraries);
  if (framework === null) return noItems(libraries);
  const call = { framework, mayPrompt };
  return {
    state: () => stateNow(framework),
    read: (service, accounts) =>
      operation(call, (objects) =>
        accounts.flatMap((account) => {
          const value = readOne(call, objects, service, account);
          return value === null ? [] : [[account, value] as const];
        }),
      ),
    write: (service, account, value) => write(call, service, account, value),
    remove: (service, account) => operation(call, (objects) => remove(call, objects, service, account)),
    list: (service) => operation(call, (objects) => list(call, objects, service)),
    unlock: () => operation(call, () => unlock(call)),
  };
}

interface Call {
  readonly framework: SecurityFramework;
  readonly mayPrompt: boolean;
}

/** How often a write gives way to another program that adds and deletes the same entry meanwhile. */
const WRITE_ATTEMPTS = 3;

function noItems(libraries: Libraries): MacosItems {
  const refuse = () => {
    throw fail("E_KEYCHAIN_UNAVAILABLE", `${libraries.security} cannot be loaded`);
  };
  return {
    state: () => "unavailable",
    read: refuse,
    write: refuse,
    remove: refuse,
    list: refuse,
    unlock: refuse,
  };
}

function readOne(call: Call, objects: Objects, service: string, account: string): string | null {
  const { kSecReturnData, kCFBooleanTrue } = call.framework.constants;
  const query: Pairs = [...search(call, objects, service, account), [kSecReturnData, kCFBooleanTrue]];
  const data = copyMatching(call, objects, query);
  if (data === null) return null;
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return decoder.decode(bytesOf(call.framework, data));
  } catch {
    throw notText(account);
  }
}

function write(call: Call, service: string, account: string, value: string): void {
  const bytes = new TextEncoder().encode(value);
  try {
    operation(call, (objects) => {
      const change = [call.framework.constants.kSecValueData, objects.data(bytes)] as const;
      const status = store(
        call.framework,
        objects.dictionary(search(call, objects, service, account)),
        objects.dictionary([change]),
        objects.dictionary([...entry(call, objects, service, account), change]),
      );
      if (status !== STATUS.success) throw failure(call.framework, status);
    });
  } finally {
    bytes.fill(0);
  }
}

/**
 * Updates first: of several keychains that one's entry which reading finds. (Adding would go to the default
 * keychain, where an older entry of another one could hide it.)
 */
function store({ security }: SecurityFramework, existing: Ref, change: Ref, whole: Ref): number {
  for (let attempt = 1; ; attempt++) {
    const updated = security.SecItemUpdate(existing, change);
    // macOS had to replace a damaged entry by a new one with this value (_ReplaceKeychainItem), and says so.
    if (updated === STATUS.duplicateItem) return STATUS.success;
    if (updated !== STATUS.itemNotFound) return updated;
    const added = security.SecItemAdd(whole, null);
    if (added !== STATUS.duplicateItem || attempt === WRITE_ATTEMPTS) return added;
  }
}

/** One entry at a time is all that macOS deletes, and the account may be in several keychains. */
function remove(call: Call, objects: Objects, service: string, account: string): boolean {
  const wanted = search(call, objects, service, account);
  const query = objects.dictionary(wanted);
  for (let removed = false; ; removed = true) {
    let status = call.framework.security.SecItemDelete(query);
    if (status === STATUS.invalidOwnerEdit) status = removeForeign(call, wanted);
    if (status === STATUS.itemNotFound) return removed;
    if (status !== STATUS.success) throw failure(call.framework, status);
  }
}

/**
 * SecItemDelete keeps an entry whose access list names only other programs, such as one that the official CLI
 * wrote. SecKeychainItemDelete does not ask; `security delete-generic-password` uses it too.
 */
function removeForeign(call: Call, wanted: Pairs): number {
  const { kSecReturnRef, kCFBooleanTrue } = call.framework.constants;
  return withObjects(call.framework, (objects) => {
    const item = copyMatching(call, objects, [...wanted, [kSecReturnRef, kCFBooleanTrue]]);
    return item === null ? STATUS.itemNotFound : call.framework.security.SecKeychainItemDelete(item);
  });
}

function list(call: Call, objects: Objects, service: string): readonly string[] {
  const { kSecReturnAttributes, kCFBooleanTrue, kSecMatchLimit, kSecMatchLimitAll, kSecAttrAccount } =
    call.framework.constants;
  const found = copyMatching(call, objects, [
    ...search(call, objects, service),
    [kSecReturnAttributes, kCFBooleanTrue],
    [kSecMatchLimit, kSecMatchLimitAll],
  ]);
  if (found === null) return [];
  const accounts = membersOf(call.framework, found).map((attributes) =>
    textOf(call.framework, call.framework.cf.CFDictionaryGetValue(attributes, kSecAttrAccount)),
  );
  return [...new Set(accounts.filter((account) => account !== null))].sort();
}

function unlock(call: Call): void {
  if (stateNow(call.framework) === "unlocked") return;
  const status = call.framework.security.SecKeychainUnlock(0n, 0, null, 0);
  if (status === STATUS.userCanceled) {
    throw fail("E_KEYCHAIN_DENIED", "the keychain is still locked: its dialog was dismissed", "try again");
  }
  if (status !== STATUS.success) throw failure(call.framework, status);
}

/** What names an entry: the three attributes that Python keyring uses, and no other. */
function entry(call: Call, objects: Objects, service: string, account?: string): Pairs {
  const { kSecClass, kSecClassGenericPassword, kSecAttrService, kSecAttrAccount } = call.framework.constants;
  return [
    [kSecClass, kSecClassGenericPassword],
    [kSecAttrService, objects.string(service)],
    ...(account === undefined ? [] : [[kSecAttrAccount, objects.string(account)] as const]),
  ];
}

/**
 * The same, to look for it. What forbids a dialog here is for the data protection keychain; {@link withoutDialogs}
 * does it for the keychains that are files.
 */
function search(call: Call, objects: Objects, service: string, account?: string): Pairs {
  const { kSecUseAuthenticationUI, kSecUseAuthenticationUIFail } = call.framework.constants;
  const names = entry(call, objects, service, account);
  return call.mayPrompt ? names : [...names, [kSecUseAuthenticationUI, kSecUseAuthenticationUIFail]];
}

/** The result of a search, which belongs to `objects`; null when nothing matches. */
function copyMatching(call: Call, objects: Objects, query: Pairs): Ref | null {
  const result = new BigUint64Array(1);
  const status = call.framework.security.SecItemCopyMatching(objects.dictionary(query), result);
  if (status === STATUS.itemNotFound) return null;
  if (status !== STATUS.success) throw failure(call.framework, status);
  return objects.own(result[0] ?? 0n);
}

/** One operation: with dialogs or without, on a machine that has a keychain, and leaving no object behind. */
function operation<T>(call: Call, run: (objects: Objects) => T): T {
  const guarded = (): T => {
    const state = stateNow(call.framework);
    // Without a default keychain searches find nothing, and nothing found there would not mean absent.
    if (state === "unavailable") throw failure(call.framework, STATUS.noDefaultKeychain);
    if (state === "locked" && !call.mayPrompt) throw locked();
    return withObjects(call.framework, run);
  };
  return call.mayPrompt ? guarded() : withoutDialogs(call, guarded);
}

/** The setting is this process's own. */
function withoutDialogs<T>(call: Call, run: () => T): T {
  const { security } = call.framework;
  const before = new Uint8Array(1);
  const status =
    security.SecKeychainGetUserInteractionAllowed(before) || security.SecKeychainSetUserInteractionAllowed(0);
  if (status !== STATUS.success) throw failure(call.framework, status);
  try {
    return run();
  } finally {
    security.SecKeychainSetUserInteractionAllowed(before[0] ?? 1);
  }
}
