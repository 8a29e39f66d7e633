/**
 * The talk with a Secret Service that every operation begins with: connect, ask whether the default
 * collection is locked, open a session. Kept open from one operation to the next. Reads and writes no entry.
 */

import type { RawEnvironment } from "../../core/environment.ts";
import { fail, type GumCredError } from "../../core/errors.ts";
import { type Bus, type Call, openSessionBus, type Reply, type Sent } from "../../dbus/client.ts";
import { refusal } from "../../dbus/error.ts";
import type { Value } from "../../dbus/types.ts";
import type { Deadline } from "../../os/deadline.ts";
import {
  allCollections,
  collectionLocked,
  ERROR,
  NOTHING,
  openPlainSession,
  readDefaultAlias,
  SESSION_COLLECTION,
} from "./calls.ts";
import { type Cipher, type KeyPair, plainCipher } from "./dh-session.ts";
import { type HeadStart, sendOpening, takeHeadStart } from "./head-start.ts";
import { flag, texts } from "./typed.ts";

/** What secrets travel in. */
export interface Session {
  readonly path: string;
  /**
   * The cipher; the first time it takes a while, in which the service may already be working. Throws
   * E_KEYCHAIN_FAILED when the service sent no usable key.
   */
  cipher(): Cipher;
}

export type CollectionState = "unlocked" | "locked" | "missing";

/** What an operation asked of the default collection, and what it needs to go on. */
export interface Visit {
  /** The default collection's path. */
  readonly collection: string;
  readonly replies: readonly Reply[];
}

/** Of calls that wait for a reply. dbus-daemon refuses more than 128 where its configuration does not raise the limit. */
const MOST_WAITING = 100;

type Build = (collection: string) => readonly Call[];

export interface Conversation {
  /** The state of the default collection. Throws when there is no service, or none that answers. */
  state(deadline: Deadline): CollectionState;
  /** Asks calls of the default collection; null when there is none. Throws E_KEYCHAIN_LOCKED. */
  enter(build: Build, deadline: Deadline): Visit | null;
  /** The same, with a session for secrets, for which nothing waits that need not. */
  enterWithSession(build: Build, deadline: Deadline): (Visit & { readonly session: Session }) | null;
  /** Sends further calls, whose replies can wait. */
  send(calls: readonly Call[], deadline: Deadline): Sent;
  /** The replies to further calls. */
  ask(calls: readonly Call[], deadline: Deadline): readonly Reply[];
  /** Whether a service has answered on this connection. Then it exists, and one that is gone has failed. */
  hasAnswered(): boolean;
  /** Frees the connection; the next use makes a new one. */
  disconnect(): void;
}

const SECOND_LOOKS = 3;
const PAUSE_MS = 30;

/** The path that a reply to {@link readDefaultAlias} names; null for none. */
function pathIn(alias: Sent, deadline: Deadline): string | null {
  const path = valuesOf(first(alias.replies(deadline)))[0] as string;
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
  let started: HeadStart | null = null;

  const connection = (): Bus => {
    if (bus === null) {
      started = takeHeadStart(env);
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
  function located(alias: Sent | null, deadline: Deadline): string | null {
    if (alias === null) return collection;
    collection = pathIn(alias, deadline);
    // GNOME Keyring 42 denies its default collection once in thousands of times when it is busy. "Nothing is
    // stored" is too weighty to be believed at once.
    for (let looks = 0; collection === null && looks < SECOND_LOOKS; looks++) {
      Bun.sleepSync(PAUSE_MS);
      collection = pathIn(send([readDefaultAlias], deadline), deadline);
    }
    if (collection === null) refuseWithoutDefault(first(ask([allCollections], deadline)));
    return collection;
  }

  function locate(deadline: Deadline): Sent | null {
    if (collection !== null) return null;
    connection();
    return started?.alias ?? send([readDefaultAlias], deadline);
  }

  /** The calls behind the question whether the collection is locked, which {@link visited} looks at first. */
  const visiting = (path: string, build: Build): readonly Call[] => [collectionLocked(path), ...build(path)];

  function visited(path: string, [locked, ...replies]: readonly Reply[]): Visit {
    if (flag(valuesOf(present(locked))[0])) throw lockedError();
    return { collection: path, replies };
  }

  /**
   * Begins to open a session; the function that it returns waits for it. As early as may be, because the service
   * computes its key for longer than everything else takes.
   */
  function openSession(deadline: Deadline): () => Session {
    const { keys, sent } = started?.opening ?? sendOpening(connection(), deadline);
    const openPlain = () => first(ask([openPlainSession], deadline));
    return () => opened(first(sent.replies(deadline)), keys, openPlain);
  }

  return {
    send,
    ask,
    state(deadline) {
      const path = located(locate(deadline), deadline);
      if (path === null) return "missing";
      return flag(valuesOf(first(ask([collectionLocked(path)], deadline)))[0]) ? "locked" : "unlocked";
    },
    enter(build, deadline) {
      const path = located(locate(deadline), deadline);
      return path === null ? null : visited(path, ask(visiting(path, build), deadline));
    },
    enterWithSession(build, deadline) {
      const alias = locate(deadline);
      const opening = session === null ? openSession(deadline) : null;
      const path = located(alias, deadline);
      const sent = path === null ? null : send(visiting(path, build), deadline);
      // Waited for whatever the others say: GNOME Keyring dies of an OpenSession whose caller has hung up (ADR 3).
      session ??= opening?.() ?? null;
      if (path === null || sent === null) return null;
      const seen = visited(path, sent.replies());
      if (session === null) throw fail("E_INTERNAL", "a visit without a session");
      return { ...seen, session };
    },
    hasAnswered: () => collection !== null,
    disconnect() {
      bus?.close();
      bus = null;
      started = null;
      collection = null;
      session = null;
    },
  };
}

/** The session that a reply to {@link openEncryptedSession} opened, or a plain one where none is offered. */
function opened(reply: Reply, keys: KeyPair, openPlain: () => Reply): Session {
  if (!reply.ok && reply.error === ERROR.notSupported) {
    const [, path] = valuesOf(openPlain());
    return { path: path as string, cipher: () => plainCipher };
  }
  const [theirs, path] = valuesOf(reply);
  let agreed: Cipher | null = null;
  return {
    path: path as string,
    cipher() {
      agreed ??= agree(keys, theirs);
      return agreed;
    },
  };
}

/** The cipher that our keys and the public key in a reply make. Throws E_KEYCHAIN_FAILED for an unusable one. */
export function agree(keys: KeyPair, theirs: Value | undefined): Cipher {
  try {
    return keys.agree(theirs as Uint8Array);
  } catch {
    throw fail("E_KEYCHAIN_FAILED", "the keychain sent no usable public key");
  }
}

/** The values of a reply; throws the keychain error that an error reply stands for. */
export function valuesOf(reply: Reply): readonly Value[] {
  if (reply.ok) return reply.values;
  throw reply.error === ERROR.isLocked ? lockedError() : refusal(reply);
}

/** Whether a reply says that the object it asked is not there (any more). */
export function isGone(reply: Reply): boolean {
  const gone: readonly string[] = [ERROR.noSuchObject, ERROR.unknownMethod, ERROR.unknownObject];
  return !reply.ok && gone.includes(reply.error);
}

/** The only reply to the only call. */
export const first = (replies: readonly Reply[]): Reply => present(replies[0]);

/** The items that a search found. */
export function pathsOf(searched: Reply | undefined): readonly string[] {
  return searched === undefined ? [] : (valuesOf(searched)[0] as readonly string[]);
}

/** Where a dialog could ask the user to unlock; until then it is an error with what to do instead. */
export function lockedError(message = "the keychain is locked"): GumCredError {
  return fail(
    "E_KEYCHAIN_LOCKED",
    message,
    "run 'gum-cred keychain unlock' on a terminal; without a keychain set GUMLOOP_ACCESS_TOKEN, or " +
      "GUMLOOP_API_KEY and GUMLOOP_USER_ID",
  );
}

function present(reply: Reply | undefined): Reply {
  if (reply === undefined) throw fail("E_INTERNAL", "a call without a reply");
  return reply;
}
