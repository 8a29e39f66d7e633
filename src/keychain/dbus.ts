/**
 * A small D-Bus client on GIO: connects to the session bus, sends calls, waits for their replies. Calls that do
 * not need each other's answers go out together and cost one wait. Knows nothing of keychains; takes the bus
 * as it is: starts no daemon, watches no names, exports nothing.
 * Reference: https://dbus.freedesktop.org/doc/dbus-specification.html
 */
import { CString, ptr, read } from "bun:ffi";
import { clean, fail, type GumCredError } from "../core/errors.ts";
import type { Deadline } from "./deadline.ts";
import { decode, encode, type Value } from "./gvariant.ts";
import { type MainLoop, mainLoop } from "./main-loop.ts";
import { type Address, AUTHENTICATION_CLIENT, GERROR, type Gio, IO_ERROR } from "./native/gio.ts";
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

/** What the other side answered: the values of the reply's tuple, or the name of a D-Bus error. */
export type Reply =
  | { readonly ok: true; readonly values: readonly Value[] }
  | { readonly ok: false; readonly error: string };

export interface Bus {
  /**
   * Sends all calls, in order, and waits for every reply; the result has the same order. The first use also
   * waits for the connection. Throws E_KEYCHAIN_TIMEOUT, E_KEYCHAIN_UNAVAILABLE (nobody listens at the
   * address), E_KEYCHAIN_DENIED, or E_KEYCHAIN_FAILED when the connection breaks.
   */
  callAll(calls: readonly Call[], deadline: Deadline): readonly Reply[];
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
 * Begins to connect to the session bus of `env` and returns at once; {@link Bus.callAll} waits for it, so
 * that the caller can prepare its calls meanwhile. Throws E_KEYCHAIN_UNAVAILABLE without bus or library.
 */
export function openSessionBus(env: Environment): Bus {
  const address = sessionBusAddress(env);
  const loop = mainLoop();
  const connecting = connect(loop, address);
  let greeted = false;

  return {
    callAll(calls, deadline) {
      const connection = connecting.finish(deadline);
      const outgoing = greeted ? calls : [HELLO, ...calls];
      const replies = exchange(loop, connection, outgoing, deadline);
      if (greeted) return replies;
      const [welcome, ...answers] = replies;
      if (welcome?.ok !== true) throw refusal(welcome?.error ?? "");
      greeted = true;
      return answers;
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

function exchange(loop: MainLoop, connection: Address, calls: readonly Call[], deadline: Deadline): Reply[] {
  const settled: (Settled | undefined)[] = calls.map(() => undefined);
  calls.forEach((call, index) => {
    send(loop, connection, call, deadline.remaining(), (outcome) => {
      settled[index] = outcome;
    });
  });
  if (!loop.runUntil(() => !settled.includes(undefined), deadline)) throw deadline.expired();
  return settled.map((outcome) => {
    if (outcome === undefined) throw deadline.expired();
    if (outcome.ok === null) throw callFailure(outcome.failure, deadline);
    return outcome;
  });
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
      (result) => settle(receive(gio, connection, result)),
    );
  } finally {
    gio.g_variant_unref(parameters);
  }
}

function receive(gio: Gio, connection: Address, result: Address): Settled {
  const error = errorSlot();
  const reply = gio.g_dbus_connection_call_finish(connection, result, ptr(error));
  if (reply === null) {
    const failure = takeError(gio, error);
    return failure.remote === null ? { ok: null, failure } : { ok: false, error: failure.remote };
  }
  try {
    return { ok: true, values: decode(gio, reply) as readonly Value[] };
  } catch {
    return { ok: null, failure: { remote: null, code: -1 } }; // nothing may be thrown into GIO
  } finally {
    gio.g_variant_unref(reply);
  }
}

/** A GError without its message, which may hold what a service was sent. */
interface LocalError {
  /** The name of a D-Bus error that came from the bus; null for one of GIO's own. */
  readonly remote: string | null;
  /** A GIOErrorEnum, or -1 for any other domain. */
  readonly code: number;
}

/** Room for the GError* that a failing call leaves behind. */
const errorSlot = (): BigUint64Array => new BigUint64Array(1);

/** Reads and frees the GError in the slot. */
function takeError(gio: Gio, slot: BigUint64Array): LocalError {
  const error = slot[0];
  if (!error) return { remote: null, code: -1 };
  const remote = gio.g_dbus_error_get_remote_error(error);
  try {
    const ours = read.u32(error, GERROR.domain) === gio.g_io_error_quark();
    return {
      remote: remote === null ? null : new CString(remote),
      code: ours ? read.i32(error, GERROR.code) : -1,
    };
  } finally {
    gio.g_free(remote);
    gio.g_error_free(error);
  }
}

function connectFailure(error: LocalError): GumCredError {
  switch (error.code) {
    case IO_ERROR.notFound:
    case IO_ERROR.connectionRefused:
      return fail("E_KEYCHAIN_UNAVAILABLE", "no session bus listens at its address");
    case IO_ERROR.permissionDenied:
      return fail("E_KEYCHAIN_DENIED", "the session bus belongs to another user");
    default:
      return fail("E_KEYCHAIN_FAILED", `the session bus refused the connection (GIO error ${error.code})`);
  }
}

function callFailure(error: LocalError, deadline: Deadline): GumCredError {
  if (error.code === IO_ERROR.timedOut) return deadline.expired();
  if (error.code === IO_ERROR.closed) return fail("E_KEYCHAIN_FAILED", "the session bus hung up");
  return fail("E_KEYCHAIN_FAILED", `the keychain could not be asked (GIO error ${error.code})`);
}

/** The error for a D-Bus error that no caller expected: AccessDenied is told apart, the rest is named. */
export function refusal(name: string): GumCredError {
  switch (name) {
    case "org.freedesktop.DBus.Error.AccessDenied":
    case "org.freedesktop.DBus.Error.AuthFailed":
      return fail("E_KEYCHAIN_DENIED", "the session bus does not allow this");
    case "org.freedesktop.DBus.Error.ServiceUnknown":
    case "org.freedesktop.DBus.Error.NameHasNoOwner":
    case "org.freedesktop.DBus.Error.Spawn.ServiceNotFound":
      return fail("E_KEYCHAIN_UNAVAILABLE", "no keychain service runs on the session bus");
    case "org.freedesktop.DBus.Error.NoReply":
    case "org.freedesktop.DBus.Error.Timeout":
    case "org.freedesktop.DBus.Error.TimedOut":
      return fail("E_KEYCHAIN_TIMEOUT", "the keychain service went away before it answered");
    default:
      return fail("E_KEYCHAIN_FAILED", `the keychain answered ${clean(name, 100) || "with an error"}`);
  }
}
