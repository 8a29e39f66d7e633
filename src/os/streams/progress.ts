/** A temporary line on stderr during a long operation, erased when it ends. */

import { isTerminal } from "./is-terminal.ts";
import { writeErr } from "./standard-streams.ts";

/** In milliseconds. A line that appears for less time than this only flickers. */
const PATIENCE_MS = 300;

/**
 * Waits for `work`; shows `what` meanwhile if it takes long (so many milliseconds) and stderr is a terminal that can erase
 * a line.
 */
export async function showProgress<T>(what: string, work: Promise<T>, afterMs = PATIENCE_MS): Promise<T> {
  let shown = false;
  const timer = setTimeout(() => {
    shown = isTerminal(2) && process.env["TERM"] !== "dumb";
    if (shown) writeErr(`${what} …`);
  }, afterMs);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
    if (shown) writeErr("\r\u001b[2K");
  }
}
