/**
 * The keychain of Linux desktops: GNOME Keyring, KeePassXC and others behind the Secret Service API. Entries
 * are the very items that Python keyring reads, writes and deletes. Shows no dialog: what would need one is
 * E_KEYCHAIN_LOCKED.
 * Reference: https://specifications.freedesktop.org/secret-service-spec/latest/
 */

import type { RawEnvironment } from "../../core/environment.ts";
import { fail, hasCode } from "../../core/errors.ts";
import { reveal, type Secret } from "../../core/secret.ts";
import { type Deadline, deadlineIn } from "../../os/deadline.ts";
import { type Keychain, type KeychainOptions, stateBy } from "../keychain.ts";
import { checkNames, checkValue } from "../storable.ts";
import { type Attributes, createItem, deleteItem, NOTHING, query, searchItems } from "./calls.ts";
import { type Conversation, newConversation } from "./conversation.ts";
import { rememberedList } from "./listing.ts";
import { newReader } from "./reading.ts";
import { first, isGone, lockedError, pathsOf, valuesOf } from "./replies.ts";

/**
 * The Secret Service of the session bus that `env` names, which is looked up at the first use.
 * Without a default collection nothing is stored: reading finds nothing, {@link Keychain.state} is `locked`
 * and writing E_KEYCHAIN_LOCKED, because making one takes a password. Besides the interface's errors reading
 * throws E_MALFORMED for an entry that is not UTF-8.
 */
export function secretService(options: KeychainOptions, env: RawEnvironment = process.env): Keychain {
  const talk = newConversation(env);
  const reader = newReader(talk);

  /** Runs one operation under its deadline. After a failure the next one starts on a new connection. */
  async function within<T>(operation: (deadline: Deadline) => T | Promise<T>): Promise<T> {
    try {
      return await operation(deadlineIn(options.timeoutMs, options.onSlow));
    } catch (error) {
      const vanished = hasCode(error, "E_KEYCHAIN_UNAVAILABLE") && talk.hasAnswered();
      if (vanished || hasCode(error, "E_KEYCHAIN_TIMEOUT", "E_KEYCHAIN_FAILED")) talk.disconnect();
      if (vanished) throw fail("E_KEYCHAIN_FAILED", "the keychain service exited before it answered");
      throw error;
    }
  }

  return {
    backend: "secret-service",
    state: () => stateBy(async () => ((await within(talk.state)) === "unlocked" ? "unlocked" : "locked")),
    async read(service, accounts) {
      checkNames(service, ...accounts);
      const wanted = [...new Set(accounts)];
      if (wanted.length === 0) return new Map();
      return within((deadline) => reader.read(service, wanted, deadline));
    },
    foresee: reader.foresee,
    async modifiedAt(service, accounts) {
      checkNames(service, ...accounts);
      if (accounts.length === 0) return new Map();
      return within((deadline) => reader.modifiedAt(service, accounts, deadline));
    },
    async write(service, account, value) {
      checkNames(service, account);
      checkValue(value);
      reader.forget();
      return within((deadline) => write(talk, service, account, value, deadline));
    },
    async remove(service, account) {
      checkNames(service, account);
      reader.forget();
      return within((deadline) => remove(talk, query(service, account), deadline));
    },
    async list(service) {
      checkNames(service);
      const { listMemory } = options;
      return within((deadline) =>
        listMemory
          ? rememberedList(talk, service, listMemory, deadline)
          : (reader.list(service, Number.POSITIVE_INFINITY, deadline) ?? []),
      );
    },
    async listFew(service, most) {
      checkNames(service);
      return within((deadline) => reader.list(service, most, deadline));
    },
    close: talk.disconnect,
  };
}

async function write(
  talk: Conversation,
  service: string,
  account: string,
  value: Secret,
  deadline: Deadline,
): Promise<void> {
  const visit = talk.enterWithSession(() => [], deadline);
  if (visit === null) throw lockedError("there is no default keychain yet");
  const { collection, session } = visit;
  const plain = new TextEncoder().encode(reveal(value));
  const sealed = await session
    .cipher()
    .encrypt(plain)
    .finally(() => plain.fill(0));
  const create = createItem(collection, service, account, sealed, session.path);
  const created = first(talk.ask([create], deadline));
  const [item] = valuesOf(created) as [string];
  if (item === NOTHING) throw lockedError("the keychain wants its password before it stores anything");

  // Another program's item without Python's mark is no match for `replace`, and would be read by turns.
  const search = searchItems(collection, query(service, account));
  const others = pathsOf(first(talk.ask([search], deadline))).filter((path) => path !== item);
  if (others.length === 0) return;
  removeAll(talk, others, deadline);
  if (!pathsOf(first(talk.ask([search], deadline))).includes(item)) {
    throw fail("E_KEYCHAIN_FAILED", `another program removed '${account}' while it was written`, "try again");
  }
}

function remove(talk: Conversation, wanted: Attributes, deadline: Deadline): boolean {
  const visit = talk.enter((collection) => [searchItems(collection, wanted)], deadline);
  return visit !== null && removeAll(talk, pathsOf(visit.replies[0]), deadline);
}

/** Whether any of them was still there to be removed. */
function removeAll(talk: Conversation, items: readonly string[], deadline: Deadline): boolean {
  if (items.length === 0) return false;
  const removed = talk.ask(items.map(deleteItem), deadline).filter((reply) => !isGone(reply));
  if (removed.some((reply) => valuesOf(reply)[0] !== NOTHING)) {
    throw lockedError("the keychain wants its password before it removes anything");
  }
  return removed.length > 0;
}
