/**
 * Waits that are bounded in time. A timer that is no longer needed is cleared, so that it keeps no process alive.
 * May not be used around native calls: those block every timer, and take their limit as an argument (os/deadline.ts).
 */

/** The result of `work`, or after `ms` milliseconds what `late` returns or throws. */
export async function within<Result, Late>(
  ms: number,
  work: Promise<Result>,
  late: () => Late | Promise<Late>,
): Promise<Result | Late> {
  const { promise: over, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  try {
    return await Promise.race([work, over.then(late)]);
  } finally {
    clearTimeout(timer);
  }
}

export type Stop = "limit" | "interrupt";

/** One abort signal for two ways to stop: the time is up, or the user interrupted. */
export interface TimeLimit {
  readonly signal: AbortSignal;
  /** Settles when one of them comes. */
  readonly stopped: Promise<Stop>;
  /** Which of them came first; null while neither has. */
  stoppedBy(): Stop | null;
  /** Stops the timer. Call it in a `finally`. */
  clear(): void;
}

/** A limit `ms` milliseconds from now, which `interrupt` ends early. */
export function startTimeLimit(ms: number, interrupt?: AbortSignal): TimeLimit {
  const controller = new AbortController();
  const { promise: stopped, resolve } = Promise.withResolvers<Stop>();
  let stoppedBy: Stop | null = null;
  const stop = (reason: Stop): void => {
    stoppedBy ??= reason;
    resolve(reason);
    controller.abort();
  };
  const onInterrupt = (): void => stop("interrupt");
  const timer = setTimeout(() => stop("limit"), ms);
  if (interrupt?.aborted) onInterrupt();
  interrupt?.addEventListener("abort", onInterrupt, { once: true });
  return {
    signal: controller.signal,
    stopped,
    stoppedBy: () => stoppedBy,
    clear: () => {
      clearTimeout(timer);
      interrupt?.removeEventListener("abort", onInterrupt);
    },
  };
}
