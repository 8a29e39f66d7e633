/**
 * Whether a keychain can be on this machine at all, for who would rather not load one: every start of `gum-cred env`
 * asks. Decides nothing else; which keychain it is, is choose.ts's to say.
 */

import type { RawEnvironment } from "../core/environment.ts";
import { fail, hasCode } from "../core/errors.ts";
import { sessionBusAddress } from "../dbus/session-bus.ts";

/** The variable that names the backend to use, whatever the platform prefers. */
export const VARIABLE = "GUM_CRED_KEYCHAIN";

/** What to do where the keychain that it names is not there. The session bus is left alone: it may be the right one. */
export const OTHER_KEYCHAIN =
  "run 'unset GUM_CRED_KEYCHAIN', or set it to a keychain that runs; " +
  "or set GUMLOOP_ACCESS_TOKEN, or GUMLOOP_API_KEY and GUMLOOP_USER_ID";

/**
 * False where there can be no keychain service: on Linux, without a session bus. Nothing is connected to; what cannot
 * be told so is possible.
 */
export function keychainPossible(env: RawEnvironment): boolean {
  if (process.platform !== "linux" || env[VARIABLE]) return true;
  try {
    sessionBusAddress(env);
    return true;
  } catch (error) {
    return !hasCode(error, "E_KEYCHAIN_UNAVAILABLE");
  }
}

/** A keychain that was named and is not there: no machine without one, where nothing is stored, but a failure. */
export function unreachable(error: unknown): unknown {
  if (!hasCode(error, "E_KEYCHAIN_UNAVAILABLE")) return error;
  return fail("E_KEYCHAIN_UNREACHABLE", `${error.message} (${VARIABLE} asks for it)`, OTHER_KEYCHAIN);
}
