/**
 * Waits for redirect addresses or codes on a stream that the person pastes into, over SSH or in a container where the
 * browser's way back leads to another machine. What a text means is classified in callback.ts.
 */
import { type Answered, type Expected, parsePasted, withoutPasteMarks } from "./callback.ts";

/** Longer than any line a terminal passes on in one piece. */
const LINE_LIMIT = 16 * 1024;
/** Lines that arrive within this time belong together: a terminal wraps a long address, and nobody types that fast. */
const PAUSE_MS = 120;
/** More lines than any terminal makes of one address. */
const MOST_LINES = 32;

export interface Paste {
  /** The next text that counts. Stays pending when the stream ends or fails before; never rejects. */
  next(): Promise<Answered>;
  /** Lets go of the stream, so that a pending read keeps no process alive. */
  close(): void;
}

/**
 * Reads lines until a text counts; `onIgnored` is told why another one did not, `onEnd` that there are no more. Empty
 * lines are passed over.
 */
export function pastedAnswers(
  stream: ReadableStream<Uint8Array>,
  expected: Expected,
  onIgnored: (reason: string) => void = () => {},
  onEnd: () => void = () => {},
): Paste {
  const reader = stream.getReader();
  const lines = lineReader();
  let reading: Promise<{ done: boolean; value?: Uint8Array | undefined }> | null = null;

  const next = async (): Promise<Answered> => {
    for (;;) {
      reading ??= reader.read();
      const waiting = lines.complete.length > 0;
      const read = await (waiting ? Promise.race([reading, Bun.sleep(PAUSE_MS)]) : reading);
      if (read) {
        reading = null;
        lines.add(read.value ?? null);
      }
      if (!read || read.done || lines.complete.length > MOST_LINES) {
        const found = firstAnswer(lines.complete.splice(0), expected, onIgnored);
        // What stands behind it is for the next call: the server may refuse this one.
        if (found) lines.complete.unshift(...found.rest);
        if (found) return found.answer;
      }
      if (read?.done) {
        onEnd();
        return never();
      }
    }
  };
  return { next: () => next().catch(never), close: () => void reader.cancel().catch(() => {}) };
}

function never(): Promise<never> {
  return new Promise(() => {});
}

/** One address in several lines, or several texts. */
function firstAnswer(
  lines: readonly string[],
  expected: Expected,
  onIgnored: (reason: string) => void,
): { readonly answer: Answered; readonly rest: readonly string[] } | null {
  const joined = withoutPasteMarks(lines.join(""));
  // Only an address is joined, because any words together look like a code.
  const begins = /^\W*(?:https?:\/\/|127\.|localhost:|code=|state=)/.test(joined);
  const isOne = begins && parsePasted(joined, expected).kind !== "ignored";
  const texts = isOne ? [joined] : lines;
  for (const [at, text] of texts.entries()) {
    const answer = parsePasted(text, expected);
    if (answer.kind !== "ignored") return { answer, rest: texts.slice(at + 1) };
    onIgnored(answer.reason);
  }
  return null;
}

/** Splits bytes into lines that are not empty. One over the limit is let pass without being kept. */
function lineReader() {
  const decoder = new TextDecoder();
  const complete: string[] = [];
  let rest = "";
  let tooLong = false;
  /** Null is the end of the input. */
  const add = (bytes: Uint8Array | null): void => {
    const text = bytes ? decoder.decode(bytes, { stream: true }) : `${decoder.decode()}\n`;
    const [first = "", ...more] = text.split(/\r?\n|\r/);
    rest = tooLong ? "" : rest + first;
    for (const line of more) {
      if (!tooLong && rest.trim() !== "") complete.push(rest.trim());
      tooLong = false;
      rest = line;
    }
    tooLong ||= rest.length > LINE_LIMIT;
    if (tooLong) rest = "";
  };
  return { complete, add };
}
