/**
 * The few functions of the C library that the os floor calls, opened once, at the first use. It costs less
 * than a third of a millisecond; node:fs and node:tty, which could do some of it, cost several times that at start.
 * POSIX only: on Windows {@link libc} gives null. Decides nothing.
 */
import { dlopen, type Pointer, read } from "bun:ffi";

/** Numbers that differ between systems are in this table; the rest is the same on Linux and macOS. */
export const ERRNO = {
  ENOENT: 2,
  EINTR: 4,
  E2BIG: 7,
  EACCES: 13,
  ENOTDIR: 20,
  EPIPE: 32,
  EAGAIN: process.platform === "darwin" ? 35 : 11,
} as const;

const EVERYWHERE = {
  faccessat: { args: ["i32", "buffer", "i32", "i32"], returns: "i32" },
  execvp: { args: ["buffer", "buffer"], returns: "i32" },
  getrlimit: { args: ["i32", "buffer"], returns: "i32" },
  isatty: { args: ["i32"], returns: "i32" },
  poll: { args: ["buffer", "usize", "i32"], returns: "i32" },
  read: { args: ["i32", "buffer", "usize"], returns: "i64" },
  setenv: { args: ["buffer", "buffer", "i32"], returns: "i32" },
  setrlimit: { args: ["i32", "buffer"], returns: "i32" },
  signal: { args: ["i32", "ptr"], returns: "ptr" },
  unsetenv: { args: ["buffer"], returns: "i32" },
  write: { args: ["i32", "buffer", "usize"], returns: "i64" },
} as const;

const LINUX = {
  prctl: { args: ["i32", "usize", "usize", "usize", "usize"], returns: "i32" },
  __errno_location: { args: [], returns: "ptr" },
} as const;

const MACOS = { __error: { args: [], returns: "ptr" } } as const;

type Bytes = Uint8Array | BigUint64Array | Int32Array;

/** What of the C library is used. Every function that fails gives -1 and says why in {@link Libc.errno}. */
export interface Libc {
  execvp(file: Bytes, argv: Bytes): number;
  faccessat(folder: number, path: Bytes, mode: number, flags: number): number;
  /** `struct rlimit` is two unsigned 64-bit numbers, the soft limit first. */
  getrlimit(resource: number, limit: Bytes): number;
  setrlimit(resource: number, limit: Bytes): number;
  isatty(fd: number): number;
  poll(fds: Bytes, count: number, timeoutMs: number): number;
  /** Linux only; absent elsewhere. */
  prctl?(option: number, ...args: [number, number, number, number]): number;
  read(fd: number, into: Bytes, length: number): bigint;
  write(fd: number, from: Bytes, length: number): bigint;
  setenv(name: Bytes, value: Bytes, overwrite: 0 | 1): number;
  unsetenv(name: Bytes): number;
  /** null is SIG_DFL. */
  signal(signal: number, handler: null): unknown;
  /** The reason of the last failure: ask at once, before anything else runs. */
  errno(): number;
}

let opened: Libc | null | undefined;

/** The C library of this process, null on Windows. */
export function libc(): Libc | null {
  opened ??= open();
  return opened;
}

function open(): Libc | null {
  switch (process.platform) {
    case "linux": {
      // The name is safe from a file planted in the current directory, where Bun looks when the system finds
      // nothing: glibc's is loaded already, and musl takes every name that begins with `libc.` for itself.
      const { symbols } = dlopen("libc.so.6", { ...EVERYWHERE, ...LINUX });
      return { ...symbols, errno: () => numberAt(symbols.__errno_location()) };
    }
    case "darwin": {
      const { symbols } = dlopen("/usr/lib/libSystem.B.dylib", { ...EVERYWHERE, ...MACOS });
      return { ...symbols, errno: () => numberAt(symbols.__error()) };
    }
    default:
      return null;
  }
}

function numberAt(place: Pointer | bigint | null): number {
  return place === null ? 0 : read.i32(Number(place) as Pointer, 0);
}

/** A C string: UTF-8 and a NUL. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}
