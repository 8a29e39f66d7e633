/**
 * Finishes a short piece of work that must not be interrupted before Ctrl-C, a hang-up or a polite kill ends
 * the process. A second signal ends it at once. SIGKILL cannot be held.
 */
import { waits } from "../deadline.ts";

const HELD = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Runs `work`; a signal that arrived meanwhile takes effect when it is done, and the promise then never settles. */
export async function holdingSignals<T>(work: () => Promise<T>): Promise<T> {
  const came: NodeJS.Signals[] = [];
  const hold = (signal: NodeJS.Signals): void => {
    came.push(signal);
    if (came.length > 1) release();
  };
  const release = (): void => {
    for (const signal of HELD) process.off(signal, hold);
    waits.held = false;
    const [first] = came;
    if (!first) return;
    // With no handler left, the signal's own action applies: the parent sees how the process ended.
    waits.lasts?.();
    process.kill(process.pid, first);
  };
  for (const signal of HELD) process.on(signal, hold);
  waits.held = true;
  try {
    return await work();
  } finally {
    release();
    if (came.length > 0) await new Promise(() => setTimeout(() => process.exit(130), 1_000));
  }
}
