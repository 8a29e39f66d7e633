/**
 * Keeps this process's memory to itself: no core file, and on Linux no other process of the same user may
 * attach to it or read its memory and environment under /proc. What is in memory stays readable for root.
 * May not fail: gum-cred also works where the system refuses.
 */
import { libc } from "../native/libc.ts";

/** `<linux/prctl.h>` */
const PR_SET_DUMPABLE = 4;
/** `<sys/resource.h>`: the same number on Linux and macOS. */
const RLIMIT_CORE = 4;

/** `struct rlimit`, soft limit first, as the caller gave it; null before {@link hardenProcess}. */
let callersCoreLimit: BigUint64Array | null = null;

/** Call once, before the first secret is read. Does nothing on Windows. */
export function hardenProcess(): void {
  const c = libc();
  if (!c) return;
  // On macOS this is all there is: ptrace(PT_DENY_ATTACH) would only stop debuggers, and can be undone.
  const limit = new BigUint64Array(2);
  if (c.getrlimit(RLIMIT_CORE, limit) === 0) {
    callersCoreLimit = limit;
    // The hard limit stays, or `exec` could not give the caller's limit back.
    c.setrlimit(RLIMIT_CORE, new BigUint64Array([0n, limit[1] ?? 0n]));
  }
  c.prctl?.(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/** Gives the caller's own limit back, for a program that takes our place. execve(2) itself undoes the rest. */
export function softenProcess(): void {
  if (callersCoreLimit) libc()?.setrlimit(RLIMIT_CORE, callersCoreLimit);
}
