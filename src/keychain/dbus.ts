/**
 * A small D-Bus client on GIO: connects to the session bus, sends calls, waits for their replies. Calls that do
 * not need each other's answers go out together and cost one wait. Knows nothing of keychains; takes the bus
 * as it is: starts no daemon, watches no names, exports nothing.
 * Reference: https://dbus.freedesktop.org/doc/dbus-specification.html
 */
import { ptr } from "bun:ffi";
import { fail, type GumCredError } from "../core/errors.ts";
import { callFailure, connectFailure, errorSlot, type LocalError, refusal, takeError } from "./dbus-error.ts";
import type { Deadline } from "./deadline.ts";
import { decode, encode, type Value } from "./gvariant.ts";
import { type MainLoop, mainLoop } from "./main-loop.ts";
import { type Address, AUTHENTICATION_CLIENT, type Gio } from "./native/gio.ts";
import { type Environment, sessionBusAddress } from "./session-bus.ts";

/** One method call. `signature` and `reply` are tuples, as in `(a{ss})`, which GIO checks the reply against. */
export interface Call {
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly method: string;
  readonly signature: string;
  readonly args: readonly Value[];
  readonly reply: string;
}

/** What the other side answered: the values of the reply's tuple, or a D-Bus error and the method it met. */
export type Reply =
  | { readonly ok: true; readonly values: readonly Value[] }
  | { readonly ok: false; readonly error: string; readonly method: string };

/** Calls on their way. */
export interface Sent {
  /** Waits for every reply; the result has the order of the calls. Throws what {@link Bus.send} does. */
  replies(): readonly Reply[];
}

export interface Bus {
  /**
   * Sends calls and returns; GIO delivers them while the caller goes on. The first use waits for the
   * connection. Throws E_KEYCHAIN_TIMEOUT, E_KEYCHAIN_UNAVAILABLE (nobody listens at the address),
   * E_KEYCHAIN_DENIED, or E_KEYCHAIN_FAILED when the connection breaks.
   */
  send(calls: readonly Call[], deadline: Deadline): Sent;
  /** Closes the connection. Safe to call twice. */
  close(): void;
}

const HELLO: Call = {
  destination: "org.freedesktop.DBus",
  path: "/org/freedesktop/DBus",
  interface: "org.freedesktop.DBus",
  method: "Hello",
  signature: "()",
  args: [],
  reply: "(s)",
};

/**
 * Begins to connect to the session bus of `env` and returns at once; {@link Bus.send} waits for it, so that
 * the caller can prepare its calls meanwhile. Throws E_KEYCHAIN_UNAVAILABLE without bus or library.
 */
export function openSessionBus(env: Environment): Bus {
  const address = sessionBusAddress(env);
  const loop = mainLoop();
  const connecting = connect(loop, address);
  let hello: Sent | null = null;
  return {
    send(calls, deadline) {
      const connection = connecting.finish(deadline);
      // The bus reads in order: what follows its greeting need not wait for the answer.
      hello ??= sendAll(loop, connection, [HELLO], deadline);
      const greeting = hello;
      const sent = sendAll(loop, connection, calls, deadline);
      return {
        replies() {
          const [welcome] = greeting.replies();
          if (welcome?.ok === false) throw refusal(welcome);
          return sent.replies();
        },
      };
    },
    close: connecting.close,
  };
}

interface Connecting {
  finish(deadline: Deadline): Address;
  close(): void;
}

/** Connects and authenticates on a thread of GIO's; only the wait for it happens here. */
function connect(loop: MainLoop, address: string): Connecting {
  const { gio } = loop;
  const cancellable = gio.g_cancellable_new();
  const state: { outcome: Address | GumCredError | null; closed: boolean } = { outcome: null, closed: false };
  loop.start(
    (callback, token) =>
      gio.g_dbus_connection_new_for_address(
        address,
        AUTHENTICATION_CLIENT,
        null,
        cancellable,
        callback,
        token,
      ),
    (result) => {
      const error = errorSlot();
      const connection = gio.g_dbus_connection_new_for_address_finish(result, ptr(error));
      gio.g_object_unref(cancellable);
      state.outcome = connection ?? connectFailure(takeError(gio, error));
      if (state.closed && connection !== null) gio.g_object_unref(connection);
    },
  );
  const close = () => {
    if (state.closed) return;
    state.closed = true;
    if (state.outcome === null) gio.g_cancellable_cancel(cancellable);
    else if (!(state.outcome instanceof Error)) gio.g_object_unref(state.outcome);
  };
  return {
    finish(deadline) {
      if (!state.closed && !loop.runUntil(() => state.outcome !== null, deadline)) {
        close();
        throw deadline.expired();
      }
      const { outcome, closed } = state;
      if (outcome instanceof Error) throw outcome;
      if (closed || outcome === null) throw fail("E_KEYCHAIN_FAILED", "the connection is closed");
      return outcome;
    },
    close,
  };
}

type Settled = Reply | { readonly ok: null; readonly failure: LocalError };

function sendAll(loop: MainLoop, connection: Address, calls: readonly Call[], deadline: Deadline): Sent {
  const settled: (Settled | undefined)[] = calls.map(() => undefined);
  calls.forEach((call, index) => {
    send(loop, connection, call, deadline.remaining(), (outcome) => {
      settled[index] = outcome;
    });
  });
  return {
    replies() {
      if (!loop.runUntil(() => !settled.includes(undefined), deadline)) throw deadline.expired();
      return settled.map((outcome) => {
        if (!outcome || outcome.ok === null) throw callFailure(outcome?.failure, deadline);
        return outcome;
      });
    },
  };
}

function send(
  loop: MainLoop,
  connection: Address,
  call: Call,
  timeoutMs: number,
  settle: (outcome: Settled) => void,
): void {
  const { gio } = loop;
  const parameters = encode(gio, call.signature, call.args);
  try {
    loop.start(
      (callback, token) =>
        gio.g_dbus_connection_call(
          connection,
          call.destination,
          call.path,
          call.interface,
          call.method,
          parameters,
          call.reply,
          0,
          timeoutMs,
          null,
          callback,
          token,
        ),
      (result) => settle(receive(gio, connection, call.method, result)),
    );
  } finally {
    gio.g_variant_unref(parameters);
  }
}

function receive(gio: Gio, connection: Address, method: string, result: Address): Settled {
  const error = errorSlot();
  const reply = gio.g_dbus_connection_call_finish(connection, result, ptr(error));
  if (reply === null) {
    const failure = takeError(gio, error);
    return failure.remote === null ? { ok: null, failure } : { ok: false, error: failure.remote, method };
  }
  try {
    return { ok: true, values: decode(gio, reply) as readonly Value[] };
  } catch {
    return { ok: null, failure: { remote: null, code: -1 } }; // nothing may be thrown into GIO
  } finally {
    gio.g_variant_unref(reply);
  }
}
