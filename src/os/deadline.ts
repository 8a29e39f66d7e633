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

/**
 * For a run that has something to say when a signal ends it (main.ts). A wait for the keychain blocks, and no handler of
 * JavaScript's runs meanwhile; what these do is done at once.
 */
export const waits: {
  /** Called once when a wait has lasted for {@link LASTING_MS}: it begins to handle signals, which costs a short run too much. */
  lasts: (() => void) | null;
  /** Called when a signal that is handled has cut a wait short. */
  cutShort: (() => void) | null;
  /** Work goes on that no signal may end now (hold-signals.ts). */
  held: boolean;
} = { lasts: null, cutShort: null, held: false };

/** In milliseconds. */
export const LASTING_MS = 100;

/** After so many milliseconds a person should hear that something is waited for. */
export const SLOW_MS = 2_000;

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
      if (waits.lasts && now >= start + LASTING_MS) waits.lasts();
      const next = told ? end : Math.min(end, start + SLOW_MS);
      return Math.ceil((waits.lasts ? Math.min(next, start + LASTING_MS) : next) - now);
    },
    expired,
  };
}
