/**
 * Reaps orphans as process 1 of a container: a process whose parent has ended becomes its child, and stays in the
 * process table until process 1 waits for it. Linux only.
 */
import { childCalls } from "../native/libc.ts";

/** `<linux/wait.h>` */
const P_ALL = 0;
const WNOHANG = 0x1;
const WEXITED = 0x4;
const WNOWAIT = 0x0100_0000;
/** `siginfo_t`, and in it `si_pid` as 64-bit Linux lays it out. */
const SIGINFO_BYTES = 128;
const SI_PID = 16;

/** In milliseconds. Nothing waits for an orphan: it only must not stay forever. */
const EVERY_MS = 500;

/**
 * While this process is process 1, reaps every child that has ended, except those of which `isOurs` is true: their
 * exit status is collected elsewhere. Does nothing in any other process.
 */
export function reapOrphans(isOurs: (pid: number) => boolean): void {
  if (process.platform !== "linux" || process.pid !== 1) return;
  const c = childCalls();
  if (!c) return;
  const info = new Int32Array(SIGINFO_BYTES / 4);
  const endedChild = (): number => {
    info.fill(0);
    c.waitid(P_ALL, 0, info, WEXITED | WNOHANG | WNOWAIT);
    return info[SI_PID / 4] ?? 0;
  };
  const reap = (): void => {
    for (let pid = endedChild(); pid > 0 && !isOurs(pid); pid = endedChild()) {
      c.waitpid(pid, 0, WNOHANG);
    }
  };
  // A timer rather than SIGCHLD, which Bun may be using to learn of its own children's end.
  setInterval(reap, EVERY_MS).unref();
}
