/**
 * The account names of a service. The protocol tells them one item a question, which is most of what a list costs where
 * hundreds are stored; a list that may be a few minutes old remembers them (`KeychainOptions.listMemory`).
 */
import type { Call } from "../../dbus/client.ts";
import type { Deadline } from "../../os/deadline.ts";
import type { ListMemory } from "../keychain.ts";
import { call, query, SERVICE_NAME, searchItems } from "./calls.ts";
import type { Conversation, Visit } from "./conversation.ts";
import { accountsOf } from "./finding.ts";
import { pathsOf } from "./replies.ts";

/** Fewer items are named sooner than a file is read. */
const FEW = 32;
/** So many are named before they are remembered. */
const PORTION = 100;

/** What {@link ListMemory.keep} makes of the account names stored under a service, sorted. */
export function rememberedList(
  talk: Conversation,
  service: string,
  memory: ListMemory,
  deadline: Deadline,
): readonly string[] {
  // Bus and service as they were before the search and behind it: a service begun anew may name its items anew.
  const around: readonly Call[] = [busId, serviceOwner];
  const search = (collection: string) => [...around, searchItems(collection, query(service)), ...around];
  const visit = talk.enter(search, deadline);
  const items = pathsOf(visit?.replies[around.length]);
  if (!visit || items.length === 0) return [];
  const life = items.length < FEW ? null : lifeOf(visit, around.length);
  const names =
    life === null
      ? [...accountsOf(talk, items, deadline).values()]
      : recalled(talk, service, items, memory, life, deadline);
  return [...new Set(names)].sort();
}

/**
 * The kept names of these items: of those that are not remembered by asking. What was answered is remembered even where the
 * deadline ends the rest, so that the next list gets further.
 */
function recalled(
  talk: Conversation,
  service: string,
  items: readonly string[],
  memory: ListMemory,
  life: string,
  deadline: Deadline,
): readonly string[] {
  const remembered = memory.recall(life);
  const sample = ends(items.filter((item) => remembered.has(item)));
  const asked = accountsOf(talk, sample, deadline);
  const nameOf = (account: string | undefined) =>
    account === undefined ? null : memory.keep(service, account);
  // A collection that was deleted and made anew gives its items the old paths.
  const known = sample.every((item) => nameOf(asked.get(item)) === remembered.get(item))
    ? remembered
    : new Map<string, string>();
  const names = items.flatMap((item) => known.get(item) ?? []);
  const others = items.filter((item) => !known.has(item));
  for (let at = 0; at < others.length; at += PORTION) {
    const asked = accountsOf(talk, others.slice(at, at + PORTION), deadline);
    const kept = new Map([...asked].map(([item, account]) => [item, memory.keep(service, account)] as const));
    memory.remember(life, kept);
    names.push(...kept.values());
  }
  return names;
}

/** The first and the last. */
function ends(items: readonly string[]): readonly string[] {
  return items.length < 2 ? items : [items[0] as string, items.at(-1) as string];
}

/** What items' paths stay the same in: this bus, this process on it, this collection. Null where it cannot be told. */
function lifeOf({ collection, replies }: Visit, count: number): string | null {
  const [before, after] = [replies.slice(0, count), replies.slice(-count)].map((ends) =>
    ends.map((reply) => (reply.ok ? reply.values[0] : null)).join(" "),
  );
  return count > 0 && before === after && replies.every(({ ok }) => ok) ? `${before} ${collection}` : null;
}

const bus = (method: string, signature: string, args: readonly string[]): Call => ({
  ...call("/org/freedesktop/DBus", "org.freedesktop.DBus", method, signature, args, "(s)"),
  destination: "org.freedesktop.DBus",
});
const busId = bus("GetId", "()", []);
/** A unique name, which the bus gives to no other connection (D-Bus specification, "Message Bus Names"). */
const serviceOwner = bus("GetNameOwner", "(s)", [SERVICE_NAME]);
