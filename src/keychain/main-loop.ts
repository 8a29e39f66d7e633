/**
 * Runs GIO's asynchronous calls and waits for them, never longer than a deadline. Everything happens on the
 * calling thread: GIO's callbacks arrive only while {@link MainLoop.runUntil} iterates, so JavaScript may be
 * called back, and a wait that is given up leaves nothing behind that could be called later by surprise.
 * May know nothing of D-Bus.
 */
import { JSCallback } from "bun:ffi";
import { fail } from "../core/errors.ts";
import type { Deadline } from "./deadline.ts";
import { type Address, GIO_LIBRARY, type Gio, openGio } from "./native/gio.ts";

/** Receives the GAsyncResult of a finished call, and must hand it to the call's `_finish` function. */
type Finish = (result: Address) => void;

export interface MainLoop {
  readonly gio: Gio;
  /**
   * Starts one asynchronous call. `begin` passes `callback` and `token` on as GAsyncReadyCallback and user
   * data. `finish` runs exactly once, in this or a later {@link runUntil}: results that come too late for
   * the one who waited are released by it all the same.
   */
  start(begin: (callback: Address, token: number) => void, finish: Finish): void;
  /** Iterates until `done()`. False when the deadline came first. */
  runUntil(done: () => boolean, deadline: Deadline): boolean;
}

let shared: MainLoop | null = null;

/**
 * The loop of this process, made at first use. Throws E_KEYCHAIN_UNAVAILABLE when GIO is not installed and
 * E_KEYCHAIN_FAILED where native calls are forbidden.
 */
export function mainLoop(): MainLoop {
  shared ??= newMainLoop();
  return shared;
}

function newMainLoop(): MainLoop {
  const gio = open();
  if (gio === null) throw fail("E_KEYCHAIN_UNAVAILABLE", `the library ${GIO_LIBRARY} is not installed`);
  silence(gio);
  // A context of our own: nobody else's sources are run, and nobody else runs ours.
  const context = gio.g_main_context_new();
  const waiting = new Map<number, Finish>();
  let last = 0;
  const ready = callback(
    (_source: Address, result: Address, token: bigint) => {
      const finish = waiting.get(Number(token));
      waiting.delete(Number(token));
      finish?.(result);
    },
    ["ptr", "ptr", "usize"],
    "void",
  );
  let rung = false;
  const ring = callback(
    () => {
      rung = true;
      return 0; // G_SOURCE_REMOVE
    },
    ["ptr"],
    "i32",
  );

  return {
    gio,
    start(begin, finish) {
      const token = ++last;
      waiting.set(token, finish);
      gio.g_main_context_push_thread_default(context);
      try {
        begin(ready, token);
      } finally {
        gio.g_main_context_pop_thread_default(context);
      }
    },
    runUntil(done, deadline) {
      if (done()) return true;
      // The alarm says itself that it has rung. Asking a clock instead could find that there is a moment left,
      // and then wait for ever for an alarm that is over.
      rung = false;
      const alarm = gio.g_timeout_source_new(deadline.remaining());
      try {
        gio.g_source_set_callback(alarm, ring, null, null);
        gio.g_source_attach(alarm, context);
        while (!done()) {
          if (rung) return false;
          gio.g_main_context_iteration(context, 1);
        }
        return true;
      } finally {
        gio.g_source_destroy(alarm);
        gio.g_source_unref(alarm);
      }
    },
  };
}

function open(): Gio | null {
  try {
    return openGio();
  } catch {
    // bun:ffi needs memory that is writable and executable, which hardened systems may refuse.
    throw fail("E_KEYCHAIN_FAILED", "this system does not let gum-cred call the keychain's library");
  }
}

/** A C function that calls `run`, for as long as the process lives. */
function callback(
  run: (...args: never[]) => unknown,
  args: ("ptr" | "usize")[],
  returns: "void" | "i32",
): Address {
  const { ptr } = new JSCallback(run, { args, returns });
  if (ptr === null) throw fail("E_INTERNAL", "no memory for a native callback");
  return ptr;
}

/** Both make GLib print what passes, messages and their contents included, to the stdout that `eval` reads. */
function silence(gio: Gio): void {
  for (const name of ["G_DBUS_DEBUG", "G_MESSAGES_DEBUG"]) {
    if (process.env[name] !== undefined) gio.g_unsetenv(name);
  }
}
