/**
 * The time one keychain operation may take, shared by all its steps. May know nothing of what the steps are.
 */
import { fail, type GumCredError } from "../core/errors.ts";

export interface Deadline {
  /** Whole milliseconds left, at least 1 (0 and -1 mean "for ever" to some libraries). Throws when none are. */
  remaining(): number;
  /** The error to throw when the time is up: E_KEYCHAIN_TIMEOUT. */
  expired(): GumCredError;
}

/** A deadline `timeoutMs` milliseconds from now. */
export function deadlineIn(timeoutMs: number): Deadline {
  const end = performance.now() + timeoutMs;
  const expired = () =>
    fail("E_KEYCHAIN_TIMEOUT", `the keychain did not answer within ${timeoutMs / 1000} s`);
  return {
    remaining() {
      const left = end - performance.now();
      if (left <= 0) throw expired();
      return Math.ceil(left);
    },
    expired,
  };
}
