/**
 * Waits for a redirect address or a code on a stream that the user pastes into, over SSH or in a container
 * where the browser's redirect goes to another machine. What a line means is decided in callback.ts.
 */
import { type Answered, type Expected, parsePasted } from "./callback.ts";

/** Longer than any line a terminal passes on in one piece. */
const LINE_LIMIT = 16 * 1024;

export interface Paste {
  /** The first line that counts. Stays pending when the stream ends or fails before; never rejects. */
  readonly answered: Promise<Answered>;
  /** Lets go of the stream, so that a pending read keeps no process alive. */
  close(): void;
}

/** Reads lines until one counts; `onIgnored` is told why another one did not. Empty lines are passed over. */
export function pastedAnswer(
  stream: ReadableStream<Uint8Array>,
  expected: Expected,
  onIgnored: (reason: string) => void = () => {},
): Paste {
  const reader = stream.getReader();
  const { promise, resolve } = Promise.withResolvers<Answered>();
  const accept = (line: string): boolean => {
    if (line.trim() === "") return false;
    const answer = parsePasted(line, expected);
    if (answer.kind === "ignored") onIgnored(answer.reason);
    else resolve(answer);
    return answer.kind !== "ignored";
  };
  const ignoreFailure = (): void => {};
  readLines(reader, accept).catch(ignoreFailure);
  return { answered: promise, close: () => void reader.cancel().catch(ignoreFailure) };
}

/** Passes on one line after the other until `accept` returns true. */
async function readLines(
  reader: { read(): Promise<{ done: boolean; value?: Uint8Array | undefined }> },
  accept: (line: string) => boolean,
): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    rest += done ? decoder.decode() : decoder.decode(value, { stream: true });
    const lines = rest.split(/\r?\n|\r/);
    // The last piece has no end yet, unless the stream has.
    rest = done ? "" : (lines.pop() ?? "").slice(0, LINE_LIMIT);
    if (lines.some(accept) || done) return;
  }
}
