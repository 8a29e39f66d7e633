/**
 * Whole writes to a file descriptor and single reads from one, without process.stdout and process.stdin: they cost
 * more to set up than all the rest of a short run, and leave the streams non-blocking for whoever shares them. All of
 * it blocks: no timer runs, no signal is handled and no socket is served meanwhile.
 */
import { systemCode } from "../../core/system-error.ts";
import { errno, errnoName, libc, POLLIN, POLLOUT, streamCalls } from "../native/libc.ts";

/** Writes all of it. Null, or the code of the system call that failed: `EPIPE` when the reader has closed it. */
export function writeAll(fd: number, bytes: Uint8Array): string | null {
  if (wasClosed(fd)) return "EBADF";
  const c = libc();
  if (!c) return writeByNode(fd, bytes);
  for (let rest = bytes; rest.length > 0; ) {
    const written = Number(c.write(fd, rest, rest.length));
    if (written >= 0) rest = rest.subarray(written);
    else {
      const code = errnoName(errno());
      if (!mayRetry(code, fd, POLLOUT)) return code;
    }
  }
  return null;
}

/** `<fcntl.h>` */
const F_GETFD = 1;
const FD_CLOEXEC = 1;
/** Linux's, the same on x64 and arm64. */
const O_CLOEXEC = 0o2000000;

/** Whether the descriptor is open and goes on to a program that we become or start. */
export function isInherited(fd: number): boolean {
  const c = libc();
  if (!c) return endsAtExec(fd) === false;
  const flags = c.fcntl(fd, F_GETFD);
  return flags >= 0 && (flags & FD_CLOEXEC) === 0;
}

/**
 * Whether a standard stream was closed when we started (`>&-`): Bun then opens /dev/null in its place, not to be inherited,
 * which no descriptor that came from outside can be.
 */
export function wasClosed(fd: number): boolean {
  if (fd > 2) return false;
  const c = libc();
  if (!c) return endsAtExec(fd) === true;
  const flags = c.fcntl(fd, F_GETFD);
  return flags < 0 || (flags & FD_CLOEXEC) !== 0;
}

/** Whether it ends where a program is started, where native calls are refused; null for a closed one, and without /proc. */
function endsAtExec(fd: number): boolean | null {
  try {
    const info = process.getBuiltinModule("node:fs").readFileSync(`/proc/self/fdinfo/${fd}`, "latin1");
    const flags = /^flags:\s*([0-7]+)$/m.exec(info)?.[1];
    return flags === undefined ? null : (Number.parseInt(flags, 8) & O_CLOEXEC) !== 0;
  } catch {
    return null;
  }
}

/** How many bytes were read, 0 at the end; or the code of the system call that failed. */
export function readSome(fd: number, into: Uint8Array<ArrayBuffer>): number | string {
  const c = streamCalls();
  if (!c) return readByNode(fd, into);
  for (;;) {
    const count = Number(c.read(fd, into, into.length));
    if (count >= 0) return count;
    const code = errnoName(errno());
    if (!mayRetry(code, fd, POLLIN)) return code;
  }
}

/** Whether something to read, or the end, comes within so many milliseconds; true where that cannot be told. */
export function isReadable(fd: number, waitMs: number): boolean {
  return streamCalls()?.poll(new Int32Array([fd, POLLIN]), 1, waitMs) !== 0;
}

/** Whether a failed call is worth another try; waits for a descriptor that is non-blocking and busy. */
function mayRetry(code: string, fd: number, events: number): boolean {
  if (code === "EINTR") return true;
  if (code !== "EAGAIN") return false;
  streamCalls()?.poll(new Int32Array([fd, events]), 1, -1);
  return true;
}

function writeByNode(fd: number, bytes: Uint8Array): string | null {
  try {
    process.getBuiltinModule("node:fs").writeFileSync(fd, bytes);
    return null;
  } catch (error) {
    return systemCode(error) ?? "EIO";
  }
}

function readByNode(fd: number, into: Uint8Array): number | string {
  try {
    return process.getBuiltinModule("node:fs").readSync(fd, into);
  } catch (error) {
    const code = systemCode(error) ?? "EIO";
    // Windows says so at the end of a pipe.
    return code === "EOF" ? 0 : code;
  }
}
