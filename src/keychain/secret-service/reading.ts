/**
 * Reads entries of a Secret Service, and when they were written: everything that is wanted now and everything that a run
 * has said it will want, in one visit. Writes nothing.
 */

import { fail } from "../../core/errors.ts";
import { type Secret, secret } from "../../core/secret.ts";
import type { Reply } from "../../dbus/client.ts";
import type { Value } from "../../dbus/types.ts";
import type { Deadline } from "../../os/deadline.ts";
import { notText } from "../keychain.ts";
import { getSecrets, itemProperties, itemProperty, query, searchItems } from "./calls.ts";
import { type Conversation, first, isGone, lockedError, pathsOf, valuesOf } from "./conversation.ts";
import type { Cipher, Sealed } from "./dh-session.ts";
import { groupsOf, itemsOf, keyOf, newest, type Sought } from "./finding.ts";
import { flag } from "./typed.ts";

/** An item's secret as GetSecrets gives it: session, parameters, value, content type. */
type Entry = readonly [string, Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>, string];

/** Where entries were last found, by {@link keyOf}; null where nothing was. Saves a second search. */
type Places = Map<string, string | null>;

interface Wanted extends Sought {
  /** Not wanted yet: a failure to read it is said when it is. */
  readonly isForeseen: boolean;
}

/** Each method but `foresee` and `forget` throws the keychain's errors. */
export interface Reader {
  read(service: string, accounts: readonly string[], deadline: Deadline): Map<string, Secret>;
  modifiedAt(service: string, accounts: readonly string[], deadline: Deadline): Map<string, number>;
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
  const places: Places = new Map();
  const foreseen = new Map<string, Wanted>();
  /** What has come ahead, to be given once; null where nothing was found. */
  const ahead = new Map<string, Open | null>();
  let cameAt = 0;

  function visit(
    service: string,
    accounts: readonly string[],
    deadline: Deadline,
  ): ReadonlyMap<string, Open> {
    const wanted = accounts.map((account) => wantedOf(service, account, false));
    for (const { key } of wanted) foreseen.delete(key);
    const others = [...foreseen.values()];
    foreseen.clear();
    ahead.clear();
    cameAt = performance.now();
    const found = readAll(talk, [...wanted, ...others], places, deadline);
    for (const { key } of others) {
      const open = found.get(key);
      // What is there and was not given, because it is locked or has just gone, is asked for again when it is wanted.
      if (open || places.get(key) === null) ahead.set(key, open ?? null);
    }
    return found;
  }

  return {
    read(service, accounts, deadline) {
      const keys = accounts.map((account) => keyOf(service, account));
      const isAhead = performance.now() - cameAt < KEPT_MS && keys.every((key) => ahead.has(key));
      const came = isAhead ? new Map(ahead) : visit(service, accounts, deadline);
      const found = new Map<string, Secret>();
      for (const [index, account] of accounts.entries()) {
        const key = keys[index] ?? "";
        ahead.delete(key);
        const open = came.get(key);
        if (open) found.set(account, open());
      }
      return found;
    },
    modifiedAt: (service, accounts, deadline) => modifiedAt(talk, service, accounts, places, deadline),
    foresee(service, accounts) {
      for (const account of accounts) {
        const one = wantedOf(service, account, true);
        if (!ahead.has(one.key)) foreseen.set(one.key, one);
      }
    },
    forget: () => ahead.clear(),
  };
}

function wantedOf(service: string, account: string, isForeseen: boolean): Wanted {
  return { service, account, key: keyOf(service, account), isForeseen };
}

function readAll(
  talk: Conversation,
  wanted: readonly Wanted[],
  places: Places,
  deadline: Deadline,
): ReadonlyMap<string, Open> {
  const groups = groupsOf(wanted);
  const visit = talk.enterWithSession(
    (collection) => groups.map(({ service, account }) => searchItems(collection, query(service, account))),
    deadline,
  );
  const items = visit === null ? new Map() : itemsOf(talk, groups, visit, deadline);
  const chosen: (Wanted & { readonly item: string })[] = [];
  for (const one of wanted) {
    const item = newest(talk, items.get(one.key) ?? [], deadline);
    places.set(one.key, item);
    if (item !== null) chosen.push({ ...one, item });
  }
  if (visit === null || chosen.length === 0) return new Map();

  const { session } = visit;
  const chosenItems = chosen.map(({ item }) => item);
  const sent = talk.send([getSecrets(chosenItems, session.path)], deadline);
  const cipher = session.cipher(); // the service is fetching meanwhile
  const entries = valuesOf(first(sent.replies()))[0] as unknown as ReadonlyMap<string, Entry>;
  const found = new Map<string, Open>();
  for (const { key, account, item, isForeseen } of chosen) {
    const entry = entries.get(item);
    if (entry !== undefined) found.set(key, () => opened(entry, cipher, account));
    else if (!isForeseen) refuseIfLocked(talk, item, deadline);
  }
  return found;
}

function modifiedAt(
  talk: Conversation,
  service: string,
  accounts: readonly string[],
  places: Places,
  deadline: Deadline,
): Map<string, number> {
  const unseen = accounts.filter((account) => !places.has(keyOf(service, account)));
  if (unseen.length > 0) {
    const search = (collection: string) =>
      unseen.map((account) => searchItems(collection, query(service, account)));
    const visit = talk.enter(search, deadline);
    for (const [index, account] of unseen.entries()) {
      places.set(keyOf(service, account), newest(talk, pathsOf(visit?.replies[index]), deadline));
    }
  }
  const found = accounts.flatMap((account) => {
    const item = places.get(keyOf(service, account)) ?? null;
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
