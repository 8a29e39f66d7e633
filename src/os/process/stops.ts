/**
 * Stopping together: when the child of a supervised run stops (Ctrl-Z, or a signal that it sent itself), we stop as well,
 * so that the shell above has its terminal back, and the child goes on when we do. Linux and macOS.
 */
import { constants } from "node:os";
import { childCalls } from "../native/libc.ts";

/** `<linux/wait.h>` */
const P_PID = 1;
const WNOHANG = 0x1;
const WSTOPPED = 0x2;
/** `siginfo_t`, and in it `si_pid` as 64-bit Linux lays it out. */
const SIGINFO_BYTES = 128;
const SI_PID = 16;
/** In milliseconds: a person who pressed Ctrl-Z waits for the prompt. */
const EVERY_MS = 50;

/**
 * Follows the stops of a child until the result is called. `around` is run before we stop; what it returns, when we go on.
 */
export function followStops(child: () => Bun.Subprocess | undefined, around: () => () => void): () => void {
  const c = childCalls();
  if (!c) return () => {};
  const info = new Int32Array(SIGINFO_BYTES / 4);
  const hasStopped = (pid: number): boolean => {
    info.fill(0);
    return c.waitid(P_PID, pid, info, WSTOPPED | WNOHANG) === 0 && info[SI_PID / 4] === pid;
  };
  const timer = setInterval(() => {
    const pid = child()?.pid;
    if (pid === undefined || !hasStopped(pid)) return;
    const resume = around();
    // Returns when somebody continues us.
    process.kill(process.pid, "SIGSTOP");
    resume();
    continueAll(pid);
  }, EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** The group first, where the child has one of its own: on a pseudo-terminal of ours it has. */
function continueAll(pid: number): void {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, constants.signals.SIGCONT);
    } catch {
      // no such group, or gone
    }
  }
}
