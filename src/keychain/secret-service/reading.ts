/**
 * Reads entries of a Secret Service, and when they were written: everything that is wanted now and everything that a run
 * has said it will want, in one visit. Writes nothing.
 */

import { fail } from "../../core/errors.ts";
import { type Secret, secret } from "../../core/secret.ts";
import type { Call, Reply } from "../../dbus/client.ts";
import type { Value } from "../../dbus/types.ts";
import type { Deadline } from "../../os/deadline.ts";
import { notText } from "../keychain.ts";
import { getSecrets, itemProperties, itemProperty, query, searchItems } from "./calls.ts";
import type { Conversation } from "./conversation.ts";
import type { Cipher, Sealed } from "./dh-session.ts";
import { accountsOf, groupsOf, itemsOf, keyOf, newest, type Sought } from "./finding.ts";
import { first, isGone, lockedError, pathsOf, valuesOf } from "./replies.ts";
import { flag } from "./typed.ts";

/** An item's secret as GetSecrets gives it: session, parameters, value, content type. */
type Entry = readonly [string, Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>, string];

/** What earlier visits found. Saves a second search. */
interface Places {
  /** Where entries were last found, by {@link keyOf}; null where nothing was. */
  readonly items: Map<string, string | null>;
  /** Services with too many entries to name each. */
  readonly crowded: Set<string>;
}

/** Each method but `foresee` and `forget` throws the keychain's errors. */
export interface Reader {
  read(service: string, accounts: readonly string[], deadline: Deadline): Map<string, Secret>;
  modifiedAt(service: string, accounts: readonly string[], deadline: Deadline): Map<string, number>;
  /** The accounts of a service, sorted; null where more than `most` would have to be asked for their names. */
  list(service: string, most: number, deadline: Deadline): readonly string[] | null;
  foresee(service: string, accounts: readonly string[]): void;
  /** Drops what was read ahead: it may be something else by now. */
  forget(): void;
}

/** What was read ahead is as good as read now for so long: whoever has waited for a server in between reads again. */
const KEPT_MS = 500;

/** Decrypts an entry that has come. Throws E_KEYCHAIN_FAILED, and E_MALFORMED for one that is no text. */
type Open = () => Secret;

/** A reader over this conversation. */
export function newReader(talk: Conversation): Reader {
  const places: Places = { items: new Map(), crowded: new Set() };
  const foreseen = new Map<string, Sought>();
  /** What has come ahead, to be given once; null where nothing was found. */
  const ahead = new Map<string, Open | null>();
  let cameAt = 0;

  /** One visit for what is wanted, the names of a service's entries, and what was foreseen. */
  function visit(wanted: readonly Sought[], listed: Listed | null, deadline: Deadline): Visited {
    for (const { key } of wanted) foreseen.delete(key);
    const others = [...foreseen.values()];
    foreseen.clear();
    ahead.clear();
    cameAt = performance.now();
    const visited = readAll(talk, [...wanted, ...others], listed, places, deadline);
    for (const { key } of others) {
      const open = visited.found.get(key);
      // What is there and was not given, because it is locked or has just gone, is asked for again when it is wanted.
      if (open || places.items.get(key) === null) ahead.set(key, open ?? null);
    }
    return visited;
  }

  return {
    read(service, accounts, deadline) {
      // Loops, here and below: each of the functions with a name would take its first run longer.
      const sought: Sought[] = [];
      let isAhead = performance.now() - cameAt < KEPT_MS;
      for (const account of accounts) {
        const one = soughtOf(service, account, false);
        sought.push(one);
        isAhead &&= ahead.has(one.key);
      }
      const came = isAhead ? new Map(ahead) : visit(sought, null, deadline).found;
      const found = new Map<string, Secret>();
      for (const { key, account } of sought) {
        ahead.delete(key);
        const open = came.get(key);
        if (open) found.set(account, open());
      }
      return found;
    },
    modifiedAt: (service, accounts, deadline) => modifiedAt(talk, service, accounts, places, deadline),
    list: (service, most, deadline) => visit([], { service, most }, deadline).names,
    foresee(service, accounts) {
      for (const account of accounts) {
        const one = soughtOf(service, account, true);
        if (!ahead.has(one.key)) foreseen.set(one.key, one);
      }
    },
    forget: () => ahead.clear(),
  };
}

function soughtOf(service: string, account: string, isForeseen: boolean): Sought {
  return { service, account, key: keyOf(service, account), isForeseen };
}

/** A service whose entries are to be named, where that takes no more than so many questions. */
interface Listed {
  readonly service: string;
  readonly most: number;
}

interface Visited {
  /** Of the service that was listed, sorted; null where none was, or there are too many. */
  readonly names: readonly string[] | null;
  /** What was wanted and is there, to be opened, by {@link keyOf}. */
  readonly found: ReadonlyMap<string, Open>;
}

function readAll(
  talk: Conversation,
  wanted: readonly Sought[],
  listed: Listed | null,
  places: Places,
  deadline: Deadline,
): Visited {
  const groups = groupsOf(wanted, places.crowded);
  const build = (collection: string) => {
    const searches: Call[] = [];
    for (const { service, account } of groups)
      searches.push(searchItems(collection, query(service, account)));
    if (listed) searches.push(searchItems(collection, query(listed.service)));
    return searches;
  };
  const visit = wanted.length > 0 ? talk.enterWithSession(build, deadline) : talk.enter(build, deadline);
  const items = visit === null ? new Map() : itemsOf(talk, groups, visit, deadline);
  const names = listed && namesOf(talk, listed, items, pathsOf(visit?.replies[groups.length]), deadline);
  if (listed && names === null) places.crowded.add(listed.service);
  const chosen: (Sought & { readonly item: string })[] = [];
  for (const one of wanted) {
    const item = newest(talk, items.get(one.key) ?? [], deadline);
    places.items.set(one.key, item);
    if (item !== null) chosen.push({ ...one, item });
  }
  const found = new Map<string, Open>();
  const session = visit?.session ?? null;
  if (session === null || chosen.length === 0) return { names, found };

  const chosenItems: string[] = [];
  for (const { item } of chosen) chosenItems.push(item);
  const sent = talk.send([getSecrets(chosenItems, session.path)], deadline);
  const cipher = session.cipher(); // the service is fetching meanwhile
  const entries = valuesOf(first(sent.replies()))[0] as unknown as ReadonlyMap<string, Entry>;
  for (const { key, account, item, isForeseen } of chosen) {
    const entry = entries.get(item);
    if (entry !== undefined) found.set(key, () => opened(entry, cipher, account));
    else if (!isForeseen) refuseIfLocked(talk, item, deadline);
  }
  return { names, found };
}

/** The names behind these paths; those of `items` are known. */
function namesOf(
  talk: Conversation,
  { service, most }: Listed,
  items: ReadonlyMap<string, readonly string[]>,
  paths: readonly string[],
  deadline: Deadline,
): readonly string[] | null {
  const names = new Set<string>();
  const known = new Set<string>();
  const prefix = keyOf(service, "");
  for (const [key, own] of items) {
    if (own.length === 0 || !key.startsWith(prefix)) continue;
    names.add(key.slice(prefix.length));
    for (const path of own) known.add(path);
  }
  const others: string[] = [];
  for (const path of paths) if (!known.has(path)) others.push(path);
  if (others.length > most) return null;
  for (const account of accountsOf(talk, others, deadline).values()) names.add(account);
  return [...names].sort();
}

function modifiedAt(
  talk: Conversation,
  service: string,
  accounts: readonly string[],
  places: Places,
  deadline: Deadline,
): Map<string, number> {
  const unseen = accounts.filter((account) => !places.items.has(keyOf(service, account)));
  if (unseen.length > 0) {
    const search = (collection: string) =>
      unseen.map((account) => searchItems(collection, query(service, account)));
    const visit = talk.enter(search, deadline);
    for (const [index, account] of unseen.entries()) {
      places.items.set(keyOf(service, account), newest(talk, pathsOf(visit?.replies[index]), deadline));
    }
  }
  const found = accounts.flatMap((account) => {
    const item = places.items.get(keyOf(service, account)) ?? null;
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

/** GetSecrets leaves out what is locked, and what has been deleted since the search. */
function refuseIfLocked(talk: Conversation, item: string, deadline: Deadline): void {
  const locked = first(talk.ask([itemProperty(item, "Locked")], deadline));
  if (isGone(locked)) return;
  if (flag(valuesOf(locked)[0])) throw lockedError("an entry of the keychain is locked");
  throw fail("E_KEYCHAIN_FAILED", "the keychain did not return every entry");
}

function opened(entry: Entry, cipher: Cipher, account: string): Secret {
  const [, parameters, value] = entry;
  const plain = decrypted({ parameters, value }, cipher);
  try {
    return secret(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(plain));
  } catch {
    throw notText(account);
  } finally {
    plain.fill(0);
  }
}

function decrypted(sealed: Sealed, cipher: Cipher): Uint8Array {
  try {
    return cipher.decrypt(sealed);
  } catch {
    throw fail("E_KEYCHAIN_FAILED", "the keychain sent an entry that cannot be decrypted");
  }
}
