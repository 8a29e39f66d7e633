/**
 * The functions of the C library that a client of a Unix socket needs, and Linux's numbers for them. Declares;
 * decides nothing. All of them return at once but poll, which takes its limit.
 */
import { dlopen, type Pointer, read } from "bun:ffi";

/** <errno.h> of Linux, the same on x86-64 and arm64, glibc and musl. */
export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  EINTR: 4,
  EAGAIN: 11,
  EACCES: 13,
  ECONNREFUSED: 111,
} as const;

export const AF_UNIX = 1;
/** SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK: no program that we start inherits it, no call waits in it. */
export const STREAM = 0x1 | 0x8_0000 | 0x800;
/** No SIGPIPE where the other side is gone. */
export const MSG_NOSIGNAL = 0x4000;
export const POLLIN = 1;
export const POLLOUT = 4;
/** `char sun_path[108]`, behind the two bytes of the family. */
export const SUN_PATH_BYTES = 108;

const SYMBOLS = {
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  connect: { args: ["i32", "buffer", "u32"], returns: "i32" },
  send: { args: ["i32", "buffer", "usize", "i32"], returns: "i64" },
  recv: { args: ["i32", "buffer", "usize", "i32"], returns: "i64" },
  poll: { args: ["buffer", "usize", "i32"], returns: "i32" },
  close: { args: ["i32"], returns: "i32" },
  __errno_location: { args: [], returns: "ptr" },
} as const;

/** Each gives -1 when it fails, and {@link Sockets.errno} says why. */
export interface Sockets {
  socket(family: number, type: number, protocol: number): number;
  connect(fd: number, address: Uint8Array, length: number): number;
  send(fd: number, bytes: Uint8Array, length: number, flags: number): bigint;
  recv(fd: number, into: Uint8Array, length: number, flags: number): bigint;
  /** `fds` are `struct pollfd`: descriptor, events in the lower half, what came in the upper half. */
  poll(fds: Int32Array, count: number, timeoutMs: number): number;
  close(fd: number): number;
  /** The reason of the last failure: ask at once, before anything else runs. */
  errno(): number;
}

let opened: Sockets | null = null;

/** Throws what bun:ffi throws where native calls are forbidden. Linux only. */
export function sockets(): Sockets {
  opened ??= open();
  return opened;
}

function open(): Sockets {
  // The name is safe from a file planted in the current directory, where Bun looks when the system finds
  // nothing: glibc's is loaded already, and musl takes every name that begins with `libc.` for itself.
  const { symbols } = dlopen("libc.so.6", SYMBOLS);
  return { ...symbols, errno: () => numberAt(symbols.__errno_location()) };
}

function numberAt(place: Pointer | bigint | null): number {
  return place === null ? 0 : read.i32(Number(place) as Pointer, 0);
}
