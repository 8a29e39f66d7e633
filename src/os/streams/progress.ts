/** One passing line on stderr for what takes a person's patience, gone again when it is done. */
import { writeErr } from "./standard-streams.ts";
import { isTerminal } from "./terminal.ts";

/** Shorter waits are not noticed, and a line that flashes up is. */
const PATIENCE_MS = 300;

/** Waits for `work`; says `what` meanwhile when it takes long and stderr is a terminal that can erase a line. */
export async function showProgress<T>(what: string, work: Promise<T>): Promise<T> {
  let shown = false;
  const timer = setTimeout(() => {
    shown = isTerminal(2) && process.env["TERM"] !== "dumb";
    if (shown) writeErr(`${what} …`);
  }, PATIENCE_MS);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
    if (shown) writeErr("\r\u001b[2K");
  }
}
