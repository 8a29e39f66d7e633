/**
 * What macOS says with a number, in our words: the state of the default keychain, and the error for an OSStatus.
 * Reads no entry.
 * Reference: <Security/SecBase.h>; Apple's source for when which number comes (docs/adr/0007-macos-keychain.md).
 */
import { fail, type GumCredError } from "../../core/errors.ts";
import type { KeychainState } from "../keychain.ts";
import { type SecurityFramework, STATUS, UNLOCKED } from "./security-framework.ts";

/** Of the default keychain: the one that entries are added to. */
export function stateNow({ security }: SecurityFramework): KeychainState {
  const bits = new Uint32Array(1);
  const status = security.SecKeychainGetStatus(0n, bits);
  if (status === STATUS.noDefaultKeychain) return "unavailable";
  if (status !== STATUS.success) throw unexpected(status);
  return ((bits[0] ?? 0) & UNLOCKED) === 0 ? "locked" : "unlocked";
}

/**
 * The error for an OSStatus. A locked keychain and an entry that is not ours are refused with the same numbers
 * (without dialogs both are -25293), so the keychain's state has to tell which it was.
 */
export function failure(framework: SecurityFramework, status: number): GumCredError {
  switch (status) {
    case STATUS.userCanceled:
    case STATUS.authFailed:
    case STATUS.interactionNotAllowed:
    case STATUS.interactionRequired:
    case STATUS.inDarkWake: {
      const state = stateNow(framework);
      if (state === "unavailable") return failure(framework, STATUS.noDefaultKeychain);
      return state === "locked" ? locked() : denied(status);
    }
    case STATUS.noDefaultKeychain:
      return fail("E_KEYCHAIN_UNAVAILABLE", "this user has no default keychain");
    default:
      return unexpected(status);
  }
}

/** E_KEYCHAIN_LOCKED, with how to unlock it. */
export function locked(): GumCredError {
  return fail("E_KEYCHAIN_LOCKED", "the keychain is locked", "run 'security unlock-keychain' and try again");
}

function denied(status: number): GumCredError {
  return fail(
    "E_KEYCHAIN_DENIED",
    `macOS does not let gum-cred use this entry (${status})`,
    "run it once in a terminal of the desktop and choose Always Allow",
  );
}

function unexpected(status: number): GumCredError {
  const hint = `'security error ${status}' says what macOS means by it`;
  return fail("E_KEYCHAIN_FAILED", `the macOS keychain failed (${status})`, hint);
}
