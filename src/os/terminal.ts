/** What the standard streams are connected to. Cheap: touches neither process.stdin nor process.stdout. */
import { isatty } from "node:tty";

/** Whether a file descriptor is a terminal. */
export function isTerminal(fd: number): boolean {
  return isatty(fd);
}

/** Whether colour may be written to a file descriptor (no-color.org). */
export function colorAllowed(env: Readonly<Record<string, string | undefined>>, fd: number): boolean {
  return !env["NO_COLOR"] && env["TERM"] !== "dumb" && isTerminal(fd);
}
