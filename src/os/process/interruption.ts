/**
 * Lets a wait be cut short by Ctrl-C, a hang-up or a polite kill while the work behind it is still done. A second signal
 * ends the process at once.
 */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export interface Interruption {
  /** Aborted by the first signal. */
  readonly signal: AbortSignal;
  /** Gives the signals their own action back. Call it in a `finally`. */
  end(): void;
}

/** From now on the first signal aborts {@link Interruption.signal} and nothing else. */
export function catchInterruption(): Interruption {
  const controller = new AbortController();
  const end = (): void => {
    for (const name of SIGNALS) process.off(name, stop);
  };
  const stop = (): void => {
    end();
    controller.abort();
  };
  for (const name of SIGNALS) process.on(name, stop);
  return { signal: controller.signal, end };
}
