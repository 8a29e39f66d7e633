/**
 * Finds out which items the wanted entries are, with as few questions as may be: each costs the service as much as reading
 * the entry.
 */
import type { Deadline } from "../../os/deadline.ts";
import { APPLICATION, itemProperty, query, searchItems } from "./calls.ts";
import type { Conversation, Visit } from "./conversation.ts";
import { isGone, pathsOf, valuesOf } from "./replies.ts";
import { attributes, count } from "./typed.ts";

/** An entry to find. */
export interface Sought {
  readonly service: string;
  readonly account: string;
  /** {@link keyOf} of the two. */
  readonly key: string;
  /** Not wanted yet: a failure to read it is said when it is. */
  readonly isForeseen: boolean;
}

/** An entry as one text. */
export const keyOf = (service: string, account: string): string => `${service}/${account}`;

/** What earlier visits found. Saves a second search. */
export interface Places {
  /** Where entries were last found, by {@link keyOf}; null where nothing was. */
  readonly items: Map<string, string | null>;
  /** Services with too many entries to name each. */
  readonly crowded: Set<string>;
}

/** What one search looks for: an entry, or all entries of a service of which many are wanted. */
export interface Group {
  readonly service: string;
  readonly account?: string;
  readonly wanted: readonly Sought[];
}

/** From so many on it takes less time to have all entries of a service named than to look for each of them. */
const MANY = 8;

/** The searches that find these entries. `crowded` services have more entries than are wanted. */
export function groupsOf(wanted: readonly Sought[], crowded: ReadonlySet<string>): readonly Group[] {
  const services = new Map<string, Sought[]>();
  for (const one of wanted) {
    const own = services.get(one.service);
    if (own) own.push(one);
    else services.set(one.service, [one]);
  }
  const groups: Group[] = [];
  for (const [service, own] of services) {
    const isWhole = own.length >= MANY && !crowded.has(service);
    const others: Sought[] = [];
    for (const one of own) {
      // What is foreseen is the note of a profile: where it is all that there is, nothing needs to be named.
      if (isWhole && !one.isForeseen) others.push(one);
      else groups.push({ service, account: one.account, wanted: [one] });
    }
    if (isWhole) groups.push({ service, wanted: others });
  }
  return groups;
}

/** The items of every wanted entry, by {@link keyOf}; `replies` are those to the searches. */
export function itemsOf(
  talk: Conversation,
  groups: readonly Group[],
  { collection, replies }: Visit,
  deadline: Deadline,
): ReadonlyMap<string, readonly string[]> {
  const items = new Map<string, readonly string[]>();
  const placed = new Set<string>();
  for (const [index, { account, wanted, service }] of groups.entries()) {
    const found = pathsOf(replies[index]);
    if (account !== undefined) {
      items.set(keyOf(service, account), found);
      for (const path of found) placed.add(path);
      continue;
    }
    const others: string[] = [];
    for (const path of found) if (!placed.has(path)) others.push(path);
    if (others.length > wanted.length) {
      const each = wanted.map((other) => searchItems(collection, query(service, other.account)));
      const searched = talk.ask(each, deadline);
      for (const [at, other] of wanted.entries()) items.set(other.key, pathsOf(searched[at]));
    } else for (const [key, paths] of named(talk, service, others, deadline)) items.set(key, paths);
  }
  return items;
}

/** The items of one service by the entries that they are. */
function named(
  talk: Conversation,
  service: string,
  items: readonly string[],
  deadline: Deadline,
): ReadonlyMap<string, readonly string[]> {
  const named = new Map<string, string[]>();
  for (const [item, account] of accountsOf(talk, items, deadline)) {
    const key = keyOf(service, account);
    named.set(key, [...(named.get(key) ?? []), item]);
  }
  return named;
}

/** The accounts of these items; of one that is gone, or has none, nothing. All questions go out together. */
export function accountsOf(
  talk: Conversation,
  items: readonly string[],
  deadline: Deadline,
): ReadonlyMap<string, string> {
  const accounts = new Map<string, string>();
  if (items.length === 0) return accounts;
  const questions = items.map((item) => itemProperty(item, "Attributes"));
  for (const [index, reply] of talk.ask(questions, deadline).entries()) {
    const item = items[index];
    const account = isGone(reply) ? undefined : attributes(valuesOf(reply)[0]).get("username");
    if (item !== undefined && account !== undefined) accounts.set(item, account);
  }
  return accounts;
}

/** A service whose entries are to be named, where that takes no more than so many questions. */
export interface Listed {
  readonly service: string;
  readonly most: number;
}

/** The items of a service by account; `paths` are all of them, of which `items` knows some. Null where too many are left. */
export function allOf(
  talk: Conversation,
  { service, most }: Listed,
  items: ReadonlyMap<string, readonly string[]>,
  paths: readonly string[],
  deadline: Deadline,
): ReadonlyMap<string, readonly string[]> | null {
  const all = new Map<string, string[]>();
  const known = new Set<string>();
  const prefix = keyOf(service, "");
  for (const [key, own] of items) {
    if (own.length === 0 || !key.startsWith(prefix)) continue;
    all.set(key.slice(prefix.length), [...own]);
    for (const path of own) known.add(path);
  }
  const others: string[] = [];
  for (const path of paths) if (!known.has(path)) others.push(path);
  if (others.length > most) return null;
  for (const [item, account] of accountsOf(talk, others, deadline)) {
    const own = all.get(account);
    if (own) own.push(item);
    else all.set(account, [item]);
  }
  return all;
}

/** Of several items for one account the one that was changed last, or that Python keyring would replace. */
export function newest(talk: Conversation, items: readonly string[], deadline: Deadline): string | null {
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
