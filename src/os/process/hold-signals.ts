/**
 * Finishes a short piece of work that must not be interrupted before Ctrl-C, a hang-up or a polite kill ends
 * the process. A second signal ends it at once. SIGKILL cannot be held.
 */
import { waits } from "../deadline.ts";

/** What ends a process politely, with POSIX's numbers. */
export const ENDING = [
  ["SIGHUP", 1],
  ["SIGINT", 2],
  ["SIGTERM", 15],
] as const;

/** Signals are held while any piece of work wants it, and take effect after the last one. */
interface Holding {
  /** What to do at the first signal, for each piece of work. */
  readonly pieces: Set<() => void>;
  readonly came: NodeJS.Signals[];
  /** Whether a signal ends the process, known once all is done. */
  readonly over: PromiseWithResolvers<boolean>;
}

let holding: Holding | null = null;

/**
 * Holds signals from now on until the returned function is called; `onFirst` is called when the first one comes. That function
 * never settles where a signal that came meanwhile ends the process.
 */
export function holdSignals(onFirst: () => void = () => {}): () => Promise<void> {
  const mine = begin();
  const piece = () => onFirst();
  mine.pieces.add(piece);
  return async () => {
    mine.pieces.delete(piece);
    if (mine.pieces.size === 0) end(mine);
    if (mine.came.length > 0 && (await mine.over.promise)) {
      await new Promise(() => setTimeout(() => process.exit(130), 1_000));
    }
  };
}

/** Runs `work`; a signal that arrived meanwhile takes effect when it is done, and the promise then never settles. */
export async function holdingSignals<T>(work: () => Promise<T>): Promise<T> {
  const release = holdSignals();
  try {
    return await work();
  } finally {
    await release();
  }
}

function begin(): Holding {
  if (holding !== null) return holding;
  holding = { pieces: new Set(), came: [], over: Promise.withResolvers() };
  // What the caller ignores, as under nohup(1), must stay ignored.
  for (const [name, number] of ENDING) if (!isIgnored(number)) process.on(name, hold);
  waits.held = true;
  return holding;
}

function hold(signal: NodeJS.Signals): void {
  const current = holding;
  if (current === null) return;
  current.came.push(signal);
  if (current.came.length > 1) end(current);
  else for (const piece of current.pieces) piece();
}

function end(ended: Holding): void {
  if (holding !== ended) return;
  holding = null;
  for (const [name] of ENDING) process.off(name, hold);
  waits.held = false;
  const [first] = ended.came;
  if (first) waits.lasts?.();
  // Whoever else listens has heard it already and goes on, unless that is the end of a run that waited for this one.
  const ends = first !== undefined && (waits.cutShort !== null || process.listenerCount(first) === 0);
  ended.over.resolve(ends);
  // With no handler left, the signal's own action applies: the parent sees how the process ended.
  if (ends) process.kill(process.pid, first);
}

/** As under nohup(1). Where the system does not tell, nothing counts as ignored. */
export function isIgnored(signal: number): boolean {
  try {
    const status = process.getBuiltinModule("node:fs").readFileSync("/proc/self/status", "latin1");
    const mask = Number.parseInt(status.split("SigIgn:")[1]?.trim().slice(0, 16).slice(-8) ?? "0", 16);
    return ((mask >>> (signal - 1)) & 1) === 1;
  } catch {
    return false;
  }
}
