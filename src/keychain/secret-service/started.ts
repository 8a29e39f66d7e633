/** Goes on with what a head start has sent. */
import type { RawEnvironment } from "../../core/environment.ts";
import {
  type Bus,
  type Call,
  type Coming,
  HELLO,
  type Reply,
  resumedBus,
  type Sent,
} from "../../dbus/client.ts";
import { sessionBusAddress } from "../../dbus/session-bus.ts";
import { type Deadline, deadlineIn } from "../../os/deadline.ts";
import { collectionLocked, keyOfCall, openEncryptedSession, readDefaultAlias, searchItems } from "./calls.ts";
import type { KeyPair } from "./dh-keys.ts";
import { type Begun, LEAVE_MS, takeBegun } from "./head-start.ts";

/** A session on its way: our half of its key, and the reply to the call that opens it. */
export interface Opening {
  readonly keys: KeyPair;
  readonly coming: Coming;
}

/** What was asked of a collection, which is nearly everywhere the default one. */
export interface Asked {
  readonly collection: string;
  /** By {@link keyOfCall}. */
  readonly coming: ReadonlyMap<string, Coming>;
}

export interface Started {
  readonly bus: Bus;
  /** The reply to {@link readDefaultAlias}. */
  readonly alias: Coming;
  readonly asked: Asked;
  readonly opening: Opening | null;
}

/** Those of `FirstCalls`. */
const SERIAL = { hello: 1, alias: 2, opening: 3 } as const;

/** What kind of reply is expected; what is asked has been sent. */
const A_PROPERTY = collectionLocked("/");
const A_SEARCH = searchItems("/", new Map());
const A_SESSION = openEncryptedSession(new Uint8Array());

let left: Started | null = null;

/** Leaves to whoever takes a head start next what was taken, and not used up. */
export function leaveHeadStart(started: Started): void {
  left = started;
}

/** What was begun on this environment's bus, for one conversation; null where nothing was. */
export function takeHeadStart(env: RawEnvironment): Started | null {
  if (left !== null) {
    const started = left;
    left = null;
    return started;
  }
  const begun = takeBegun();
  if (begun === null) return null;
  const started = resumed(begun);
  return begun.address === sessionBusAddress(env) ? started : null;
}

function resumed({ socket, first, questions, keys }: Begun): Started {
  const sent = new Map<number, Call>([
    [SERIAL.hello, HELLO],
    [SERIAL.alias, readDefaultAlias],
  ]);
  if (keys) sent.set(SERIAL.opening, A_SESSION);
  for (const question of questions) {
    const kind = question === first.questions["locked"] ? A_PROPERTY : A_SEARCH;
    for (let at = 0; at < question.keys.length; at++) sent.set(question.from + at, kind);
  }
  const { bus, coming } = resumedBus(socket, sent);
  const asked = new Map<string, Coming>();
  for (const { keys, from } of questions) {
    for (let at = 0; at < keys.length; at++) asked.set(keys[at] as string, coming.get(from + at) as Coming);
  }
  const session = coming.get(SERIAL.opening);
  if (session) awaitAtExit(session);
  return {
    bus,
    alias: coming.get(SERIAL.alias) as Coming,
    asked: { collection: first.collection, coming: asked },
    opening: keys && session ? { keys, coming: session } : null,
  };
}

/** Sends calls, but for those that were asked already. */
export function sendOthers(
  { coming }: Asked,
  calls: readonly Call[],
  send: (calls: readonly Call[]) => Sent,
  deadline: Deadline,
): Sent {
  const places: (Coming | number)[] = [];
  const others: Call[] = [];
  for (const call of calls) places.push(coming.get(keyOfCall(call)) ?? others.push(call) - 1);
  const sent = others.length > 0 ? send(others) : null;
  return {
    replies(until = deadline) {
      const rest = sent?.replies(until) ?? [];
      const replies: Reply[] = [];
      for (const place of places) {
        replies.push(typeof place === "number" ? (rest[place] as Reply) : place.reply(until));
      }
      return replies;
    },
  };
}

/** GNOME Keyring dies of an OpenSession whose caller has hung up (ADR 3). */
export function awaitAtExit(session: Coming): void {
  process.on("exit", () => {
    try {
      session.reply(deadlineIn(LEAVE_MS));
    } catch {
      // There is nobody left to tell.
    }
  });
}
