/**
 * A supervised child on a pseudo-terminal. It has one terminal for both streams, as it would have had ours, so they
 * are one stream here. Ours is raw meanwhile: keys go to the child's terminal, which makes signals of them.
 */
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { type ByteFilter, PAUSE_MS } from "../streams/byte-filter.ts";
import { writeBytes } from "../streams/standard-streams.ts";
import { within } from "../time-limit.ts";
import type { JobControl } from "./job-control.ts";
import type { Start } from "./spawn.ts";
import { followStops } from "./stops.ts";

/** Once the child has ended, what it wrote is there within this time, also when it left processes behind. */
const REST_MS = 200;

/** Ctrl-Z, and `<termios.h>`'s flag for a terminal that makes signals of keys (Linux, macOS). */
const SUSPEND = 0x1a;
const ISIG = process.platform === "darwin" ? 0x80 : 0x1;

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
function lendTerminal(child: ReturnType<Start>, control: JobControl): () => void {
  const { terminal } = child;
  const resize = () => terminal?.resize(...size());
  // Not on SIGWINCH itself: the size is read anew only for whoever listens to this.
  process.stdout.on("resize", resize);
  let restore = control.makeRaw(0);
  const stopTogether = followStops(
    () => child,
    () => {
      restore();
      return () => {
        restore = control.makeRaw(0);
        resize();
      };
    },
  );
  process.stdin.on("data", (keys: Buffer) => {
    terminal?.write(keys);
    if (terminal && keys.includes(SUSPEND) && (terminal.localFlags & ISIG) !== 0) suspend(child.pid);
  });
  return () => {
    stopTogether();
    process.stdout.off("resize", resize);
    process.stdin.pause();
    restore();
  };
}

/**
 * The child leads a session without a shell above it, and the kernel drops a Ctrl-Z that such a group does not handle
 * itself: it is stopped by what cannot be dropped, if it has not stopped by then.
 */
function suspend(pid: number): void {
  setTimeout(() => {
    try {
      if (wouldStop(pid)) process.kill(-pid, "SIGSTOP");
    } catch {
      // gone
    }
  }, PAUSE_MS);
}

/**
 * Whether the child is what the key was meant for, and leaves it to the system. A shell ignores it and has its own jobs.
 * True where the system does not tell.
 */
function wouldStop(pid: number): boolean {
  try {
    // Behind the name, which may contain anything: state, parent, group, session, terminal, group in front (proc_pid_stat(5)).
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const [, , group, , , front] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const status = readFileSync(`/proc/${pid}/status`, "latin1");
    const handled = [...status.matchAll(/^Sig(?:Ign|Cgt):\s*([0-9a-f]+)$/gm)].some(
      ([, mask]) => (BigInt(`0x${mask}`) >> BigInt(constants.signals.SIGTSTP - 1)) & 1n,
    );
    return group === front && !handled;
  } catch {
    return true;
  }
}

/** Columns and rows of our terminal. */
function size(): [number, number] {
  const [cols, rows] = process.stdout.getWindowSize();
  // A serial line may not know.
  return [cols || 80, rows || 24];
}
