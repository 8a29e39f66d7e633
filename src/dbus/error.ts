/**
 * What went wrong on the way to a D-Bus service, as the keychain's errors. Sends nothing. Messages of services
 * are dropped: they may hold what the service was sent.
 */
import { clean, fail, type GumCredError } from "../core/errors.ts";
import { ERRNO } from "../os/native/libc.ts";

/** What to do about an address that leads elsewhere. */
export const OWN_BUS =
  "run 'unset DBUS_SESSION_BUS_ADDRESS', or set it to the bus of your own session; " +
  "without a keychain set GUMLOOP_ACCESS_TOKEN, or GUMLOOP_API_KEY and GUMLOOP_USER_ID";

/** A connection that could not be made, by its errno: only where nothing listens is there no keychain. */
export function connectFailure(errno: number): GumCredError {
  switch (errno) {
    case ERRNO.ENOENT:
    case ERRNO.ECONNREFUSED:
      return fail("E_KEYCHAIN_UNAVAILABLE", "no session bus listens at its address");
    case ERRNO.EACCES:
    case ERRNO.EPERM:
      return fail("E_KEYCHAIN_DENIED", "the session bus belongs to another user", OWN_BUS);
    default:
      return fail("E_KEYCHAIN_FAILED", `the session bus cannot be connected to (errno ${errno})`);
  }
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
      return fail("E_KEYCHAIN_TIMEOUT", "the keychain service exited before it answered");
    default:
      return fail(
        "E_KEYCHAIN_FAILED",
        `the keychain answered ${reply.method} with ${clean(reply.error, 100)}`,
      );
  }
}
