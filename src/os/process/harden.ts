/**
 * No core file of this process on macOS. On Linux there is nothing to do here: a finished file is undumpable before any
 * JavaScript runs (scripts/build/harden-table.ts), so that no other process of the same user may attach to it or read its
 * memory and environment under /proc, and no core file is written. What is in memory stays readable for root.
 * May not fail: gum-cred also works where the system refuses.
 */
import { libc } from "../native/libc.ts";

/** `<sys/resource.h>` */
const RLIMIT_CORE = 4;

/** `struct rlimit`, soft limit first, as the caller gave it; null before {@link hardenProcess}. */
let callersCoreLimit: BigUint64Array | null = null;

/** Call once, before the first secret is read. Does nothing but on macOS. */
export function hardenProcess(): void {
  const c = process.platform === "darwin" ? libc() : null;
  if (!c) return;
  // This is all there is: ptrace(PT_DENY_ATTACH) would only stop debuggers, and can be undone.
  const limit = new BigUint64Array(2);
  if (c.getrlimit(RLIMIT_CORE, limit) === 0) {
    callersCoreLimit = limit;
    // The hard limit stays, or `exec` could not give the caller's limit back.
    c.setrlimit(RLIMIT_CORE, new BigUint64Array([0n, limit[1] ?? 0n]));
  }
}

/** Gives the caller's own limit back, for a program that takes our place. execve(2) itself undoes the rest. */
export function softenProcess(): void {
  if (callersCoreLimit) libc()?.setrlimit(RLIMIT_CORE, callersCoreLimit);
}
