/**
 * What the operating system said about a call that failed. Pure.
 */

import { GumCredError } from "./errors.ts";

/**
 * The code of a failed system call, such as `ENOENT` (errno(3)), or of a failed request, such as `ECONNREFUSED`;
 * null for an error without one. Our own errors have codes too, which are no system's: those count as null.
 */
export function systemCode(error: unknown): string | null {
  if (!(error instanceof Error) || error instanceof GumCredError) return null;
  return "code" in error && typeof error.code === "string" ? error.code : null;
}

/** Whether a failed call says that nothing is at the path. */
export function isMissing(error: unknown): boolean {
  const code = systemCode(error);
  return code === "ENOENT" || code === "ENOTDIR";
}
