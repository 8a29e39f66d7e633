/**
 * What every talk with a Secret Service begins with, sent before the program that will use it is loaded: the service
 * computes its key meanwhile, which takes longer than all that we ask of it. Decides nothing, reads nothing, and loads as
 * little as can be; started.ts goes on.
 */
import type { RawEnvironment } from "../../core/environment.ts";
import { sessionBusAddress } from "../../dbus/session-bus.ts";
import { type BusSocket, connectBus } from "../../dbus/socket.ts";
import { deadlineIn } from "../../os/deadline.ts";
import { releaseCode } from "../../os/native/code-memory.ts";
import { type KeyPair, newKeyPair } from "./dh-keys.ts";

/** Calls about a collection that are sent together. */
export interface Question {
  /** What each call is, by `keyOfCall`; their serial numbers begin with {@link from}. */
  readonly keys: readonly string[];
  readonly from: number;
  /** The messages. */
  readonly hex: string;
}

/** The first messages, in hex. Made by scripts/build/first-calls.ts. */
export interface FirstCalls {
  /** Hello and ReadAlias, with the serial numbers 1 and 2. */
  readonly greeting: string;
  /** OpenSession, with the serial number 3, to be followed by the 128 bytes of the public key. */
  readonly opening: string;
  /** The collection that the questions are about. */
  readonly collection: string;
  /** By name: `locked`, whether it is, and searches. */
  readonly questions: Readonly<Record<string, Question>>;
}

/** What was sent. */
export interface Begun {
  /** Of the bus that it was sent to. */
  readonly address: string;
  readonly socket: BusSocket;
  readonly first: FirstCalls;
  readonly questions: readonly Question[];
  /** Null where no session was asked for. */
  readonly keys: KeyPair | null;
}

/** A bus that takes longer to accept what is sent is left to whoever needs it, who has a deadline and says that it waits. */
const SEND_MS = 50;

/** For a session that nobody needs. A service that is well answers in milliseconds, a busy one in less than this. */
export const LEAVE_MS = 1_000;
/** Hello, ReadAlias, OpenSession. */
const CALLS_BEFORE = 3;

let begun: Begun | null = null;

/**
 * Begins, with the named questions, and with a session where secrets are going to be read. Does nothing where the bus
 * cannot be reached: whoever needs it finds out why.
 */
export function beginHeadStart(
  env: RawEnvironment,
  first: FirstCalls,
  names: readonly string[],
  readsSecrets: boolean,
): void {
  const deadline = deadlineIn(SEND_MS);
  let socket: BusSocket | null = null;
  try {
    const address = sessionBusAddress(env);
    socket = connectBus(address, deadline);
    const questions: Question[] = [];
    let hex = first.greeting;
    for (const name of names) {
      const question = first.questions[name];
      if (!question) continue;
      questions.push(question);
      hex += question.hex;
    }
    // These first: they are answered while we make our key.
    socket.send([Uint8Array.fromHex(hex)], deadline);
    releaseCode();
    const keys = readsSecrets ? newKeyPair() : null;
    if (keys) socket.send([Uint8Array.fromHex(first.opening + keys.publicKey.toHex())], deadline);
    begun = { address, socket, first, questions, keys };
    process.on("exit", endHeadStart);
  } catch {
    socket?.close();
  }
}

/** What was begun, once; null where nothing was. */
export function takeBegun(): Begun | null {
  const taken = begun;
  begun = null;
  return taken;
}

/** The second byte of a reply, by whether the call succeeded. */
const REPLIES = [2, 3];

/** Nobody took it: GNOME Keyring dies of an OpenSession whose caller has hung up (ADR 3), so all replies are waited for. */
function endHeadStart(): void {
  const left = takeBegun();
  if (!left?.keys) return;
  let missing = CALLS_BEFORE;
  for (const { keys } of left.questions) missing += keys.length;
  const deadline = deadlineIn(LEAVE_MS);
  try {
    while (missing > 0) if (REPLIES.includes(left.socket.receive(deadline)[1] ?? 0)) missing--;
  } catch {
    // There is nobody left to tell.
  }
}
