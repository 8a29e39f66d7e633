/** What the replies of a Secret Service say. */
import { fail, type GumCredError } from "../../core/errors.ts";
import type { Reply } from "../../dbus/client.ts";
import { refusal } from "../../dbus/error.ts";
import type { Value } from "../../dbus/types.ts";
import { ERROR } from "./calls.ts";

/** The values of a reply; throws the keychain error that an error reply stands for. */
export function valuesOf(reply: Reply): readonly Value[] {
  if (reply.ok) return reply.values;
  throw reply.error === ERROR.isLocked ? lockedError() : refusal(reply);
}

/** Whether a reply says that the object it asked is not there (any more). */
export function isGone(reply: Reply): boolean {
  const gone: readonly string[] = [ERROR.noSuchObject, ERROR.unknownMethod, ERROR.unknownObject];
  return !reply.ok && gone.includes(reply.error);
}

/** The only reply to the only call. */
export const first = (replies: readonly Reply[]): Reply => present(replies[0]);

/** The items that a search found. */
export function pathsOf(searched: Reply | undefined): readonly string[] {
  return searched === undefined ? [] : (valuesOf(searched)[0] as readonly string[]);
}

/** Where a dialog could ask the user to unlock; until then it is an error with what to do instead. */
export function lockedError(message = "the keychain is locked"): GumCredError {
  return fail(
    "E_KEYCHAIN_LOCKED",
    message,
    "run 'gum-cred keychain unlock' on a terminal; without a keychain set GUMLOOP_ACCESS_TOKEN, or " +
      "GUMLOOP_API_KEY and GUMLOOP_USER_ID",
  );
}

/** A reply that is there. */
export function present(reply: Reply | undefined): Reply {
  if (reply === undefined) throw fail("E_INTERNAL", "a call without a reply");
  return reply;
}
