/**
 * What everyday lines ask a desktop's keychain first, encoded while the program is built, because a start has no time for
 * it (ADR 3). Each call has a serial number of its own, so that they need not all be sent.
 */
import { type Call, HELLO } from "../../src/dbus/client.ts";
import { encodeCall } from "../../src/dbus/encode.ts";
import type { EverydayQuestion } from "../../src/everyday.ts";
import { expiryAccount } from "../../src/gumloop/expiry.ts";
import type { RESOLVED_FIELDS } from "../../src/gumloop/profile.ts";
import { GUMLOOP_SERVICE } from "../../src/gumloop/stored.ts";
import { OWN_SERVICE } from "../../src/keychain/keychain.ts";
import {
  collectionLocked,
  keyOfCall,
  openEncryptedSession,
  query,
  readDefaultAlias,
  searchItems,
} from "../../src/keychain/secret-service/calls.ts";
import type { FirstCalls, Question } from "../../src/keychain/secret-service/head-start.ts";

/** Where GNOME Keyring keeps what is stored, unless somebody chose another keyring as the default. */
const USUAL_COLLECTION = "/org/freedesktop/secrets/collection/login";
const PROFILE = "default";
const PUBLIC_KEY_BYTES = 128;

const search = (service: string, account?: string) => searchItems(USUAL_COLLECTION, query(service, account));

const field = (name: (typeof RESOLVED_FIELDS)[number]) => search(GUMLOOP_SERVICE, `${PROFILE}:${name}`);

/** In the order in which src/everyday-stored.ts reads the session. */
const QUESTIONS: Readonly<Record<EverydayQuestion, readonly Call[]>> = {
  locked: [collectionLocked(USUAL_COLLECTION)],
  session: [field("access_token"), field("base_url"), search(OWN_SERVICE, expiryAccount(PROFILE))],
  key: [field("api_key"), field("user_id")],
  vendors: [search(OWN_SERVICE)],
};

export function firstCalls(): FirstCalls {
  let serial = 0;
  const encoded = (call: Call) => encodeCall(call, ++serial).toHex();
  const question = (calls: readonly Call[]): Question => {
    const from = serial + 1;
    return { keys: calls.map(keyOfCall), from, hex: calls.map(encoded).join("") };
  };
  const greeting = encoded(HELLO) + encoded(readDefaultAlias);
  const opening = encoded(openEncryptedSession(new Uint8Array(PUBLIC_KEY_BYTES)));
  return {
    greeting,
    opening: opening.slice(0, -2 * PUBLIC_KEY_BYTES),
    collection: USUAL_COLLECTION,
    questions: Object.fromEntries(Object.entries(QUESTIONS).map(([name, calls]) => [name, question(calls)])),
  };
}
