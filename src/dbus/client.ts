/**
 * A small D-Bus client: connects to the session bus, sends calls, waits for their replies. Calls that do not
 * need each other's answers go out together and cost one wait. Knows nothing of keychains; uses the bus as it
 * is: starts no daemon, watches no names, exports nothing.
 * Reference: https://dbus.freedesktop.org/doc/dbus-specification.html
 */

import type { RawEnvironment } from "../core/environment.ts";
import { clean, fail, hasCode } from "../core/errors.ts";
import type { Deadline } from "../os/deadline.ts";
import { decodeMessage, type Message } from "./decode.ts";
import { encodeCall, type MethodCall } from "./encode.ts";
import { refusal } from "./error.ts";
import { sessionBusAddress } from "./session-bus.ts";
import { type BusSocket, connectBus } from "./socket.ts";
import { MESSAGE, type Value } from "./types.ts";

/** One method call. `signature` and `reply` are tuples, as in `(a{ss})`; a reply of another type is a failure. */
export interface Call extends MethodCall {
  readonly reply: string;
}

/** What the other side answered: the values of the reply's tuple, or a D-Bus error and the method it met. */
export type Reply =
  | { readonly ok: true; readonly values: readonly Value[] }
  | { readonly ok: false; readonly error: string; readonly method: string };

/** Calls on their way. */
export interface Sent {
  /**
   * Waits for every reply; the result has the order of the calls. Until the deadline they were sent by, or another.
   * Throws what {@link Bus.send} does.
   */
  replies(until?: Deadline): readonly Reply[];
}

/** A signal that came to us. */
export interface Signal {
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly values: readonly Value[];
}

export interface Bus {
  /**
   * Sends calls and returns; the other side works on them while the caller goes on. The first use connects.
   * Throws E_KEYCHAIN_TIMEOUT, E_KEYCHAIN_UNAVAILABLE (nothing listens at the address), E_KEYCHAIN_DENIED, or
   * E_KEYCHAIN_FAILED when the connection breaks.
   */
  send(calls: readonly Call[], deadline: Deadline): Sent;
  /** Waits for whatever comes next, which is often a signal. Throws what {@link send} does. */
  listen(deadline: Deadline): void;
  /** Closes the connection. Safe to call twice. */
  close(): void;
}

/** The first call on a connection, by which the bus gives us our name. */
export const HELLO: Call = {
  destination: "org.freedesktop.DBus",
  path: "/org/freedesktop/DBus",
  interface: "org.freedesktop.DBus",
  method: "Hello",
  signature: "()",
  args: [],
  reply: "(s)",
};

/**
 * The session bus of `env`, which {@link Bus.send} connects to. `hear` is given the signals that are sent to us
 * or that we asked for. Throws E_KEYCHAIN_UNAVAILABLE without a bus.
 */
export function openSessionBus(env: RawEnvironment, hear: (signal: Signal) => void = () => {}): Bus {
  const address = sessionBusAddress(env);
  let link: Link | null = null;
  let closed = false;
  const linked = (deadline: Deadline): Link => {
    if (closed) throw fail("E_KEYCHAIN_FAILED", "the connection is closed");
    link ??= newLink(connectNamed(address, env, deadline), hear);
    return link;
  };
  return {
    send: (calls, deadline) => linked(deadline).send(calls, deadline),
    listen: (deadline) => linked(deadline).listen(deadline),
    close() {
      closed = true;
      link?.close();
    },
  };
}

/** A call that was sent over a connection before there was a bus over it. */
export interface Coming {
  /** Waits for the reply. Throws what {@link Bus.send} does. */
  reply(until: Deadline): Reply;
}

/** A bus over a connection on which calls were sent already: those of these serial numbers, {@link HELLO} first. */
export function resumedBus(
  socket: BusSocket,
  sent: ReadonlyMap<number, Call>,
): { readonly bus: Bus; readonly coming: ReadonlyMap<number, Coming> } {
  const { expect, repliesOf, ...bus } = newLink(socket, () => {});
  const coming = new Map<number, Coming>();
  for (const [serial, call] of sent) {
    const slot = expect(call, serial);
    coming.set(serial, { reply: (until) => repliesOf([slot], until)[0] as Reply });
  }
  return { bus, coming };
}

/** A bus that the variable names and that is not there is an error: a keychain may be behind it. */
function connectNamed(address: string, env: RawEnvironment, deadline: Deadline): BusSocket {
  try {
    return connectBus(address, deadline);
  } catch (error) {
    if (!env["DBUS_SESSION_BUS_ADDRESS"] || !hasCode(error, "E_KEYCHAIN_UNAVAILABLE")) throw error;
    const message = `no session bus listens at ${clean(address, 200)}, as DBUS_SESSION_BUS_ADDRESS names it`;
    throw fail("E_KEYCHAIN_UNREACHABLE", message);
  }
}

/** Where a reply will be. */
interface Slot {
  reply: Reply | null;
}

/** Calls over one connection, and the replies that are still to come. */
interface Link extends Bus {
  /** The reply to a call with this serial number, which was sent or is going to be. */
  expect(call: Call, serial: number): Slot;
  repliesOf(slots: readonly Slot[], until: Deadline): readonly Reply[];
}

function newLink(socket: BusSocket, hear: (signal: Signal) => void): Link {
  const waiting = new Map<number, (message: Message) => void>();
  let last = 0;
  let welcome: Slot | null = null;
  /** Why nothing more can be read: whoever comes later meets the same. */
  let broken: unknown = null;

  function expect(call: Call, serial: number): Slot {
    const slot: Slot = { reply: null };
    waiting.set(serial, (message) => {
      slot.reply = replyTo(call, message);
    });
    welcome ??= slot;
    last = Math.max(last, serial);
    return slot;
  }

  function send(call: Call, messages: Uint8Array[]): Slot {
    const slot = expect(call, last + 1);
    messages.push(encodeCall(call, last));
    return slot;
  }

  function listen(deadline: Deadline): void {
    if (broken !== null) throw broken;
    try {
      hearOne(deadline);
    } catch (error) {
      // What comes too late may still come.
      if (!hasCode(error, "E_KEYCHAIN_TIMEOUT")) broken = error;
      throw error;
    }
  }

  function hearOne(deadline: Deadline): void {
    const bytes = socket.receive(deadline);
    try {
      const message = read(() => decodeMessage(bytes));
      if (message.type === MESSAGE.signal) hear(read(() => signalOf(message)));
      const settle = message.replyTo === null ? undefined : waiting.get(message.replyTo);
      if (message.replyTo !== null) waiting.delete(message.replyTo);
      settle?.(message); // a reply to no call of ours is dropped
    } finally {
      bytes.fill(0);
    }
  }

  function replyIn(slot: Slot, until: Deadline): Reply {
    while (slot.reply === null) listen(until);
    return slot.reply;
  }

  function repliesOf(slots: readonly Slot[], until: Deadline): readonly Reply[] {
    const greeting = welcome && replyIn(welcome, until);
    if (greeting?.ok === false) throw refusal(greeting);
    const replies: Reply[] = [];
    for (const slot of slots) replies.push(replyIn(slot, until));
    return replies;
  }

  return {
    send(calls, deadline) {
      const messages: Uint8Array[] = [];
      // The bus reads in order: what follows its greeting need not wait for the answer.
      if (welcome === null) send(HELLO, messages);
      const slots: Slot[] = [];
      for (const call of calls) slots.push(send(call, messages));
      socket.send(messages, deadline);
      return { replies: (until = deadline) => repliesOf(slots, until) };
    },
    listen,
    expect,
    repliesOf,
    close: socket.close,
  };
}

function replyTo(call: Call, message: Message): Reply {
  if (message.type === MESSAGE.error) {
    return { ok: false, error: message.error ?? "an error without a name", method: call.method };
  }
  if (message.type !== MESSAGE.reply || message.signature !== call.reply) {
    throw fail("E_KEYCHAIN_FAILED", `unexpected reply to ${call.method} from the keychain`);
  }
  return { ok: true, values: read(message.body) };
}

function signalOf(message: Message): Signal {
  const { path, interface: iface, member } = message;
  if (path === null || iface === null || member === null)
    throw new TypeError("a signal without path, interface or member");
  return { path, interface: iface, member, values: message.body() };
}

/** Runs a reader of messages, whose TypeErrors mean that the other side sent a malformed message. */
function read<T>(reader: () => T): T {
  try {
    return reader();
  } catch {
    throw fail("E_KEYCHAIN_FAILED", "the session bus sent a malformed message");
  }
}
