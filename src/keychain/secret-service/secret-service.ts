/**
 * The keychain of Linux desktops: GNOME Keyring, KeePassXC and others behind the Secret Service API. Entries
 * are the very items that Python keyring reads, writes and deletes. Shows no dialog: what would need one is
 * E_KEYCHAIN_LOCKED.
 * Reference: https://specifications.freedesktop.org/secret-service-spec/latest/
 */

import type { RawEnvironment } from "../../core/environment.ts";
import { fail, hasCode } from "../../core/errors.ts";
import { reveal, type Secret, secret } from "../../core/secret.ts";
import type { Reply } from "../../dbus/client.ts";
import type { Value } from "../../dbus/types.ts";
import { type Deadline, deadlineIn } from "../../os/deadline.ts";
import { type Keychain, type KeychainOptions, stateBy } from "../keychain.ts";
import { checkNames, checkValue } from "../storable.ts";
import {
  APPLICATION,
  type Attributes,
  createItem,
  deleteItem,
  getSecrets,
  itemProperties,
  itemProperty,
  NOTHING,
  query,
  searchItems,
} from "./calls.ts";
import { type Conversation, first, isGone, lockedError, newConversation, valuesOf } from "./conversation.ts";
import type { Cipher } from "./dh-session.ts";
import { attributes, count, flag } from "./typed.ts";

/** An item's secret as GetSecrets gives it: session, parameters, value, content type. */
type Entry = readonly [string, Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>, string];

/**
 * The Secret Service of the session bus that `env` names, which is looked up at the first use.
 * Without a default collection nothing is stored: reading finds nothing, {@link Keychain.state} is `locked`
 * and writing E_KEYCHAIN_LOCKED, because making one takes a password. Besides the interface's errors reading
 * throws E_MALFORMED for an entry that is not UTF-8.
 */
export function secretService(options: KeychainOptions, env: RawEnvironment = process.env): Keychain {
  const talk = newConversation(env);
  const places: Places = new Map();

  /** Runs one operation under its deadline. After a failure the next one starts on a new connection. */
  async function within<T>(operation: (deadline: Deadline) => T | Promise<T>): Promise<T> {
    try {
      return await operation(deadlineIn(options.timeoutMs, options.onSlow));
    } catch (error) {
      const vanished = hasCode(error, "E_KEYCHAIN_UNAVAILABLE") && talk.hasAnswered();
      if (vanished || hasCode(error, "E_KEYCHAIN_TIMEOUT", "E_KEYCHAIN_FAILED")) talk.disconnect();
      if (vanished) throw fail("E_KEYCHAIN_FAILED", "the keychain service exited before it answered");
      throw error;
    }
  }

  return {
    backend: "secret-service",
    state: () => stateBy(async () => ((await within(talk.state)) === "unlocked" ? "unlocked" : "locked")),
    async read(service, accounts) {
      checkNames(service, ...accounts);
      const wanted = [...new Set(accounts)];
      if (wanted.length === 0) return new Map();
      return within((deadline) => read(talk, service, wanted, places, deadline));
    },
    async modifiedAt(service, accounts) {
      checkNames(service, ...accounts);
      if (accounts.length === 0) return new Map();
      return within((deadline) => modifiedAt(talk, service, accounts, places, deadline));
    },
    async write(service, account, value) {
      checkNames(service, account);
      checkValue(value);
      return within((deadline) => write(talk, service, account, value, deadline));
    },
    async remove(service, account) {
      checkNames(service, account);
      return within((deadline) => remove(talk, query(service, account), deadline));
    },
    async list(service) {
      checkNames(service);
      return within((deadline) => list(talk, service, deadline));
    },
    close: talk.disconnect,
  };
}

/** Where entries were last found, by `service/account`; null where nothing was. Saves a second search. */
type Places = Map<string, string | null>;

async function read(
  talk: Conversation,
  service: string,
  accounts: readonly string[],
  places: Places,
  deadline: Deadline,
): Promise<Map<string, Secret>> {
  const visit = talk.enterWithSession(
    (collection) => accounts.map((account) => searchItems(collection, query(service, account))),
    deadline,
  );
  const chosen = new Map<string, string>();
  for (const [index, account] of accounts.entries()) {
    const item = newest(talk, pathsOf(visit?.replies[index]), deadline);
    places.set(`${service}/${account}`, item);
    if (item !== null) chosen.set(account, item);
  }
  if (visit === null || chosen.size === 0) return new Map();

  const { session } = visit;
  const sent = talk.send([getSecrets([...chosen.values()], session.path)], deadline);
  const cipher = await session.cipher(); // the service is fetching meanwhile
  const entries = valuesOf(first(sent.replies()))[0] as unknown as ReadonlyMap<string, Entry>;
  const found = new Map<string, Promise<Secret>>();
  for (const [account, item] of chosen) {
    const entry = entries.get(item);
    if (entry !== undefined) found.set(account, opened(entry, cipher, account));
    else refuseIfLocked(talk, item, deadline);
  }
  return new Map(
    await Promise.all([...found].map(async ([account, value]) => [account, await value] as const)),
  );
}

function modifiedAt(
  talk: Conversation,
  service: string,
  accounts: readonly string[],
  places: Places,
  deadline: Deadline,
): Map<string, number> {
  const unseen = accounts.filter((account) => !places.has(`${service}/${account}`));
  if (unseen.length > 0) {
    const search = (collection: string) =>
      unseen.map((account) => searchItems(collection, query(service, account)));
    const visit = talk.enter(search, deadline);
    for (const [index, account] of unseen.entries()) {
      places.set(`${service}/${account}`, newest(talk, pathsOf(visit?.replies[index]), deadline));
    }
  }
  const found = accounts.flatMap((account) => {
    const item = places.get(`${service}/${account}`) ?? null;
    return item === null ? [] : [{ account, item }];
  });
  if (found.length === 0) return new Map();
  const replies = talk.ask(
    found.map(({ item }) => itemProperties(item)),
    deadline,
  );
  return new Map(found.map(({ account }, index) => [account, writtenAt(replies[index])]));
}

/** An item that is gone, or is being written, and so cannot say when it was, was changed just now. */
function writtenAt(reply: Reply | undefined): number {
  if (reply === undefined || isGone(reply)) return Date.now();
  const seconds = (valuesOf(reply)[0] as ReadonlyMap<string, Value>).get("Modified");
  return seconds === undefined ? Date.now() : Number(seconds as bigint) * 1000;
}

/** Of several items for one account the one that was changed last, or that Python keyring would replace. */
function newest(talk: Conversation, items: readonly string[], deadline: Deadline): string | null {
  if (items.length < 2) return items[0] ?? null;
  const calls = items.flatMap((item) => [itemProperty(item, "Modified"), itemProperty(item, "Attributes")]);
  const replies = talk.ask(calls, deadline);
  const ranked = items.flatMap((item, index) => {
    const [modified, labelled] = replies.slice(index * 2, index * 2 + 2);
    if (!modified?.ok || !labelled?.ok) return []; // gone meanwhile
    const marked = attributes(labelled.values[0]).get("application") === APPLICATION;
    return [{ item, modified: count(modified.values[0]), marked }];
  });
  ranked.sort((a, b) => Number(b.modified - a.modified) || Number(b.marked) - Number(a.marked));
  return ranked[0]?.item ?? null;
}

/** GetSecrets leaves out what is locked, and what has been deleted since the search. */
function refuseIfLocked(talk: Conversation, item: string, deadline: Deadline): void {
  const locked = first(talk.ask([itemProperty(item, "Locked")], deadline));
  if (isGone(locked)) return;
  if (flag(valuesOf(locked)[0])) throw lockedError("an entry of the keychain is locked");
  throw fail("E_KEYCHAIN_FAILED", "the keychain did not return every entry");
}

async function opened(entry: Entry, cipher: Cipher, account: string): Promise<Secret> {
  const [, parameters, value] = entry;
  const plain = await cipher.decrypt({ parameters, value }).catch(() => {
    throw fail("E_KEYCHAIN_FAILED", "the keychain sent an entry that cannot be decrypted");
  });
  try {
    return secret(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(plain));
  } catch {
    throw fail("E_MALFORMED", `the keychain's entry '${account}' is not text`);
  } finally {
    plain.fill(0);
  }
}

async function write(
  talk: Conversation,
  service: string,
  account: string,
  value: Secret,
  deadline: Deadline,
): Promise<void> {
  const visit = talk.enterWithSession(() => [], deadline);
  if (visit === null) throw lockedError("there is no default keychain yet");
  const { collection, session } = visit;
  const plain = new TextEncoder().encode(reveal(value));
  const sealed = await (await session.cipher()).encrypt(plain).finally(() => plain.fill(0));
  const create = createItem(collection, service, account, sealed, session.path);
  const created = first(talk.ask([create], deadline));
  const [item] = valuesOf(created) as [string];
  if (item === NOTHING) throw lockedError("the keychain wants its password before it stores anything");

  // Another program's item without Python's mark is no match for `replace`, and would be read by turns.
  const search = searchItems(collection, query(service, account));
  const others = pathsOf(first(talk.ask([search], deadline))).filter((path) => path !== item);
  if (others.length === 0) return;
  removeAll(talk, others, deadline);
  if (!pathsOf(first(talk.ask([search], deadline))).includes(item)) {
    throw fail("E_KEYCHAIN_FAILED", `another program removed '${account}' while it was written`, "try again");
  }
}

function remove(talk: Conversation, wanted: Attributes, deadline: Deadline): boolean {
  const visit = talk.enter((collection) => [searchItems(collection, wanted)], deadline);
  return visit !== null && removeAll(talk, pathsOf(visit.replies[0]), deadline);
}

/** Whether any of them was still there to be removed. */
function removeAll(talk: Conversation, items: readonly string[], deadline: Deadline): boolean {
  if (items.length === 0) return false;
  const removed = talk.ask(items.map(deleteItem), deadline).filter((reply) => !isGone(reply));
  if (removed.some((reply) => valuesOf(reply)[0] !== NOTHING)) {
    throw lockedError("the keychain wants its password before it removes anything");
  }
  return removed.length > 0;
}

function list(talk: Conversation, service: string, deadline: Deadline): readonly string[] {
  const visit = talk.enter((collection) => [searchItems(collection, query(service))], deadline);
  const items = pathsOf(visit?.replies[0]);
  if (items.length === 0) return [];
  const replies = talk.ask(
    items.map((item) => itemProperty(item, "Attributes")),
    deadline,
  );
  const accounts = replies
    .filter((reply) => !isGone(reply))
    .map((reply) => attributes(valuesOf(reply)[0]).get("username"));
  return [...new Set(accounts.filter((account) => account !== undefined))].sort();
}

function pathsOf(searched: Reply | undefined): readonly string[] {
  return searched === undefined ? [] : (valuesOf(searched)[0] as readonly string[]);
}
