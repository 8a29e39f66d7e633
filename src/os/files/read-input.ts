/**
 * Reads a text that the user names: a file, a pipe, a device such as /dev/stdin, a shell's `<(command)`. Follows
 * links; bounded in size. Knows which of them is a file that could be deleted.
 */
import { closeSync, fstatSync, lstatSync, openSync, readSync } from "node:fs";
import { clean, fail, type GumCredError } from "../../core/errors.ts";
import { shownPath } from "../../core/shown-path.ts";
import { systemCode } from "../../core/system-error.ts";

export interface InputFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Whether it is a file that the path names, and not a pipe, a device or a descriptor. */
  readonly regular: boolean;
  /** Whether deleting the path would delete that file: it is no link, and has no second name. */
  readonly onlyName: boolean;
}

const CHUNK_BYTES = 64 * 1024;

/** The descriptor that a path stands for, such as /dev/stdin; null for any other path. */
export function descriptorOf(path: string): number | null {
  if (path === "/dev/stdin") return 0;
  const match = /^\/(?:dev|proc\/self)\/fd\/([0-9]{1,5})$/.exec(path);
  return match ? Number(match[1]) : null;
}

/** All of it. Throws E_FILE_UNREADABLE, and E_MALFORMED beyond the limit; both name it as `name`, the path by default. */
export function readInputFile(path: string, limitBytes: number, name = path): InputFile {
  const descriptor = descriptorOf(path);
  let fd: number | null = null;
  try {
    // A descriptor that is a socket cannot be opened by its path.
    fd = descriptor ?? openSync(path, "r");
    const stat = fstatSync(fd);
    if (stat.isDirectory()) throw unreadable(name, "EISDIR");
    const link = descriptor === null ? lstatSync(path) : null;
    const onlyName = link?.isFile() === true && link.nlink === 1;
    return { bytes: readAll(fd, name, limitBytes), regular: link !== null && stat.isFile(), onlyName };
  } catch (error) {
    throw unreadable(name, systemCode(error), error);
  } finally {
    if (fd !== null && descriptor === null) closeSync(fd);
  }
}

function readAll(fd: number, name: string, limitBytes: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(limitBytes + CHUNK_BYTES);
  let length = 0;
  for (;;) {
    const count = readSome(fd, bytes.subarray(length, length + CHUNK_BYTES));
    if (count === 0) return bytes.subarray(0, length);
    length += count;
    if (length > limitBytes) {
      const message = `${shownPath(name)} is larger than ${limitBytes / 1024} KiB`;
      throw fail("E_MALFORMED", message, "give only the lines that are meant");
    }
  }
}

function readSome(fd: number, into: Uint8Array): number {
  for (;;) {
    try {
      return readSync(fd, into);
    } catch (error) {
      if (systemCode(error) === "EOF") return 0; // Windows, for a pipe that was closed
      if (systemCode(error) !== "EAGAIN") throw error;
      Bun.sleepSync(5);
    }
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "does not exist",
  ENOTDIR: "does not exist",
  EACCES: "is not readable by this user",
  EPERM: "is not readable by this user",
  EISDIR: "is a folder, not a file",
  ELOOP: "is a loop of symbolic links",
  EBADF: "is not open",
};

function unreadable(path: string, code: string | null | undefined, error?: unknown): GumCredError | unknown {
  if (error !== undefined && !code) return error;
  const shown = shownPath(path) || "''";
  return fail(
    "E_FILE_UNREADABLE",
    `${shown} ${REASONS[code ?? ""] ?? `cannot be read (${clean(code ?? "")})`}`,
  );
}
