/**
 * What went wrong on the way to a D-Bus service, as the keychain's errors. Reads GErrors and frees them; sends
 * nothing. Messages of services are dropped: they may hold what the service was sent.
 */
import { CString, read } from "bun:ffi";
import { clean, fail, type GumCredError } from "../core/errors.ts";
import type { Deadline } from "./deadline.ts";
import { GERROR, type Gio, IO_ERROR } from "./native/gio.ts";

/** A GError without its message. */
export interface LocalError {
  /** The name of a D-Bus error that came from the bus; null for one of GIO's own. */
  readonly remote: string | null;
  /** A GIOErrorEnum, or -1 for any other domain. */
  readonly code: number;
}

/** Room for the GError* that a failing call leaves behind. */
export const errorSlot = (): BigUint64Array => new BigUint64Array(1);

/** Reads and frees the GError in the slot. */
export function takeError(gio: Gio, slot: BigUint64Array): LocalError {
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

/** A connection that could not be made: only where nobody listens is there no keychain. */
export function connectFailure(error: LocalError): GumCredError {
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

/** A call that got no reply. */
export function callFailure(error: LocalError | undefined, deadline: Deadline): GumCredError {
  if (error?.code === IO_ERROR.timedOut) return deadline.expired();
  if (error?.code === IO_ERROR.closed) return fail("E_KEYCHAIN_FAILED", "the session bus hung up");
  return fail("E_KEYCHAIN_FAILED", `the keychain could not be asked (GIO error ${error?.code})`);
}

/** The error for a D-Bus error that no caller expected: the ones with a meaning, else its name. */
export function refusal(reply: { readonly error: string; readonly method: string }): GumCredError {
  switch (reply.error) {
    case "org.freedesktop.DBus.Error.AccessDenied":
    case "org.freedesktop.DBus.Error.AuthFailed":
      return fail("E_KEYCHAIN_DENIED", `the session bus does not allow ${reply.method}`);
    case "org.freedesktop.DBus.Error.ServiceUnknown":
    case "org.freedesktop.DBus.Error.NameHasNoOwner":
    case "org.freedesktop.DBus.Error.Spawn.ServiceNotFound":
      return fail("E_KEYCHAIN_UNAVAILABLE", "no keychain service runs on the session bus");
    case "org.freedesktop.DBus.Error.NoReply":
    case "org.freedesktop.DBus.Error.Timeout":
    case "org.freedesktop.DBus.Error.TimedOut":
      return fail("E_KEYCHAIN_TIMEOUT", "the keychain service went away before it answered");
    default:
      return fail(
        "E_KEYCHAIN_FAILED",
        `the keychain answered ${reply.method} with ${clean(reply.error, 100)}`,
      );
  }
}
