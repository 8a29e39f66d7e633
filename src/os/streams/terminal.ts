/** How wide the terminal is, and whether it takes colours. Cheap: uses neither process.stdin nor process.stdout. */
import type { RawEnvironment } from "../../core/environment.ts";
import { terminalCalls } from "../native/libc.ts";
import { isTerminal } from "./is-terminal.ts";

/** Whether colour may be written to a file descriptor: not with NO_COLOR (no-color.org) or TERM=dumb. */
export function colorAllowed(env: RawEnvironment, fd: number): boolean {
  return !env["NO_COLOR"] && env["TERM"] !== "dumb" && isTerminal(fd);
}

/** `<asm-generic/ioctls.h>`; `struct winsize` is four unsigned 16-bit numbers: rows, columns, and the size in pixels. */
const TIOCGWINSZ = 0x5413n;
export const USUAL_COLUMNS = 80;
const FEWEST_COLUMNS = 20;

/** How many columns a line may take: the terminal's, 80 where there is none or it does not say. */
export function columnsOf(fd: 1 | 2): number {
  if (!isTerminal(fd)) return USUAL_COLUMNS;
  return Math.max(FEWEST_COLUMNS, windowColumns(fd) || USUAL_COLUMNS);
}

function windowColumns(fd: 1 | 2): number {
  const calls = terminalCalls();
  if (!calls) return (fd === 1 ? process.stdout : process.stderr).columns ?? 0;
  const size = new Uint16Array(4);
  return calls.ioctl(fd, TIOCGWINSZ, size) === 0 ? (size[1] ?? 0) : 0;
}
