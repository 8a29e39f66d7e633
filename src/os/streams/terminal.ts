/** What the standard streams are connected to. Cheap: uses neither process.stdin nor process.stdout. */
import type { RawEnvironment } from "../../core/environment.ts";
import { libc } from "../native/libc.ts";

/** Whether a file descriptor is a terminal. */
export function isTerminal(fd: number): boolean {
  const c = libc();
  return c ? c.isatty(fd) === 1 : process.getBuiltinModule("node:tty").isatty(fd);
}

/** Whether colour may be written to a file descriptor: not with NO_COLOR (no-color.org) or TERM=dumb. */
export function colorAllowed(env: RawEnvironment, fd: number): boolean {
  return !env["NO_COLOR"] && env["TERM"] !== "dumb" && isTerminal(fd);
}
