/** What a process asks for that filters a stream, or serves others, and so is no run of a few milliseconds. */
import { limitCalls } from "../native/libc.ts";

/** `<sys/resource.h>` */
const RLIMIT_NOFILE = process.platform === "darwin" ? 8 : 7;
/** macOS takes no more than its OPEN_MAX where the hard limit is infinite. */
const ENOUGH = 10_240n;

/** Raises the soft limit of open files towards the hard one. Does nothing where the system refuses. */
export function raiseDescriptorLimit(): void {
  const c = limitCalls();
  const limit = new BigUint64Array(2);
  if (c?.getrlimit(RLIMIT_NOFILE, limit) !== 0) return;
  const [soft = 0n, hard = 0n] = limit;
  const wanted = hard < ENOUGH ? hard : ENOUGH;
  if (soft < wanted) c.setrlimit(RLIMIT_NOFILE, BigUint64Array.of(wanted, hard));
}

/** The finished file compiles code a hundred times later than Bun does by itself (scripts/build/bundle.ts); from here on it does not. */
export function expectLongRun(): void {
  Bun.unsafe.setJITPolicy(1);
}
