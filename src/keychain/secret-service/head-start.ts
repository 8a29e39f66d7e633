/**
 * What every talk with a Secret Service begins with, sent before the program that will use it is loaded: the service
 * computes its key meanwhile, which takes longer than all that we ask of it. Decides nothing and reads no entry.
 */
import type { RawEnvironment } from "../../core/environment.ts";
import { type Bus, openSessionBus, type Sent } from "../../dbus/client.ts";
import { sessionBusAddress } from "../../dbus/session-bus.ts";
import { type Deadline, deadlineIn } from "../../os/deadline.ts";
import { openEncryptedSession, readDefaultAlias } from "./calls.ts";
import { type KeyPair, newKeyPair } from "./dh-session.ts";

/** A session on its way: our half of its key, and the call that opens it. */
export interface Opening {
  readonly keys: KeyPair;
  readonly sent: Sent;
}

export interface HeadStart {
  readonly bus: Bus;
  /** The reply to {@link readDefaultAlias}. */
  readonly alias: Sent;
  readonly opening: Opening;
}

/** A bus that takes longer to accept what is sent is left to whoever needs it, who has a deadline and says that it waits. */
const SEND_MS = 50;
/** For a session that nobody needs. A service that is well answers in milliseconds, a busy one in less than this. */
const LEAVE_MS = 1_000;

let begun: (HeadStart & { readonly address: string }) | null = null;

/** Begins. Does nothing where the bus cannot be reached: whoever needs it finds out why. */
export function beginHeadStart(env: RawEnvironment): void {
  const deadline = deadlineIn(SEND_MS);
  let bus: Bus | null = null;
  try {
    const address = sessionBusAddress(env);
    bus = openSessionBus(env);
    const alias = bus.send([readDefaultAlias], deadline);
    begun = { address, bus, alias, opening: sendOpening(bus, deadline) };
    process.on("exit", endHeadStart);
  } catch {
    bus?.close();
  }
}

/** Asks for an encrypted session. */
export function sendOpening(bus: Bus, deadline: Deadline): Opening {
  const keys = newKeyPair();
  return { keys, sent: bus.send([openEncryptedSession(keys.publicKey)], deadline) };
}

/** What was begun on this environment's bus, for one conversation; null where nothing was. */
export function takeHeadStart(env: RawEnvironment): HeadStart | null {
  if (begun === null || begun.address !== sessionBusAddress(env)) return null;
  const taken = begun;
  begun = null;
  return taken;
}

/** Nobody took it: GNOME Keyring dies of an OpenSession whose caller has hung up (ADR 3). */
function endHeadStart(): void {
  try {
    begun?.opening.sent.replies(deadlineIn(LEAVE_MS));
  } catch {
    // There is nobody left to tell.
  }
}
