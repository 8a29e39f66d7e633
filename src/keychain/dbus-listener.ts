/**
 * A connection to the session bus that hears one signal, and over which one call is made at a time: for dialogs,
 * whose end a service signals. Everything else goes through `dbus.ts`, which is faster and hears nothing.
 * Reference: https://dbus.freedesktop.org/doc/dbus-specification.html
 */
import { CString, JSCallback, ptr } from "bun:ffi";
import { fail } from "../core/errors.ts";
import type { Call, Reply } from "./dbus.ts";
import { callFailure, connectFailure, errorSlot, takeError } from "./dbus-error.ts";
import { type Deadline, deadlineIn } from "./deadline.ts";
import { decode, encode, type Value } from "./gvariant.ts";
import { type MainLoop, mainLoop } from "./main-loop.ts";
import { type Address, AUTHENTICATION_CLIENT } from "./native/gio.ts";
import { NO_MATCH_RULE, openGioSignals } from "./native/gio-signals.ts";
import { type Environment, sessionBusAddress } from "./session-bus.ts";

/** How long a wait may keep everything else in the process from happening. */
const SLICE_MS = 100;

export interface Listener {
  /** One call and its reply. Throws what {@link Bus.send} of `dbus.ts` does. */
  ask(call: Call, deadline: Deadline): Reply;
  /** Waits for the signal from an object; its values. Throws E_KEYCHAIN_TIMEOUT. */
  heard(path: string, deadline: Deadline): Promise<readonly Value[]>;
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

/** Connects to the session bus of `env`. From then on no signal `member` of `iface` that is sent to us is missed. */
export function openListener(env: Environment, iface: string, member: string, deadline: Deadline): Listener {
  const address = sessionBusAddress(env);
  const loop = mainLoop();
  const signals = openGioSignals();
  if (signals === null) throw fail("E_KEYCHAIN_FAILED", "this system's GIO cannot listen on the session bus");
  const connection = connect(loop, address, deadline);
  const heard = new Map<string, readonly Value[]>();
  const hear = new JSCallback(
    (
      _connection: Address,
      _sender: Address,
      path: Address,
      _iface: Address,
      _member: Address,
      values: Address,
    ) => void heard.set(String(new CString(path)), decode(loop.gio, values) as readonly Value[]),
    { args: ["ptr", "ptr", "ptr", "ptr", "ptr", "ptr", "ptr"], returns: "void" },
  );
  let subscription = 0;
  const subscribe = () => {
    const { g_dbus_connection_signal_subscribe: listen } = signals;
    subscription = listen(connection, null, iface, member, null, null, NO_MATCH_RULE, hear.ptr, null, null);
  };
  // Signals arrive where the call that is made together with the subscription is answered.
  ask(loop, connection, HELLO, deadline, subscribe);
  return {
    ask: (call, limit) => ask(loop, connection, call, limit),
    async heard(path, limit) {
      for (;;) {
        const values = heard.get(path);
        if (values !== undefined) return values;
        loop.runUntil(() => heard.has(path), deadlineIn(Math.min(SLICE_MS, limit.remaining())));
        await Bun.sleep(0);
      }
    },
    close() {
      signals.g_dbus_connection_signal_unsubscribe(connection, subscription);
      loop.gio.g_object_unref(connection);
    },
  };
}

function connect(loop: MainLoop, address: string, deadline: Deadline): Address {
  const { gio } = loop;
  return waited<Address>(loop, deadline, (settle, refuse) => [
    (callback, token) =>
      gio.g_dbus_connection_new_for_address(address, AUTHENTICATION_CLIENT, null, null, callback, token),
    (result) => {
      const error = errorSlot();
      const connection = gio.g_dbus_connection_new_for_address_finish(result, ptr(error));
      if (connection === null) refuse(connectFailure(takeError(gio, error)));
      else settle(connection);
    },
  ]);
}

function ask(
  loop: MainLoop,
  connection: Address,
  call: Call,
  deadline: Deadline,
  before: () => void = () => {},
): Reply {
  const { gio } = loop;
  const { destination, path, interface: iface, method, reply } = call;
  const parameters = encode(gio, call.signature, call.args);
  const timeout = deadline.remaining();
  try {
    return waited<Reply>(loop, deadline, (settle, refuse) => [
      (callback, token) => {
        before();
        gio.g_dbus_connection_call(
          connection,
          destination,
          path,
          iface,
          method,
          parameters,
          reply,
          0,
          timeout,
          null,
          callback,
          token,
        );
      },
      (result) => {
        const error = errorSlot();
        const answer = gio.g_dbus_connection_call_finish(connection, result, ptr(error));
        if (answer !== null) {
          const values = decoded(loop, answer);
          gio.g_variant_unref(answer);
          if (values === null) refuse(callFailure(undefined, deadline));
          else settle({ ok: true, values });
          return;
        }
        const failure = takeError(gio, error);
        if (failure.remote === null) refuse(callFailure(failure, deadline));
        else settle({ ok: false, error: failure.remote, method });
      },
    ]);
  } finally {
    gio.g_variant_unref(parameters);
  }
}

/** The values of a tuple; null for what cannot be read, because nothing may be thrown into GIO. */
function decoded(loop: MainLoop, variant: Address): readonly Value[] | null {
  try {
    return decode(loop.gio, variant) as readonly Value[];
  } catch {
    return null;
  }
}

type Start = Parameters<MainLoop["start"]>;

/** Starts something and waits for what it settles on. */
function waited<T>(
  loop: MainLoop,
  deadline: Deadline,
  make: (settle: (value: T) => void, refuse: (error: Error) => void) => Start,
): T {
  let outcome: { readonly value: T } | { readonly error: Error } | null = null;
  loop.start(
    ...make(
      (value) => {
        outcome = { value };
      },
      (error) => {
        outcome = { error };
      },
    ),
  );
  if (!loop.runUntil(() => outcome !== null, deadline)) throw deadline.expired();
  const settled = outcome as { readonly value: T } | { readonly error: Error } | null;
  if (settled === null) throw deadline.expired();
  if ("error" in settled) throw settled.error;
  return settled.value;
}
