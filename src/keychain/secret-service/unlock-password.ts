/**
 * Unlocks GNOME Keyring's default collection with a password, or makes that collection, where there is no desktop to
 * show the service's own dialog. By an interface that GNOME Keyring alone has and calls unsupported; its own PAM
 * tools and tests use it. The password crosses the bus encrypted, or not at all. Reads and writes no entry.
 * Reference: daemon/dbus/org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface.xml of gnome-keyring.
 */

import type { RawEnvironment } from "../../core/environment.ts";
import { reveal, type Secret } from "../../core/secret.ts";
import { type Bus, type Call, openSessionBus, type Reply } from "../../dbus/client.ts";
import { refusal } from "../../dbus/error.ts";
import type { Value } from "../../dbus/types.ts";
import { type Deadline, deadlineIn } from "../../os/deadline.ts";
import type { PasswordUnlock } from "../keychain.ts";
import { call, collectionLocked, NOTHING, openEncryptedSession, readDefaultAlias } from "./calls.ts";
import { newKeyPair } from "./dh-keys.ts";
import { first, valuesOf } from "./replies.ts";
import { cipherOf } from "./session.ts";

const PATH = "/org/freedesktop/secrets";
const INTERNAL = "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface";
/** What GNOME Keyring answers to a wrong password. */
const WRONG = ["org.gnome.keyring.Error.Denied", "org.freedesktop.Secret.Error.IsLocked"];

const introspect = call(PATH, "org.freedesktop.DBus.Introspectable", "Introspect", "()", [], "(s)");
const internal = (method: string, signature: string, args: readonly Value[], reply: string) =>
  call(PATH, INTERNAL, method, signature, args, reply);
const unlockWith = (collection: string, master: Value) =>
  internal("UnlockWithMasterPassword", "(o(oayays))", [collection, master], "()");
/** PAM opens the collection with this name when its user signs in, as long as the passwords are the same. */
const createWith = (master: Value) =>
  internal(
    "CreateWithMasterPassword",
    "(a{sv}(oayays))",
    [new Map([["org.freedesktop.Secret.Collection.Label", { signature: "s", value: "login" }]]), master],
    "(o)",
  );
const setDefault = (collection: string) =>
  call(PATH, "org.freedesktop.Secret.Service", "SetAlias", "(so)", ["default", collection], "()");

/**
 * How the default collection can be unlocked with a password; null for a service that has no way to. Throws
 * E_KEYCHAIN_UNAVAILABLE and _TIMEOUT.
 */
export function secretServicePassword(env: RawEnvironment, timeoutMs: number): PasswordUnlock | null {
  const collection = withBus(env, timeoutMs, (ask) => {
    const described = ask(introspect);
    // Other services describe themselves elsewhere, or not at all; that there is none is the caller's to know.
    if (!described.ok && refusal(described).code !== "E_KEYCHAIN_FAILED") throw refusal(described);
    if (!described.ok || !String(described.values[0]).includes(INTERNAL)) return null;
    return String(valuesOf(ask(readDefaultAlias))[0]);
  });
  if (collection === null) return null;
  return {
    isNew: collection === NOTHING,
    unlock: (password) => unlock(collection, password, env, timeoutMs),
  };
}

type Ask = (call: Call) => Reply;

function withBus<T>(env: RawEnvironment, timeoutMs: number, work: (ask: Ask) => T): T {
  const bus = openSessionBus(env);
  try {
    return work(asking(bus, deadlineIn(timeoutMs)));
  } finally {
    bus.close();
  }
}

const asking =
  (bus: Bus, deadline: Deadline): Ask =>
  (asked) =>
    first(bus.send([asked], deadline).replies());

async function unlock(
  collection: string,
  password: Secret,
  env: RawEnvironment,
  timeoutMs: number,
): Promise<boolean> {
  const bus = openSessionBus(env);
  const bytes = new TextEncoder().encode(reveal(password));
  try {
    const ask = asking(bus, deadlineIn(timeoutMs));
    const keys = newKeyPair();
    const [theirs, session] = valuesOf(ask(openEncryptedSession(keys.publicKey)));
    const sealed = await cipherOf(keys, theirs).encrypt(bytes);
    const master: Value = [session as string, sealed.parameters, sealed.value, "text/plain"];
    if (collection === NOTHING) {
      const made = String(valuesOf(ask(createWith(master)))[0]);
      valuesOf(ask(setDefault(made)));
      return true;
    }
    const reply = ask(unlockWith(collection, master));
    if (!reply.ok && WRONG.includes(reply.error)) return false;
    valuesOf(reply);
    return valuesOf(ask(collectionLocked(collection)))[0] === false;
  } finally {
    bytes.fill(0);
    bus.close();
  }
}
