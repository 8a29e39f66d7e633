/**
 * Reads the entries that a head start has searched for, where each is there once and nothing is locked, as on nearly every
 * machine: with less code than reading.ts, which is asked where that is not so. Writes nothing.
 */
import type { Secret } from "../../core/secret.ts";
import { encodeCall } from "../../dbus/encode.ts";
import type { Deadline } from "../../os/deadline.ts";
import { collectionLocked, getSecrets, keyOfCall } from "./calls.ts";
import type { KeyPair } from "./dh-keys.ts";
import { first, valuesOf } from "./replies.ts";
import { cipherOf, type Entry, entriesIn, textOf } from "./session.ts";
import type { Asked, Started } from "./started.ts";

/**
 * When the searches were answered later than so many milliseconds after they were waited for, the service has begun to
 * compute its key long ago, and there is no time for a rehearsal.
 */
const SOON_MS = 2;

/**
 * The texts of all items that were searched for, each once, in the order of the searches; null where one was not found
 * once, is locked, or is no text. `meanwhile` is called while the service computes its key. Throws the keychain's errors; whatever
 * happens, the conversation can go on.
 */
export function readQuickly(
  { bus, alias, asked, opening }: Started,
  until: Deadline,
  meanwhile: () => void,
): readonly Secret[] | null {
  if (opening === null) return null;
  const began = performance.now();
  if (valuesOf(alias.reply(until))[0] !== asked.collection) return null;
  const items = itemsOf(asked, until);
  if (items === null) return null;
  const { keys } = opening;
  if (performance.now() - began < SOON_MS) {
    rehearse(keys);
    meanwhile();
  }
  const [theirs, session] = valuesOf(opening.coming.reply(until));
  const sent = bus.send([getSecrets(items, session as string)], until);
  const cipher = cipherOf(keys, theirs); // the service is fetching meanwhile
  const entries = entriesIn(first(sent.replies()));
  const texts: Secret[] = [];
  for (const item of items) {
    const entry = entries.get(item);
    const text = entry ? textOf(entry, cipher) : null;
    if (text === null) return null;
    texts.push(text);
  }
  return texts;
}

/** The items that were searched for, each once and in an unlocked collection; null where that is not so. */
function itemsOf({ collection, coming }: Asked, until: Deadline): readonly string[] | null {
  const locked = keyOfCall(collectionLocked(collection));
  const items: string[] = [];
  let isUnlocked = false;
  for (const [key, one] of coming) {
    const [found] = valuesOf(one.reply(until));
    if (key === locked) isUnlocked = found === false;
    else {
      const [item, ...more] = found as readonly string[];
      if (item === undefined || more.length > 0) return null;
      if (!items.includes(item)) items.push(item);
    }
  }
  // For what is locked some services ask their user, and nobody is to be asked here.
  return isUnlocked ? items : null;
}

/** What runs for the first time takes three times as long. */
function rehearse(keys: KeyPair): void {
  encodeCall(getSecrets(["/a", "/b", "/c"], "/s"), 1);
  const entry: Entry = ["", new Uint8Array(16), new Uint8Array(16), ""];
  try {
    textOf(entry, cipherOf(keys, keys.publicKey));
  } catch {
    // Nothing was encrypted with that key.
  }
}
