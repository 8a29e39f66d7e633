/**
 * The system calls by which files are examined and read. On Linux straight from the C library: loading node:fs takes
 * longer than all that a start of gum-cred does with files. Elsewhere, and where the library is too old, by node:fs.
 * Decides nothing; a failure is an Error with the `code` and `syscall` that node:fs would give it.
 */

import { systemCode } from "../../core/system-error.ts";
import { ptr } from "../native/ffi.ts";
import {
  cString,
  ERRNO,
  errno,
  errnoName,
  type MakingCalls,
  makingCalls,
  type StatCalls,
  statCalls,
} from "../native/libc.ts";

/** The part of lstat(2)'s result that is used. */
export interface Facts {
  readonly kind: "file" | "folder" | "link" | "socket" | "other";
  readonly uid: number;
  /** The permission bits, with the sticky bit. */
  readonly mode: number;
  readonly size: number;
}

export interface FileCalls {
  /** Of the path itself, not of what a link points to. */
  lstat(path: string): Facts;
  fstat(fd: number): Facts;
  /** For reading; fails for a link, does not wait on a pipe, and no child inherits it. */
  openItself(path: string): number;
  /** How many bytes were read to `into` from `offset` on; 0 at the end. */
  read(fd: number, into: Uint8Array, offset: number): number;
  readlink(path: string): string;
  /** One folder, for us alone; nothing where it is there already. */
  makeFolder(path: string): void;
  /** To lock it: made where it is not there, for us alone; fails for a link, and does not wait on a pipe. */
  openLock(path: string): number;
  close(fd: number): void;
}

/**
 * Where things are in `struct statx`, in steps of 4 bytes and the same on every machine (statx(2)): nlink, uid, mode,
 * size, blocks, atime, ctime with mtime behind it, the device, what depends on who asks, and the end.
 */
export const STATX = {
  nlink: 4,
  uid: 5,
  mode: 7,
  ino: 8,
  size: 10,
  blocks: 12,
  atime: 16,
  ctime: 24,
  dev: 34,
  rest: 36,
  end: 64,
};
/** `<fcntl.h>` and `<linux/stat.h>` */
export const AT_FDCWD = -100;
export const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_EMPTY_PATH = 0x1000;
export const STATX_BASIC_STATS = 0x7ff;
/** `<asm-generic/fcntl.h>`; O_NOFOLLOW is another number on ARM. */
const O_NOFOLLOW = process.arch === "arm64" ? 0o100000 : 0o400000;
export const O_PATH_CLOEXEC = 0o10000000 | 0o2000000;
const O_NONBLOCK_CLOEXEC = 0o4000 | 0o2000000;
const O_RDWR_CREAT = 0o2 | 0o100;

/** `<sys/stat.h>`: the highest four bits of the mode. */
const KINDS = new Map<number, Facts["kind"]>([
  [0o100000, "file"],
  [0o040000, "folder"],
  [0o120000, "link"],
  [0o140000, "socket"],
]);
const S_IFMT = 0o170000;
const LONGEST_LINK = 4096;
let calls: FileCalls | undefined;

/** The calls of this system. */
export function fileCalls(): FileCalls {
  const c = statCalls();
  calls ??= c ? libraryCalls(c) : nodeCalls();
  return calls;
}

function libraryCalls(c: StatCalls): FileCalls {
  /** The result of a call that gives -1 when it failed; begun anew when a signal came in between. */
  const result = (syscall: string, call: () => number | bigint): number => {
    for (;;) {
      const value = Number(call());
      if (value >= 0) return value;
      const reason = errno();
      if (reason !== ERRNO.EINTR) throw failure(errnoName(reason), syscall);
    }
  };
  const facts = (syscall: string, fd: number, path: string, flags: number): Facts => {
    const name = bytesOf(path, syscall);
    const seen = new Uint32Array(STATX.end);
    result(syscall, () => c.statx(fd, ptr(name), flags, STATX_BASIC_STATS, ptr(seen)));
    const [uid = 0, mode = 0, low = 0, high = 0] = [STATX.uid, STATX.mode, STATX.size, STATX.size + 1].map(
      (at) => seen[at],
    );
    return {
      kind: KINDS.get(mode & S_IFMT) ?? "other",
      uid,
      mode: mode & 0o7777,
      size: high * 2 ** 32 + low,
    };
  };
  return {
    lstat: (path) => facts("lstat", AT_FDCWD, path, AT_SYMLINK_NOFOLLOW),
    fstat: (fd) => facts("fstat", fd, "", AT_EMPTY_PATH),
    openItself(path) {
      const name = bytesOf(path, "open");
      return result("open", () => c.open(ptr(name), O_NOFOLLOW | O_NONBLOCK_CLOEXEC));
    },
    read: (fd, into, offset) =>
      offset >= into.length ? 0 : result("read", () => c.read(fd, ptr(into, offset), into.length - offset)),
    readlink(path) {
      const name = bytesOf(path, "readlink");
      const into = new Uint8Array(LONGEST_LINK);
      const length = result("readlink", () => c.readlink(ptr(name), ptr(into), into.length));
      return new TextDecoder().decode(into.subarray(0, length));
    },
    makeFolder(path) {
      const name = bytesOf(path, "mkdir");
      try {
        result("mkdir", () => making().mkdir(name, 0o700));
      } catch (error) {
        if (systemCode(error) !== "EEXIST") throw error;
      }
    },
    openLock(path) {
      const name = bytesOf(path, "open");
      const flags = O_RDWR_CREAT | O_NOFOLLOW | O_NONBLOCK_CLOEXEC;
      return result("open", () => making().open(name, flags, 0o600));
    },
    close: (fd) => void c.close(fd),
  };
}

function making(): MakingCalls {
  const calls = makingCalls();
  if (!calls) throw failure("ENOSYS", "mkdir");
  return calls;
}

/** A C string. One with a NUL inside would name another file. */
function bytesOf(path: string, syscall: string): Uint8Array {
  if (path.includes("\0")) throw failure("EINVAL", syscall);
  return cString(path);
}

function failure(code: string, syscall: string): Error {
  return Object.assign(new Error(`${code}: ${syscall}`), { code, syscall });
}

function nodeCalls(): FileCalls {
  const fs = process.getBuiltinModule("node:fs");
  const factsOf = (stat: ReturnType<typeof fs.lstatSync> & object): Facts => ({
    kind: KINDS.get(Number(stat.mode) & S_IFMT) ?? "other",
    uid: Number(stat.uid),
    mode: Number(stat.mode) & 0o7777,
    size: Number(stat.size),
  });
  return {
    lstat: (path) => factsOf(fs.lstatSync(path)),
    fstat: (fd) => factsOf(fs.fstatSync(fd)),
    openItself(path) {
      // Windows has neither flag: no pipe lies in a folder there, and a link is looked for by name.
      const { O_RDONLY, O_NOFOLLOW: noFollow = 0, O_NONBLOCK = 0 } = fs.constants;
      if (noFollow === 0 && fs.lstatSync(path).isSymbolicLink()) throw failure("ELOOP", "open");
      return fs.openSync(path, O_RDONLY | noFollow | O_NONBLOCK);
    },
    read: (fd, into, offset) => fs.readSync(fd, into, offset, into.length - offset, null),
    readlink: (path) => fs.readlinkSync(path),
    makeFolder: (path) => void fs.mkdirSync(path, { recursive: true, mode: 0o700 }),
    openLock(path) {
      // Non-blocking, because opening a FIFO would wait for its other end.
      const { O_RDWR, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
      return fs.openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
    },
    close: (fd) => fs.closeSync(fd),
  };
}
