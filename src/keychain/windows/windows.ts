/**
 * The keychain of Windows: Credential Manager, by the rules of Python keyring's backend, so that each sees,
 * updates and deletes what the other wrote. One service's accounts lie at the plain target `service` (at most one
 * of them) and at compound targets `account@service`; the plain target is looked at first.
 * Why it writes as it does: docs/adr/0008-windows-credential-manager.md.
 * Reference: https://github.com/jaraco/keyring/blob/main/keyring/backends/Windows.py
 */
import { fail } from "../../core/errors.ts";
import { reveal, type Secret, secret } from "../../core/secret.ts";
import { type Deadline, deadlineIn } from "../../os/deadline.ts";
import { type Keychain, type KeychainOptions, noForesight, noTimes, notText, stateBy } from "../keychain.ts";
import { checkNames, checkValue } from "../storable.ts";
import { type CredentialStore, openCredentialStore } from "./credentials.ts";
import { joinParts, needsParts, parseHead, sweepParts, writeParts } from "./parts.ts";
import { decodeText, encodeUtf16, marked } from "./text.ts";

/** What Python keyring writes; part of what makes the entries the same. */
const COMMENT = "Stored using python-keyring";

/**
 * Credential Manager of the user who is logged on. It is never locked while that user is, and asks nothing.
 * `open` is replaced only by tests. Besides the interface's errors reading throws E_MALFORMED for an entry that
 * is not text, and writing E_INVALID_VALUE for an account whose name another entry blocks.
 */
export function windowsCredentialManager(
  options: KeychainOptions,
  open: () => CredentialStore | null = openCredentialStore,
): Keychain {
  let opened: CredentialStore | null | undefined;
  function store(): CredentialStore {
    opened ??= open();
    if (opened === null) {
      throw fail("E_KEYCHAIN_UNAVAILABLE", "Windows Credential Manager (advapi32.dll) cannot be loaded");
    }
    return opened;
  }
  const deadline = () => deadlineIn(options.timeoutMs);

  return {
    backend: "windows-credential-manager",
    state: () =>
      stateBy(() => {
        store().read("gum-cred:probe"); // never written: what matters is which error comes back
        return "unlocked";
      }),
    async read(service, accounts) {
      checkNames(service, ...accounts);
      const found = new Map<string, Secret>();
      for (const account of new Set(accounts)) {
        const value = readValue(store(), { service, account }, deadline());
        if (value !== null) found.set(account, secret(value));
      }
      return found;
    },
    foresee: noForesight,
    modifiedAt: noTimes,
    async write(service, account, value) {
      checkNames(service, account);
      checkValue(value);
      const change = () => writeValue(store(), { service, account }, reveal(value));
      store().exclusively(deadline().remaining(), change);
    },
    async remove(service, account) {
      checkNames(service, account);
      const change = () => removeEntry(store(), { service, account });
      return store().exclusively(deadline().remaining(), change);
    },
    async list(service) {
      checkNames(service);
      const owners = store()
        .names()
        .filter(({ target, userName }) => isTargetOf({ service, account: userName }, target));
      return [...new Set(owners.map(({ userName }) => userName))].sort();
    },
    listFew(service) {
      return this.list(service);
    },
    close() {},
  };
}

/** Whose entry is meant. */
interface Entry {
  readonly service: string;
  readonly account: string;
}

const compound = ({ service, account }: Entry) => `${account}@${service}`;

/** Windows compares target names without regard to case, and keeps the case of who wrote first. */
function isTargetOf(entry: Entry, target: string): boolean {
  const lower = target.toLowerCase();
  return lower === entry.service.toLowerCase() || lower === compound(entry).toLowerCase();
}

/**
 * The account's text at one target; null when the target is empty or another account's. Accounts differ in case
 * where targets do not, and `a@b` of `c` shares its compound target with `a` of `b@c`: the user name decides.
 */
function textAt(store: CredentialStore, target: string, account: string): string | null {
  const credential = store.read(target);
  if (credential === null) return null;
  try {
    if (credential.userName !== account) return null;
    const text = decodeText(credential.blob);
    if (text === null) throw notText(account);
    return text;
  } finally {
    credential.blob.fill(0);
  }
}

/** The account's value or head. Plain before compound: the order in which Python moves an entry is the reverse. */
function currentText(store: CredentialStore, entry: Entry): string | null {
  return textAt(store, entry.service, entry.account) ?? textAt(store, compound(entry), entry.account);
}

function readValue(store: CredentialStore, entry: Entry, deadline: Deadline): string | null {
  let before: string | undefined;
  for (;;) {
    const text = currentText(store, entry);
    const head = text === null ? null : parseHead(text);
    if (head === null) return text;
    try {
      return joinParts(store, entry.service, entry.account, head);
    } catch (error) {
      // A part is gone or going. If that is because the value was replaced, there is another head by now.
      if (head.generation === before) throw error;
      before = head.generation;
    }
    deadline.remaining();
  }
}

function writeValue(store: CredentialStore, entry: Entry, value: string): void {
  const { service, account } = entry;
  try {
    const whole = marked(value);
    const text = needsParts(whole) ? writeParts(store, service, account, value) : whole;
    for (const target of targetsToWrite(store, entry)) {
      const blob = new Uint8Array(encodeUtf16(text).buffer);
      store.write({ target, userName: account, comment: COMMENT, blob });
    }
  } finally {
    try {
      sweep(store, entry);
    } catch {
      // Of no consequence to this value: the next write or removal sweeps again.
    }
  }
}

/**
 * Where to write the account's value: where it is already, or else at its compound target, so that no
 * other account's entry has to be moved. The plain target comes last because readers look there first: until
 * then all of them see the old value, and so do they if a write fails on the way.
 */
function targetsToWrite(store: CredentialStore, entry: Entry): readonly string[] {
  const owner = (target: string): string | null => {
    const credential = store.read(target);
    credential?.blob.fill(0);
    return credential?.userName ?? null;
  };
  const atCompound = owner(compound(entry));
  const isAtPlain = owner(entry.service) === entry.account;
  if (atCompound !== null && atCompound !== entry.account) {
    const message = `Windows takes the name of '${entry.account}' for another entry's, which is in the way`;
    throw fail("E_INVALID_VALUE", message, "choose a name that differs in more than upper and lower case");
  }
  if (!isAtPlain) return [compound(entry)];
  return atCompound === null ? [entry.service] : [compound(entry), entry.service];
}

/** Compound before plain, so that no reader falls back to a value that the plain one had replaced. */
function removeEntry(store: CredentialStore, entry: Entry): boolean {
  let removed = false;
  for (const target of [compound(entry), entry.service]) {
    const credential = store.read(target);
    credential?.blob.fill(0);
    if (credential?.userName === entry.account) removed = store.remove(target) || removed;
  }
  sweep(store, entry);
  return removed;
}

/** Removes the parts that no head of the account names (any more). */
function sweep(store: CredentialStore, { service, account }: Entry): void {
  sweepParts(store, service, account, () =>
    [service, compound({ service, account })].flatMap((target) => {
      const text = textAt(store, target, account);
      return text === null ? [] : (parseHead(text)?.generation ?? []);
    }),
  );
}
