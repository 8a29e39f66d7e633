/**
 * The talk with a Secret Service that every operation begins with: connect, ask whether the default
 * collection is locked, open a session. Kept open from one operation to the next. Reads and writes no entry.
 */

import type { RawEnvironment } from "../../core/environment.ts";
import { fail } from "../../core/errors.ts";
import {
  type Bus,
  type Call,
  type Coming,
  openSessionBus,
  type Reply,
  type Sent,
} from "../../dbus/client.ts";
import { type Deadline, deadlineIn } from "../../os/deadline.ts";
import {
  allCollections,
  collectionLocked,
  NOTHING,
  openEncryptedSession,
  openPlainSession,
  readDefaultAlias,
  SESSION_COLLECTION,
} from "./calls.ts";
import { newKeyPair } from "./dh-keys.ts";
import { prepareAgreement } from "./dh-session.ts";
import { first, isGone, lockedError, present, valuesOf } from "./replies.ts";
import { opened, type Session } from "./session.ts";
import { type Asked, awaitAtExit, type Opening, type Started, sendOthers, takeHeadStart } from "./started.ts";
import { flag, texts } from "./typed.ts";

export type CollectionState = "unlocked" | "locked" | "missing";

/** What an operation asked of the default collection, and what it needs to go on. */
export interface Visit {
  /** The default collection's path. */
  readonly collection: string;
  readonly replies: readonly Reply[];
  /** For secrets; null where none was asked for. */
  readonly session: Session | null;
}

export type WithSession = Visit & { readonly session: Session };

/** Of calls that wait for a reply. dbus-daemon refuses more than 128 where its configuration does not raise the limit. */
const MOST_WAITING = 100;

type Build = (collection: string) => readonly Call[];

export interface Conversation {
  /** The state of the default collection. Throws when there is no service, or none that answers. */
  state(deadline: Deadline): CollectionState;
  /** Asks calls of the default collection; null when there is none. Throws E_KEYCHAIN_LOCKED. */
  enter(build: Build, deadline: Deadline): Visit | null;
  /** The same, with a session for secrets, for which nothing waits that need not. */
  enterWithSession(build: Build, deadline: Deadline): WithSession | null;
  /** Begins to open a session that will be needed soon; nothing where no service has answered yet. */
  prepare(): void;
  /** Sends further calls, whose replies can wait. */
  send(calls: readonly Call[], deadline: Deadline): Sent;
  /** The replies to further calls. */
  ask(calls: readonly Call[], deadline: Deadline): readonly Reply[];
  /** Whether a service has answered on this connection. Then it exists, and one that is gone has failed. */
  hasAnswered(): boolean;
  /** Frees the connection; the next use makes a new one. */
  disconnect(): void;
}

/** A bus that takes longer to accept what is sent is left to the visit that needs it. */
const SEND_MS = 50;
const SECOND_LOOKS = 3;
const PAUSE_MS = 30;

/** The only reply to the only call. */
const comes = (sent: Sent): Coming => ({ reply: (until) => first(sent.replies(until)) });

/** The path that a reply to {@link readDefaultAlias} names; null for none. */
function pathIn(reply: Reply): string | null {
  const path = valuesOf(reply)[0] as string;
  return path === NOTHING ? null : path;
}

/** Without any collection nothing is stored; where there are some, nobody says which is meant. */
function refuseWithoutDefault(reply: Reply): void {
  if (isGone(reply)) return;
  const [paths] = valuesOf(reply);
  const others = texts(paths).filter((path) => path !== SESSION_COLLECTION);
  if (others.length === 0) return;
  throw fail(
    "E_KEYCHAIN_FAILED",
    `the keychain service has ${others.length === 1 ? "a collection" : `${others.length} collections`} but no default one`,
    "choose which one is exposed or the default, in KeePassXC's Secret Service settings or in Seahorse",
  );
}

/** A conversation over the session bus of `env`, which is first looked for when something is asked. */
export function newConversation(env: RawEnvironment): Conversation {
  let bus: Bus | null = null;
  let collection: string | null = null;
  let session: Session | null = null;
  let started: Started | null = null;
  let prepared: Opening | null = null;
  /** Good for the first visit, which comes at once. */
  let asked: Asked | null = null;

  const connection = (): Bus => {
    if (bus === null) {
      started = takeHeadStart(env);
      asked = started?.asked ?? null;
      bus = started?.bus ?? openSessionBus(env);
    }
    return bus;
  };
  const send = (calls: readonly Call[], deadline: Deadline) => connection().send(calls, deadline);
  /** Of many calls a part is on its way while the replies to the one before it come. */
  function ask(calls: readonly Call[], deadline: Deadline): readonly Reply[] {
    if (calls.length <= MOST_WAITING) return send(calls, deadline).replies();
    const replies: Reply[] = [];
    let earlier: Sent | null = null;
    for (let at = 0; at < calls.length; at += MOST_WAITING / 2) {
      const sent = send(calls.slice(at, at + MOST_WAITING / 2), deadline);
      if (earlier) replies.push(...earlier.replies());
      earlier = sent;
    }
    return replies.concat(earlier?.replies() ?? []);
  }

  /** The default collection's path, from the reply to {@link readDefaultAlias} or an earlier one. */
  function located(alias: Coming | null, deadline: Deadline): string | null {
    if (alias === null) return collection;
    collection = pathIn(alias.reply(deadline));
    // GNOME Keyring 42 denies its default collection once in thousands of times when it is busy. "Nothing is
    // stored" is too weighty to be believed at once.
    for (let looks = 0; collection === null && looks < SECOND_LOOKS; looks++) {
      Bun.sleepSync(PAUSE_MS);
      collection = pathIn(first(ask([readDefaultAlias], deadline)));
    }
    if (collection === null) refuseWithoutDefault(first(ask([allCollections], deadline)));
    return collection;
  }

  function locate(deadline: Deadline): Coming | null {
    if (collection !== null) return null;
    connection();
    return started?.alias ?? comes(send([readDefaultAlias], deadline));
  }

  /** Asks whether the collection is locked, which {@link visited} looks at first, and the calls behind that. */
  function sendVisit(path: string, build: Build, deadline: Deadline): Sent {
    const calls = [collectionLocked(path), ...build(path)];
    const before = asked?.collection === path ? asked : null;
    asked = null;
    return before
      ? sendOthers(before, calls, (others) => send(others, deadline), deadline)
      : send(calls, deadline);
  }

  function visited(path: string, [locked, ...replies]: readonly Reply[]): Visit {
    if (flag(valuesOf(present(locked))[0])) throw lockedError();
    return { collection: path, replies, session: null };
  }

  function sendOpening(deadline: Deadline): Opening {
    const keys = newKeyPair();
    return { keys, coming: comes(send([openEncryptedSession(keys.publicKey)], deadline)) };
  }

  /**
   * Begins to open a session; the function that it returns waits for it. As early as may be, because the service
   * computes its key for longer than everything else takes.
   */
  function openSession(deadline: Deadline): () => Session {
    const { keys, coming } = prepared ?? started?.opening ?? sendOpening(deadline);
    const openPlain = () => first(ask([openPlainSession], deadline));
    return () => opened(coming.reply(deadline), keys, openPlain);
  }

  function enter(build: Build, deadline: Deadline): Visit | null {
    const path = located(locate(deadline), deadline);
    return path === null ? null : visited(path, sendVisit(path, build, deadline).replies());
  }

  function enterWithSession(build: Build, deadline: Deadline): WithSession | null {
    const alias = locate(deadline);
    const opening = session === null ? openSession(deadline) : null;
    const path = located(alias, deadline);
    const sent = path === null ? null : sendVisit(path, build, deadline);
    if (opening) prepareAgreement(); // the service is computing its key meanwhile
    // Waited for whatever the others say: GNOME Keyring dies of an OpenSession whose caller has hung up (ADR 3).
    session ??= opening?.() ?? null;
    if (path === null || sent === null) return null;
    const seen = visited(path, sent.replies());
    if (session === null) throw fail("E_INTERNAL", "a visit without a session");
    return { ...seen, session };
  }

  return {
    send,
    ask,
    prepare() {
      if (collection === null || session !== null || prepared !== null || started?.opening) return;
      try {
        prepared = sendOpening(deadlineIn(SEND_MS));
        awaitAtExit(prepared.coming);
      } catch {
        // The visit that needs it finds out why.
      }
    },
    state(deadline) {
      const path = located(locate(deadline), deadline);
      if (path === null) return "missing";
      return flag(valuesOf(first(ask([collectionLocked(path)], deadline)))[0]) ? "locked" : "unlocked";
    },
    // A session that is on its way must not be hung up over, either.
    enter: (build, deadline) =>
      prepared || started?.opening ? enterWithSession(build, deadline) : enter(build, deadline),
    enterWithSession,
    hasAnswered: () => collection !== null,
    disconnect() {
      bus?.close();
      bus = null;
      started = null;
      prepared = null;
      asked = null;
      collection = null;
      session = null;
    },
  };
}
