/**
 * Whole writes to stdout and stderr and bounded reads of stdin, without process.stdout and process.stdin: they
 * cost more to set up than all the rest of a short run, and leave the streams non-blocking for whoever
 * shares them. All of it blocks: no timer runs and no socket is served meanwhile.
 */
import { fail } from "../../core/errors.ts";
import { ERRNO, type Libc, libc } from "../native/libc.ts";

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
/** `<poll.h>` */
const POLLIN = 1;
const POLLOUT = 4;
const CHUNK_BYTES = 64 * 1024;

/**
 * Writes all of it to stdout. A reader that has gone away has seen enough: the rest is dropped in silence, and
 * the exit code stays the command's own, so that `login` is not a failure because a script read the URL
 * and closed the pipe. Throws E_OUTPUT when it cannot be written for another reason, as on a full disk.
 */
export async function writeOut(text: string): Promise<void> {
  const errno = writeAll(STDOUT, text);
  if (errno === 0 || errno === ERRNO.EPIPE) return;
  throw fail("E_OUTPUT", `stdout cannot be written to (errno ${errno})`);
}

/** Writes all of it to stderr. Where that fails there is nobody left to tell. */
export function writeErr(text: string): void {
  writeAll(STDERR, text);
}

/**
 * All of stdin as text. Throws E_INVALID_VALUE beyond the limit, and when it cannot be read or is not UTF-8.
 */
export async function readStdin(limitBytes: number): Promise<string> {
  const bytes = new Uint8Array(limitBytes + CHUNK_BYTES);
  let length = 0;
  for (;;) {
    const count = readSome(bytes.subarray(length, length + CHUNK_BYTES));
    if (count === 0) break;
    length += count;
    if (length > limitBytes) throw fail("E_INVALID_VALUE", `stdin holds more than ${limitBytes} bytes`);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, length));
  } catch {
    throw fail("E_INVALID_VALUE", "stdin is not UTF-8 text");
  } finally {
    bytes.fill(0);
  }
}

/** Returns 0, or the errno that ended the writing. */
function writeAll(fd: number, text: string): number {
  const c = libc();
  if (!c) return writePortably(fd, text);
  let bytes = new TextEncoder().encode(text);
  while (bytes.length > 0) {
    const written = Number(c.write(fd, bytes, bytes.length));
    if (written >= 0) bytes = bytes.subarray(written);
    else {
      const errno = c.errno();
      if (!retry(c, errno, fd, POLLOUT)) return errno;
    }
  }
  return 0;
}

function readSome(into: Uint8Array<ArrayBuffer>): number {
  const c = libc();
  if (!c) return process.getBuiltinModule("node:fs").readSync(STDIN, into);
  for (;;) {
    const count = Number(c.read(STDIN, into, into.length));
    if (count >= 0) return count;
    const errno = c.errno();
    if (!retry(c, errno, STDIN, POLLIN)) {
      throw fail("E_INVALID_VALUE", `stdin cannot be read (errno ${errno})`);
    }
  }
}

/** Whether a failed call is worth another try; waits for the descriptor if it is non-blocking and busy. */
function retry(c: Libc, errno: number, fd: number, events: number): boolean {
  if (errno !== ERRNO.EAGAIN) return errno === ERRNO.EINTR;
  const pollfd = new Int32Array([fd, events]); // struct pollfd: int fd; short events, revents
  c.poll(pollfd, 1, -1);
  return true;
}

/** Windows, where there is no libc of ours: the errno of a broken pipe, -1 for any other failure. */
function writePortably(fd: number, text: string): number {
  try {
    process.getBuiltinModule("node:fs").writeFileSync(fd, text);
    return 0;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPIPE" ? ERRNO.EPIPE : -1;
  }
}
