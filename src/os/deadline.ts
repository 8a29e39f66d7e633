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

/** After so many milliseconds a person should hear that something is waited for. */
const SLOW_MS = 2_000;

/**
 * A deadline `timeoutMs` milliseconds from now. With `onSlow`, which is called once when a person should hear of the wait, {@link Deadline.remaining} may be less than what is left: its users ask it again after each wait.
 */
export function deadlineIn(timeoutMs: number, onSlow?: () => void): Deadline {
  const start = performance.now();
  const end = start + timeoutMs;
  let told = onSlow === undefined;
  const expired = () =>
    fail("E_KEYCHAIN_TIMEOUT", `the keychain did not answer within ${Math.round(timeoutMs / 100) / 10} s`);
  return {
    remaining() {
      const now = performance.now();
      if (now >= end) throw expired();
      if (!told && now >= start + SLOW_MS) {
        told = true;
        onSlow?.();
      }
      return Math.ceil((told ? end : Math.min(end, start + SLOW_MS)) - now);
    },
    expired,
  };
}
