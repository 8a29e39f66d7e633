/**
 * The talk with a Secret Service that every operation begins with: connect, ask whether the default
 * collection is locked, open a session. Kept open from one operation to the next. Reads and writes no entry.
 */
import { fail, type GumCredError } from "../core/errors.ts";
import { type Bus, type Call, openSessionBus, type Reply, refusal } from "./dbus.ts";
import type { Deadline } from "./deadline.ts";
import { type Cipher, type KeyPair, newKeyPair, plainCipher } from "./dh-session.ts";
import type { Value } from "./gvariant.ts";
import {
  collectionLocked,
  ERROR,
  NOTHING,
  openEncryptedSession,
  openPlainSession,
  readDefaultAlias,
} from "./secret-service-calls.ts";
import type { Environment } from "./session-bus.ts";

/** What secrets travel in. */
export interface Session {
  readonly path: string;
  readonly cipher: Cipher;
}

export type CollectionState = "unlocked" | "locked" | "missing";

export interface Conversation {
  /** The state of the default collection. Throws when there is no service, or none that answers. */
  state(deadline: Deadline): CollectionState;
  /** The replies to calls on the default collection; null when there is none. Throws E_KEYCHAIN_LOCKED. */
  enter(calls: readonly Call[], deadline: Deadline): readonly Reply[] | null;
  /** The same, and a session for secrets with it, all in one wait. */
  enterWithSession(
    calls: readonly Call[],
    deadline: Deadline,
  ): Promise<{ readonly replies: readonly Reply[]; readonly session: Session } | null>;
  /** The replies to further calls. */
  ask(calls: readonly Call[], deadline: Deadline): readonly Reply[];
  /** Frees the connection; the next use makes a new one. */
  disconnect(): void;
}

/** A conversation over the session bus of `env`, which is first looked for when something is asked. */
export function newConversation(env: Environment): Conversation {
  let bus: Bus | null = null;
  let session: Session | null = null;

  const connection = (): Bus => {
    bus ??= openSessionBus(env);
    return bus;
  };
  const ask = (calls: readonly Call[], deadline: Deadline) => connection().callAll(calls, deadline);

  /** False when there is no default collection. */
  const mayEnter = (locked: Reply, deadline: Deadline): boolean => {
    const state = collectionState(locked, deadline);
    if (state === "locked") throw lockedError();
    return state === "unlocked";
  };

  function collectionState(locked: Reply, deadline: Deadline): CollectionState {
    if (locked.ok) return locked.values[0] === true ? "locked" : "unlocked";
    // "No such object" may mean much: only the alias itself says that there is no default collection.
    if (isGone(locked) && valuesOf(first(ask([readDefaultAlias], deadline)))[0] === NOTHING) return "missing";
    throw keychainError(locked.error);
  }

  async function settleSession(opened: Reply, keys: KeyPair, deadline: Deadline): Promise<Session> {
    if (!opened.ok && opened.error === ERROR.notSupported) {
      const [, path] = valuesOf(first(ask([openPlainSession], deadline)));
      return { path: path as string, cipher: plainCipher };
    }
    const [theirs, path] = valuesOf(opened);
    const cipher = await keys.agree(theirs as Uint8Array).catch(() => {
      throw fail("E_KEYCHAIN_FAILED", "the keychain sent no usable public key");
    });
    return { path: path as string, cipher };
  }

  function enter(calls: readonly Call[], deadline: Deadline): readonly Reply[] | null {
    const [locked, ...replies] = ask([collectionLocked, ...calls], deadline);
    return mayEnter(present(locked), deadline) ? replies : null;
  }

  return {
    ask,
    enter,
    state: (deadline) => collectionState(first(ask([collectionLocked], deadline)), deadline),
    async enterWithSession(calls, deadline) {
      if (session !== null) {
        const replies = enter(calls, deadline);
        return replies && { replies, session };
      }
      const toBus = connection();
      const keys = newKeyPair(); // while the connection is being made
      const opening = [collectionLocked, openEncryptedSession(keys.publicKey)];
      const [locked, opened, ...replies] = toBus.callAll([...opening, ...calls], deadline);
      if (!mayEnter(present(locked), deadline)) return null;
      session = await settleSession(present(opened), keys, deadline);
      return { replies, session };
    },
    disconnect() {
      bus?.close();
      bus = null;
      session = null;
    },
  };
}

/** The values of a reply; throws the keychain error that an error reply stands for. */
export function valuesOf(reply: Reply): readonly Value[] {
  if (!reply.ok) throw keychainError(reply.error);
  return reply.values;
}

/** Whether a reply says that the object it asked is not there (any more). */
export function isGone(reply: Reply): boolean {
  const gone: readonly string[] = [ERROR.noSuchObject, ERROR.unknownMethod, ERROR.unknownObject];
  return !reply.ok && gone.includes(reply.error);
}

/** The only reply to the only call. */
export const first = (replies: readonly Reply[]): Reply => present(replies[0]);

/** Where a dialog could ask the user to unlock; until then it is an error with what to do instead. */
export function lockedError(message = "the keychain is locked"): GumCredError {
  return fail(
    "E_KEYCHAIN_LOCKED",
    message,
    "sign in to the desktop, or run 'gnome-keyring-daemon --replace --unlock' and type the keychain's " +
      "password; without a desktop set GUMLOOP_ACCESS_TOKEN, or GUMLOOP_API_KEY and GUMLOOP_USER_ID",
  );
}

function keychainError(name: string): GumCredError {
  return name === ERROR.isLocked ? lockedError() : refusal(name);
}

function present(reply: Reply | undefined): Reply {
  if (reply === undefined) throw fail("E_INTERNAL", "a call without a reply");
  return reply;
}
