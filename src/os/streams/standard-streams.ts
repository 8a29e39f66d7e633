/**
 * Whole texts to stdout and stderr, and bounded reads of stdin. All of it blocks (descriptors.ts).
 */
import { fail, type GumCredError } from "../../core/errors.ts";
import { readSome, writeAll } from "./descriptors.ts";

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const CHUNK_BYTES = 64 * 1024;

/**
 * Writes all of it to stdout. A reader that has closed the pipe has seen enough: the rest is dropped silently, and
 * the exit code stays the command's own, so that `login` is not a failure because a script read the URL
 * and closed the pipe. Throws E_OUTPUT when it cannot be written for another reason, as on a full disk.
 */
export async function writeOut(text: string): Promise<void> {
  writeBytes(STDOUT, new TextEncoder().encode(text));
}

/** What was to be written before the program was loaded, and could not be: main.ts says why. */
export const firstAnswer: { failure: GumCredError | null } = { failure: null };

/** The same for bytes and any descriptor. False when its reader has gone away. Throws E_OUTPUT. */
export function writeBytes(fd: number, bytes: Uint8Array): boolean {
  const code = writeAll(fd, bytes);
  if (code !== null && code !== "EPIPE") throw outputFailure(fd, code);
  return code === null;
}

/** E_OUTPUT, for stdout or stderr that cannot be written to; `code` is the system's. */
export function outputFailure(fd: number, code: string): GumCredError {
  return fail("E_OUTPUT", `${fd === STDERR ? "stderr" : "stdout"} cannot be written to (${code})`);
}

/** Writes all of it to stderr. A failure is ignored: there is nowhere to report it. */
export function writeErr(text: string): void {
  writeAll(STDERR, new TextEncoder().encode(text));
}

/** Reads some of stdin; 0 at the end. Throws E_INVALID_VALUE when it cannot be read. */
export function readStdinBytes(into: Uint8Array<ArrayBuffer>): number {
  const count = readSome(STDIN, into);
  if (typeof count === "string") throw fail("E_INVALID_VALUE", `stdin cannot be read (${count})`);
  return count;
}

/**
 * All of stdin as text. Throws E_INVALID_VALUE beyond the limit, and when it cannot be read or is not UTF-8.
 */
export async function readStdin(limitBytes: number): Promise<string> {
  const bytes = new Uint8Array(limitBytes + CHUNK_BYTES);
  let length = 0;
  for (;;) {
    const count = readStdinBytes(bytes.subarray(length, length + CHUNK_BYTES));
    if (count === 0) break;
    length += count;
    if (length > limitBytes) throw fail("E_INVALID_VALUE", `stdin has more than ${limitBytes} bytes`);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, length));
  } catch {
    throw fail("E_INVALID_VALUE", "stdin is not UTF-8 text");
  } finally {
    bytes.fill(0);
  }
}
