/**
 * Reads entries of a Secret Service, and when they were written: everything that is wanted now and everything that a run
 * has said it will want, in one visit. Writes nothing.
 */

import { fail, type GumCredError } from "../../core/errors.ts";
import type { Secret } from "../../core/secret.ts";
import type { Call } from "../../dbus/client.ts";
import type { Deadline } from "../../os/deadline.ts";
import { notText } from "../keychain.ts";
import { getSecrets, itemProperty, query, searchItems } from "./calls.ts";
import type { Conversation } from "./conversation.ts";
import { allOf, groupsOf, itemsOf, keyOf, type Listed, newest, type Places, type Sought } from "./finding.ts";
import { first, isGone, lockedError, pathsOf, valuesOf } from "./replies.ts";
import { entriesIn, type Session, textOf } from "./session.ts";
import { modifiedAt } from "./times.ts";
import { flag } from "./typed.ts";

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

/** What came ahead: an entry, or that there is none, and who foresaw it. */
interface Ahead {
  readonly open: Open | null;
  /** Null for what came with a list. */
  readonly foreseen: Sought | null;
}

/** A reader over this conversation. */
export function newReader(talk: Conversation): Reader {
  const places: Places = { items: new Map(), crowded: new Set() };
  const foreseen = new Map<string, Sought>();
  /** To be given once. */
  const ahead = new Map<string, Ahead>();
  /** The service all of whose entries are ahead, for one read. */
  let whole: string | null = null;
  let cameAt = 0;

  /** One visit for what is wanted, the names of a service's entries, and what was foreseen. */
  function visit(wanted: readonly Sought[], listed: Listed | null, deadline: Deadline): Visited {
    // What nobody has asked for yet comes anew.
    for (const [key, { foreseen: sought }] of ahead) if (sought) foreseen.set(key, sought);
    for (const { key } of wanted) foreseen.delete(key);
    const others: Sought[] = [];
    for (const [, sought] of foreseen) others.push(sought);
    foreseen.clear();
    ahead.clear();
    cameAt = performance.now();
    const visited = readAll(talk, [...wanted, ...others], listed, places, deadline);
    for (const sought of others) {
      const open = visited.found.get(sought.key);
      // What is there and was not given, because it is locked or has just gone, is asked for again when it is wanted.
      if (open || places.items.get(sought.key) === null) {
        ahead.set(sought.key, { open: open ?? null, foreseen: sought });
      }
    }
    whole = visited.isWhole ? (listed?.service ?? null) : null;
    if (whole === null) return visited;
    for (const [key, open] of visited.found) if (!ahead.has(key)) ahead.set(key, { open, foreseen: null });
    return visited;
  }

  /** The entries, where all of them came ahead; null where they are to be looked for. */
  function taken(service: string, sought: readonly Sought[]): ReadonlyMap<string, Open> | null {
    if (performance.now() - cameAt >= KEPT_MS) return null;
    for (const { key } of sought) if (service !== whole && !ahead.has(key)) return null;
    const found = new Map<string, Open>();
    for (const { key } of sought) {
      const open = ahead.get(key)?.open;
      if (open) found.set(key, open);
    }
    return found;
  }

  return {
    read(service, accounts, deadline) {
      // Loops, here and below: each of the functions with a name would take its first run longer.
      const sought: Sought[] = [];
      for (const account of accounts) sought.push(soughtOf(service, account, false));
      const came = taken(service, sought) ?? visit(sought, null, deadline).found;
      if (service === whole) whole = null;
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
        if (ahead.has(one.key)) continue;
        foreseen.set(one.key, one);
        talk.prepare();
      }
    },
    forget() {
      ahead.clear();
      whole = null;
    },
  };
}

function soughtOf(service: string, account: string, isForeseen: boolean): Sought {
  return { service, account, key: keyOf(service, account), isForeseen };
}

interface Visited {
  /** Of the service that was listed, sorted; null where none was, or there are too many. */
  readonly names: readonly string[] | null;
  /** What was wanted and is there, to be opened, by {@link keyOf}; and what was listed, where it was few. */
  readonly found: ReadonlyMap<string, Open>;
  /** Whether every entry that was listed is among them. */
  readonly isWhole: boolean;
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
  const all = listed && allOf(talk, listed, items, pathsOf(visit?.replies[groups.length]), deadline);
  if (listed && all === null) places.crowded.add(listed.service);
  const chosen: (Sought & { readonly item: string })[] = [];
  for (const one of wanted) {
    const item = newest(talk, items.get(one.key) ?? [], deadline);
    places.items.set(one.key, item);
    if (item !== null) chosen.push({ ...one, item });
  }
  const readsAll = listed !== null && all !== null && listed.most < Number.POSITIVE_INFINITY;
  if (readsAll) chosen.push(...others(talk, listed.service, all, wanted, deadline));
  const names = all && [...all.keys()].sort();
  const session = visit?.session ?? null;
  if (session === null) return { names, found: new Map(), isWhole: false };
  const found = secretsOf(talk, session, chosen, deadline);
  let isWhole = readsAll;
  for (const { service, key } of chosen) isWhole &&= service !== listed?.service || found.has(key);
  return { names, found, isWhole };
}

/** Of a service's entries those that nobody wanted. */
function others(
  talk: Conversation,
  service: string,
  all: ReadonlyMap<string, readonly string[]>,
  wanted: readonly Sought[],
  deadline: Deadline,
): readonly (Sought & { readonly item: string })[] {
  const keys = new Set<string>();
  for (const { key } of wanted) keys.add(key);
  const found: (Sought & { readonly item: string })[] = [];
  for (const [account, paths] of all) {
    const one = soughtOf(service, account, true);
    const item = keys.has(one.key) ? null : newest(talk, paths, deadline);
    if (item !== null) found.push({ ...one, item });
  }
  return found;
}

/** The secrets of items, to be opened. Throws for one that is locked, unless it is only foreseen. */
function secretsOf(
  talk: Conversation,
  session: Session,
  chosen: readonly (Sought & { readonly item: string })[],
  deadline: Deadline,
): ReadonlyMap<string, Open> {
  const found = new Map<string, Open>();
  if (chosen.length === 0) return found;
  const items: string[] = [];
  for (const { item } of chosen) items.push(item);
  const sent = talk.send([getSecrets(items, session.path)], deadline);
  const cipher = session.cipher(); // the service is fetching meanwhile
  const entries = entriesIn(first(sent.replies()));
  for (const { key, account, item, isForeseen } of chosen) {
    const entry = entries.get(item);
    if (entry !== undefined) found.set(key, () => textOf(entry, cipher) ?? refuse(notText(account)));
    else if (!isForeseen) refuseIfLocked(talk, item, deadline);
  }
  return found;
}

/** GetSecrets leaves out what is locked, and what has been deleted since the search. */
function refuseIfLocked(talk: Conversation, item: string, deadline: Deadline): void {
  const locked = first(talk.ask([itemProperty(item, "Locked")], deadline));
  if (isGone(locked)) return;
  if (flag(valuesOf(locked)[0])) throw lockedError("an entry of the keychain is locked");
  throw fail("E_KEYCHAIN_FAILED", "the keychain did not return every entry");
}

function refuse(error: GumCredError): never {
  throw error;
}
