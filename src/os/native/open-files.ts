/** Failures of a process that may not open as many files as it needs (`ulimit -n`): what they look like, and what to do. */
import { fail, type GumCredError } from "../../core/errors.ts";
import { limitCalls } from "./libc.ts";

/** `<sys/resource.h>` */
const RLIMIT_NOFILE = process.platform === "darwin" ? 8 : 7;
/** With so many nothing of ours fails. */
const ENOUGH = 64;

/**
 * `what` as an error with the limit for its reason; null where that is not it. `code` is the failed call's, null where that is
 * not known. Bun says EINVAL, or nothing, for some of them; then the limit itself tells. `open` files go on to a program.
 */
export function tooFewFiles(
  what: string,
  code: string | null,
  open = 0,
  as: "E_OWN_FAILURE" | "E_INTERNAL" = "E_OWN_FAILURE",
): GumCredError | null {
  const enough = Math.max(ENOUGH, open + 32);
  if (code !== "EMFILE" && code !== "ENFILE" && !(isVague(code) && softLimit() < enough)) return null;
  const reason = code === null || code === "EINVAL" ? "" : ` (${code})`;
  return fail(
    as,
    `${what}: too few files may be open at once${reason}`,
    `check 'ulimit -n' (${enough} is enough)${code === "ENFILE" ? " and what else runs on this machine" : ""}`,
  );
}

function isVague(code: string | null): boolean {
  return code === null || code === "EINVAL" || code === "EBADF";
}

function softLimit(): number {
  const limit = new BigUint64Array(2);
  return limitCalls()?.getrlimit(RLIMIT_NOFILE, limit) === 0 ? Number(limit[0]) : Number.POSITIVE_INFINITY;
}
