/**
 * The time that one source has for everything: supplier, lock, login, reading and body together. Every step takes
 * what is left of it, and nothing goes on after its end.
 */
import { fail } from "../../core/errors.ts";

/** Milliseconds that a step has to end itself, such as a command with its children, before it is given up. */
const GRACE_MS = 50;

export interface Deadline {
  /** Milliseconds that are left, at least 1. Throws E_TIMEOUT when there are none. */
  left(): number;
  /** The result of `work`; E_TIMEOUT at the end of the time, whatever `work` still waits for. */
  bound<T>(work: Promise<T>): Promise<T>;
}

/** A deadline `timeoutMs` from now, for a source that messages call `whose`. */
export function startDeadline(timeoutMs: number, whose: string): Deadline {
  const end = performance.now() + timeoutMs;
  const late = () => fail("E_TIMEOUT", `${whose}: the source did not answer within ${timeoutMs} ms`);
  const left = (): number => {
    const rest = end - performance.now();
    if (rest <= 0) throw late();
    return Math.max(1, Math.floor(rest));
  };
  return {
    left,
    bound: async (work) => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const timeout = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(late()), Math.max(1, end - performance.now() + GRACE_MS));
      });
      return Promise.race([work, timeout]).finally(() => clearTimeout(timer));
    },
  };
}
