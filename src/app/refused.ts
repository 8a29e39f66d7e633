/** What to do about a credential in force that Gumloop refuses: that depends on where it came from. Pure. */
import type { Credential } from "../core/credential.ts";
import { fail, type GumCredError } from "../core/errors.ts";

/** Gumloop's user ids as its pages show them; a hint, never a rule. */
const USER_ID_LENGTH = 28;

/** The error with a hint that also says how to use another credential. */
export function refusedInForce(credential: Credential, error: GumCredError): GumCredError {
  if (error.exitCode !== 3) return error;
  const { source, location, userId } = credential;
  const instead =
    source === "keychain"
      ? "run 'gum-cred login' to store another one"
      : `run 'unset ${location}' to use the one in the keychain`;
  const short = error.code === "E_FORBIDDEN" && userId !== null && userId.length < USER_ID_LENGTH;
  const cut = `the user id has ${userId?.length} characters and may have been cut off: ${USER_ID_LENGTH} are usual`;
  return fail(error.code, error.message, [error.hint, instead, ...(short ? [cut] : [])].join("; "));
}
