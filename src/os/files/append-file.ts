/** Appends whole lines to a file that another program created. Creates nothing. */
import { closeSync, constants, fstatSync, openSync, readSync, writeSync } from "node:fs";
import { clean, fail } from "../../core/errors.ts";

/**
 * Appends in one write, after a line break where the file does not end in one. Throws
 * E_FILE_UNREADABLE when the file is not there or cannot be written to.
 */
export function appendLines(path: string, text: string): void {
  try {
    const fd = openSync(path, constants.O_RDWR | constants.O_APPEND);
    try {
      const bytes = Buffer.from(endsInLine(fd) ? text : `\n${text}`);
      if (writeSync(fd, bytes) !== bytes.length) throw new Error("the disk is full");
    } finally {
      closeSync(fd);
    }
  } catch {
    // The message of the system is not needed, and could quote more than the path.
    throw fail("E_FILE_UNREADABLE", `${clean(path)} cannot be written to`);
  }
}

function endsInLine(fd: number): boolean {
  const { size } = fstatSync(fd);
  const last = Buffer.alloc(1);
  return size === 0 || (readSync(fd, last, 0, 1, size - 1) === 1 && last[0] === 0x0a);
}
