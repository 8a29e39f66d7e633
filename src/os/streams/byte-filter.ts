/**
 * Bytes from one descriptor to another through a filter that may change them. Knows nothing of what is changed, and
 * waits for nothing but the descriptors. All of it blocks: no timer runs and no signal is handled meanwhile.
 */
import { fail } from "../../core/errors.ts";
import { ERRNO, type Libc, libc } from "../native/libc.ts";

/** Changes a stream of bytes; may hold some back. */
export interface ByteFilter {
  /** What may leave now. It may share memory with `chunk`: write it before the chunk is used again. */
  write(chunk: Uint8Array): Uint8Array;
  /** What may leave although more could follow: called when nothing has come for a moment. */
  release(): Uint8Array;
  /** The rest, at the end of the stream. */
  end(): Uint8Array;
}

/** A pause in which a person could have begun to wait. */
export const PAUSE_MS = 100;

const CHUNK_BYTES = 64 * 1024;
/** `<poll.h>` */
const POLLIN = 1;
const POLLOUT = 4;

/**
 * Filters stdin to stdout until stdin ends, or nobody reads stdout any more. Throws E_INTERNAL when one of them
 * fails.
 */
export function filterStdin(filter: ByteFilter): void {
  const chunk = new Uint8Array(CHUNK_BYTES);
  for (;;) {
    if (!hasMore(0) && !writeBytes(1, filter.release())) return;
    const count = readBytes(0, chunk);
    const rest = count === 0;
    if (!writeBytes(1, rest ? filter.end() : filter.write(chunk.subarray(0, count))) || rest) return;
  }
}

/**
 * Writes all of it. False when nobody reads the descriptor any more. Throws E_INTERNAL when it cannot be
 * written to, as on a full disk.
 */
export function writeBytes(fd: number, bytes: Uint8Array): boolean {
  const c = libc();
  if (!c) return writePortably(fd, bytes);
  for (let rest = bytes; rest.length > 0; ) {
    const written = Number(c.write(fd, rest, rest.length));
    if (written >= 0) {
      rest = rest.subarray(written);
      continue;
    }
    const errno = c.errno();
    if (errno === ERRNO.EPIPE) return false;
    if (!mayRetry(c, errno, fd, POLLOUT))
      throw fail("E_INTERNAL", `output cannot be written (errno ${errno})`);
  }
  return true;
}

/** 0 at the end. */
function readBytes(fd: number, into: Uint8Array): number {
  const c = libc();
  if (!c) return process.getBuiltinModule("node:fs").readSync(fd, into);
  for (;;) {
    const count = Number(c.read(fd, into, into.length));
    if (count >= 0) return count;
    const errno = c.errno();
    if (!mayRetry(c, errno, fd, POLLIN)) throw fail("E_INTERNAL", `input cannot be read (errno ${errno})`);
  }
}

/** Whether something to read, or the end, comes within {@link PAUSE_MS}. */
function hasMore(fd: number): boolean {
  return libc()?.poll(new Int32Array([fd, POLLIN]), 1, PAUSE_MS) !== 0;
}

/** Waits for a descriptor that is non-blocking and busy: whoever shares it may have made it so. */
function mayRetry(c: Libc, errno: number, fd: number, events: number): boolean {
  if (errno !== ERRNO.EAGAIN) return errno === ERRNO.EINTR;
  c.poll(new Int32Array([fd, events]), 1, -1); // struct pollfd: int fd; short events, revents
  return true;
}

function writePortably(fd: number, bytes: Uint8Array): boolean {
  try {
    process.getBuiltinModule("node:fs").writeFileSync(fd, bytes);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EPIPE") return false;
    throw fail("E_INTERNAL", "output cannot be written");
  }
}
