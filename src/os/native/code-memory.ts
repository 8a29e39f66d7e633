/** The memory that a program's own code takes: two thirds of a short run's, and most of it Bun's start, which is over. */
import { codeCalls } from "./libc.ts";

/**
 * Addresses and lengths of what is mapped from the program's file and never written, on Linux. Put in by
 * scripts/build/compile.ts.
 */
declare const GUM_CRED_CODE: readonly (readonly [address: number, bytes: number])[] | undefined;

/** `<sys/mman.h>` */
const MADV_DONTNEED = 4;

/**
 * Gives it back. What runs again is mapped again, from the system's copy of the file, which takes a while: for where there
 * is a wait anyway. Does nothing where that cannot be done.
 */
export function releaseCode(): void {
  if (typeof GUM_CRED_CODE === "undefined") return;
  for (const [address, bytes] of GUM_CRED_CODE) codeCalls()?.madvise(address, bytes, MADV_DONTNEED);
}
