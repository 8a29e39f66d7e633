/** What the standard streams are connected to. Cheap: touches neither process.stdin nor process.stdout. */

/** Whether a file descriptor is a terminal. */
export function isTerminal(fd: number): boolean {
  // Asked for when it is needed: importing node:tty costs half of an empty program's start.
  return process.getBuiltinModule("node:tty").isatty(fd);
}

/** Whether colour may be written to a file descriptor (no-color.org). */
export function colorAllowed(env: Readonly<Record<string, string | undefined>>, fd: number): boolean {
  return !env["NO_COLOR"] && env["TERM"] !== "dumb" && isTerminal(fd);
}
