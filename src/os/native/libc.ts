/**
 * The C library of this process: the table of its functions, but for the one of descriptor.ts. The functions
 * are in sets, one per subject; a set is opened at its first use, because each function costs a start some
 * microseconds. {@link libc} is the set that every run uses. Declares functions and numbers; decides nothing.
 *
 * Every set is null on Windows, and where bun:ffi cannot open it: executable memory is refused (PR_SET_MDWE, SELinux,
 * `ulimit -v`), or the library is too old. A function that fails returns -1 and sets {@link errno}.
 */
import type { FFIFunction, Library, Pointer } from "bun:ffi";
import { utf8 } from "../../core/utf8.ts";
import { C_LIBRARY, openLibrary, readInt } from "./ffi.ts";

const IS_MACOS = process.platform === "darwin";

/** `<errno.h>`. Linux's numbers are the same on x64 and arm64, glibc and musl. */
export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  EINTR: 4,
  EIO: 5,
  ENXIO: 6,
  E2BIG: 7,
  ENOEXEC: 8,
  EBADF: 9,
  EACCES: 13,
  EEXIST: 17,
  ENODEV: 19,
  ENOTDIR: 20,
  EISDIR: 21,
  EINVAL: 22,
  ENFILE: 23,
  EMFILE: 24,
  ETXTBSY: 26,
  EFBIG: 27,
  ENOSPC: 28,
  EROFS: 30,
  EPIPE: 32,
  EAGAIN: IS_MACOS ? 35 : 11,
  EDQUOT: IS_MACOS ? 69 : 122,
  ENOLCK: IS_MACOS ? 77 : 37,
  ENAMETOOLONG: IS_MACOS ? 63 : 36,
  ELOOP: IS_MACOS ? 62 : 40,
  ECONNREFUSED: IS_MACOS ? 61 : 111,
} as const;

/** For errors where a set is null that nothing can replace. */
export const NATIVE_CALLS_HINT =
  "gum-cred needs executable memory: check 'ulimit -v' (3 GB is enough) and whether SELinux or systemd forbids it";

/** `<poll.h>` */
export const POLLIN = 1;
export const POLLOUT = 4;

type Functions = Readonly<Record<string, FFIFunction>>;
type Opened<Set extends Functions> = Library<Set>["symbols"];

// Functions that belong to more than one set.
const close = { args: ["i32"], returns: "i32" } as const;
/** `struct pollfd` is two 32-bit numbers here: the descriptor; events in the lower half, results in the upper. */
const poll = { args: ["buffer", "usize", "i32"], returns: "i32" } as const;
const signal = { args: ["i32", "usize"], returns: "u64" } as const;

const errnoPlace = { args: [], returns: "ptr" } as const;
const ERRNO_PLACE = IS_MACOS ? { __error: errnoPlace } : { __errno_location: errnoPlace };

let placeOfErrno: (() => Pointer | null) | null = null;

/** What every run uses. */
export const libc = opener(() => ({
  fcntl: { args: ["i32", "i32"], returns: "i32" },
  faccessat: { args: ["i32", "buffer", "i32", "i32"], returns: "i32" },
  signal,
  write: { args: ["i32", "buffer", "usize"], returns: "i64" },
  ...ERRNO_PLACE,
}));
/** The opened functions of {@link libc}. */
export type Libc = NonNullable<ReturnType<typeof libc>>;

/** Limits of a process. `struct rlimit` is two unsigned 64-bit numbers, the soft limit first. */
export const limitCalls = opener(() => ({
  getrlimit: { args: ["i32", "buffer"], returns: "i32" },
  setrlimit: { args: ["i32", "buffer"], returns: "i32" },
}));

/** Reading a descriptor, and waiting until it is ready. */
export const streamCalls = opener(() => ({
  poll,
  read: { args: ["i32", "buffer", "usize"], returns: "i64" },
}));

/** Becoming another program, after a look at it. */
export const execCalls = opener(() => ({
  close,
  execvp: { args: ["buffer", "buffer"], returns: "i32" },
  open: { args: ["buffer", "i32"], returns: "i32" },
  read: { args: ["i32", "buffer", "usize"], returns: "i32" }, // of few bytes
  setenv: { args: ["buffer", "buffer", "i32"], returns: "i32" },
  unsetenv: { args: ["buffer"], returns: "i32" },
}));
/** The opened functions of {@link execCalls}. */
export type ExecCalls = NonNullable<ReturnType<typeof execCalls>>;

/**
 * Examining and reading files; Linux only. glibc has had statx(2) since 2.28, musl since 1.2.5. Addresses are plain
 * numbers: 500 calls take a fifth less time than with "ptr".
 */
export const statCalls = linuxOnly(() => ({
  close,
  open: { args: ["u64", "i32"], returns: "i32" },
  read: { args: ["i32", "u64", "usize"], returns: "i64" },
  readlink: { args: ["u64", "u64", "usize"], returns: "i64" },
  statx: { args: ["i32", "u64", "i32", "u32", "u64"], returns: "i32" },
}));
/** The opened functions of {@link statCalls}. */
export type StatCalls = NonNullable<ReturnType<typeof statCalls>>;

/** Making files and folders; Linux only, where the mode of open(2) is passed like any other argument. */
export const makingCalls = linuxOnly(() => ({
  mkdir: { args: ["buffer", "u32"], returns: "i32" },
  open: { args: ["buffer", "i32", "u32"], returns: "i32" },
}));

/** The opened functions of {@link makingCalls}. */
export type MakingCalls = NonNullable<ReturnType<typeof makingCalls>>;

/** Locking a file. */
export const lockCalls = opener(() => ({ flock: { args: ["i32", "i32"], returns: "i32" } }));

/** A client of a Unix socket; Linux only. All return at once but poll, which takes its limit in milliseconds. */
export const socketCalls = linuxOnly(() => ({
  close,
  // descriptor, level, option, where the value goes, its length
  getsockopt: { args: ["i32", "i32", "i32", "buffer", "buffer"], returns: "i32" },
  connect: { args: ["i32", "buffer", "u32"], returns: "i32" },
  poll,
  recv: { args: ["i32", "buffer", "usize", "i32"], returns: "i64" },
  sched_yield: { args: [], returns: "i32" },
  send: { args: ["i32", "buffer", "usize", "i32"], returns: "i64" },
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
}));
/** The opened functions of {@link socketCalls}. */
export type SocketCalls = NonNullable<ReturnType<typeof socketCalls>>;

/** What is in memory, and what becomes of it: `madvise` takes an address; Linux only. */
export const codeCalls = linuxOnly(() => ({
  close,
  madvise: { args: ["u64", "usize", "i32"], returns: "i32" },
  open: { args: ["buffer", "i32"], returns: "i32" },
  read: { args: ["i32", "buffer", "usize"], returns: "i32" }, // of few bytes
}));

/** The size of a terminal. On macOS `ioctl` takes its arguments in another way (Apple's ABI for variadic functions). */
export const terminalCalls = linuxOnly(() => ({ ioctl: { args: ["i32", "u64", "buffer"], returns: "i32" } }));

/** Pipes, signals and terminals, for a program that runs another one as its child. */
export const jobCalls = opener(
  () => ({
    cfmakeraw: { args: ["buffer"], returns: "void" },
    close,
    getpgrp: { args: [], returns: "i32" },
    getpid: { args: [], returns: "i32" },
    kill: { args: ["i32", "i32"], returns: "i32" },
    signal,
    tcgetattr: { args: ["i32", "buffer"], returns: "i32" },
    tcgetpgrp: { args: ["i32"], returns: "i32" },
    tcsetattr: { args: ["i32", "i32", "buffer"], returns: "i32" },
  }),
  { pipe2: { args: ["buffer", "i32"], returns: "i32" } },
  { pipe: { args: ["buffer"], returns: "i32" } },
);

/** Asking how children ended; Linux only. */
export const childCalls = linuxOnly(() => ({
  waitid: { args: ["i32", "u32", "buffer", "i32"], returns: "i32" },
  waitpid: { args: ["i32", "usize", "i32"], returns: "i32" },
}));

/** What a process in namespaces of its own needs to shut the doors behind it; Linux only. */
export const confinementCalls = linuxOnly(() => ({
  capset: { args: ["buffer", "buffer"], returns: "i32" },
  ioctl: { args: ["i32", "u64", "buffer"], returns: "i32" },
  mount: { args: ["buffer", "buffer", "buffer", "u64", "buffer"], returns: "i32" },
  prctl: { args: ["i32", "usize", "usize", "usize", "usize"], returns: "i32" },
}));

/** A file in memory that has no name; Linux only. */
export const memoryFileCalls = linuxOnly(() => ({
  memfd_create: { args: ["buffer", "u32"], returns: "i32" },
}));

/** Looking up the variables of another library, which bun:ffi cannot. */
export const loaderCalls = opener(() => ({
  dlopen: { args: ["ptr", "i32"], returns: "u64" },
  dlsym: { args: ["u64", "ptr"], returns: "ptr" },
}));

/** The reason why the last call failed, one of {@link ERRNO} or another: read it before any other call. */
export function errno(): number {
  const place = placeOfErrno?.() ?? null;
  return place === null ? 0 : readInt(place);
}

/** `ENOENT` for 2, as node:fs has it; `errno 77` for a number that is not in {@link ERRNO}. */
export function errnoName(reason: number): string {
  const known = Object.entries(ERRNO).find(([, number]) => number === reason);
  return known?.[0] ?? `errno ${reason}`;
}

/** A C string: UTF-8 and a NUL. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return utf8(`${text}\0`);
}

function linuxOnly<const Set extends Functions>(functions: () => Set): () => Opened<Set> | null {
  return process.platform === "linux" ? opener(functions) : () => null;
}

/** Opens a set at the first call, with the functions that only one system has. */
function opener<
  const Everywhere extends Functions,
  Linux extends Functions = Record<never, never>,
  Macos extends Functions = Record<never, never>,
>(everywhere: () => Everywhere, linux?: Linux, macos?: Macos) {
  type Set = Opened<Everywhere> & Partial<Opened<Linux>> & Partial<Opened<Macos>>;
  let opened: Set | null | undefined;
  return (): Set | null => {
    if (opened === undefined) {
      opened = open({ ...everywhere(), ...(IS_MACOS ? macos : linux) }) as Set | null;
    }
    return opened;
  };
}

function open(functions: Functions): unknown {
  if (process.platform !== "linux" && !IS_MACOS) return null;
  try {
    // With the first set, because opening anything may change errno.
    if (placeOfErrno === null) {
      const [name = ""] = Object.keys(ERRNO_PLACE);
      const symbols = openLibrary(C_LIBRARY, { ...ERRNO_PLACE, ...functions } as Functions);
      placeOfErrno = symbols[name] as unknown as () => Pointer | null;
      return symbols;
    }
    return openLibrary(C_LIBRARY, functions);
  } catch {
    return null;
  }
}
