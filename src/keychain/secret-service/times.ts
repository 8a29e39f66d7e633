/** When entries of a Secret Service were written. */
import type { Reply } from "../../dbus/client.ts";
import type { Value } from "../../dbus/types.ts";
import type { Deadline } from "../../os/deadline.ts";
import { itemProperties, query, searchItems } from "./calls.ts";
import type { Conversation } from "./conversation.ts";
import { keyOf, newest, type Places } from "./finding.ts";
import { isGone, pathsOf, valuesOf } from "./replies.ts";

/** By account, in milliseconds since 1970; of what is not there, nothing. */
export function modifiedAt(
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
