/**
 * What a process that holds secrets needs from the start. Writing to a closed pipe must not end it, and on macOS it leaves
 * no core file. On Linux memory needs nothing more: a finished file is undumpable before any
 * JavaScript runs (scripts/build/harden-table.ts), so that no other process of the same user may attach to it or read its
 * memory and environment under /proc, and no core file is written. What is in memory stays readable for root.
 * May not fail: gum-cred also works where the system refuses.
 */
import { libc, limitCalls } from "../native/libc.ts";

/** `<sys/resource.h>` */
const RLIMIT_CORE = 4;

const SIG_DFL = 0;
const SIG_IGN = 1;
/**
 * What a write to a pipe without reader, and to a file over its limit, would end us by. Bun ignores both from its start;
 * the hardened program leaves them as they came (scripts/build/harden-table.ts).
 */
const WRITE_SIGNALS = [13 /* SIGPIPE */, 25 /* SIGXFSZ */];

/** Of {@link WRITE_SIGNALS}, those that the caller did not ignore. */
const notIgnored: number[] = [];

/** `struct rlimit`, soft limit first, as the caller gave it; null before {@link hardenProcess}. */
let callersCoreLimit: BigUint64Array | null = null;

/** Call once, before the first secret is read. Does nothing on Windows. */
export function hardenProcess(): void {
  const c = libc();
  if (!c) {
    // The program that takes our place has their default action again, whatever the caller had.
    if (process.platform !== "win32") for (const name of ["SIGPIPE", "SIGXFSZ"]) process.on(name, () => {});
    return;
  }
  for (const signal of WRITE_SIGNALS) {
    if (Number(c.signal(signal, SIG_IGN)) !== SIG_IGN) notIgnored.push(signal);
  }
  if (process.platform !== "darwin") return;
  // This is all there is: ptrace(PT_DENY_ATTACH) would only stop debuggers, and can be undone.
  const limit = new BigUint64Array(2);
  const limits = limitCalls();
  if (limits?.getrlimit(RLIMIT_CORE, limit) === 0) {
    callersCoreLimit = limit;
    // The hard limit stays, or `exec` could not give the caller's limit back.
    limits.setrlimit(RLIMIT_CORE, new BigUint64Array([0n, limit[1] ?? 0n]));
  }
}

/** Gives the caller's own limit and signals back, for a program that takes our place. execve(2) itself undoes the rest. */
export function softenProcess(): void {
  for (const signal of notIgnored) libc()?.signal(signal, SIG_DFL);
  if (callersCoreLimit) limitCalls()?.setrlimit(RLIMIT_CORE, callersCoreLimit);
}
