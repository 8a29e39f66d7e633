/**
 * The Windows half of lock.ts: a file opened with exclusive access, which the kernel closes when the
 * process dies. Reference: CreateFileW, "dwShareMode" 0 (learn.microsoft.com/windows/win32/api/fileapi).
 */
import { existsSync } from "node:fs";
import { fail } from "../../core/errors.ts";
import { INVALID_HANDLE_VALUE, kernelFiles } from "../native/kernel32.ts";

const GENERIC_READ_WRITE = 0xc0000000;
const SHARE_NOTHING = 0;
const OPEN_ALWAYS = 4;
const FILE_ATTRIBUTE_NORMAL = 0x80;

/** A lock file at `path`, not yet locked. */
export function exclusiveFile(path: string): { tryLock(): boolean; close(): void } {
  const kernel = kernelFiles();
  const name = utf16(path);
  let handle: bigint | null = null;
  return {
    tryLock() {
      const opened = kernel.CreateFileW(
        name,
        GENERIC_READ_WRITE,
        SHARE_NOTHING,
        null,
        OPEN_ALWAYS,
        FILE_ATTRIBUTE_NORMAL,
        null,
      );
      if (opened !== INVALID_HANDLE_VALUE) {
        handle = opened;
        return true;
      }
      // The runtime may have replaced GetLastError's value by now: a file that is there is taken.
      if (existsSync(path)) return false;
      throw fail(
        "E_UNSAFE_FILE",
        "the lock file cannot be made, and without a lock nothing is changed",
        "check that your LOCALAPPDATA folder can be written to",
      );
    },
    close() {
      if (handle !== null) kernel.CloseHandle(handle);
      handle = null;
    },
  };
}

/** NUL-terminated UTF-16LE. */
function utf16(text: string): Uint16Array<ArrayBuffer> {
  return Uint16Array.from(`${text}\0`, (unit) => unit.charCodeAt(0));
}
