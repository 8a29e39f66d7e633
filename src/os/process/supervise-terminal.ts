/**
 * A supervised child on a pseudo-terminal. It has one terminal for both streams, as it would have had ours, so they
 * are one stream here. Ours is raw meanwhile: keys go to the child's terminal, which makes signals of them.
 */
import { type ByteFilter, PAUSE_MS } from "../streams/byte-filter.ts";
import { writeBytes } from "../streams/standard-streams.ts";
import { within } from "../time-limit.ts";
import type { JobControl } from "./job-control.ts";
import type { Start } from "./spawn.ts";

/** Once the child has ended, what it wrote is there within this time, also when it left processes behind. */
const REST_MS = 200;

/** Resolves when the child has ended, all it wrote has left, and our terminal is as it was. */
export async function superviseOnTerminal(
  start: Start,
  makeFilter: () => ByteFilter,
  control: JobControl,
): Promise<void> {
  const filter = makeFilter();
  const [cols, rows] = size();
  let pause: ReturnType<typeof setTimeout> | undefined;
  const closed = Promise.withResolvers<void>();
  const child = start({
    terminal: {
      cols,
      rows,
      name: process.env["TERM"] ?? "dumb",
      data: (_terminal, bytes) => {
        clearTimeout(pause);
        writeBytes(1, filter.write(bytes));
        pause = setTimeout(() => writeBytes(1, filter.release()), PAUSE_MS);
      },
      exit: () => closed.resolve(),
    },
  });
  const giveBack = lendTerminal(child, control);
  try {
    await child.exited;
    await within(REST_MS, closed.promise, () => {});
    clearTimeout(pause);
    writeBytes(1, filter.end());
  } finally {
    giveBack();
  }
}

/** Hands keys and window sizes on; the result ends that and puts the terminal back. */
function lendTerminal({ terminal }: ReturnType<Start>, control: JobControl): () => void {
  const resize = () => terminal?.resize(...size());
  // Not on SIGWINCH itself: the size is read anew only for whoever listens to this.
  process.stdout.on("resize", resize);
  const restore = control.makeRaw(0);
  process.stdin.on("data", (keys: Buffer) => terminal?.write(keys));
  return () => {
    process.stdout.off("resize", resize);
    process.stdin.pause();
    restore();
  };
}

/** Columns and rows of our terminal. */
function size(): [number, number] {
  const [cols, rows] = process.stdout.getWindowSize();
  // A serial line may not know.
  return [cols || 80, rows || 24];
}
