/** Writes a file that only its owner may read, whole or not at all. */
import { closeSync, constants, openSync, renameSync, unlinkSync, writeSync } from "node:fs";
import { clean, fail } from "../../core/errors.ts";

/** Mode 0600 from its first moment; replaces what is there. Throws E_FILE_UNREADABLE. */
export function writePrivateFile(path: string, text: string): void {
  const next = `${path}.${process.pid}.new`;
  try {
    const fd = openSync(next, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    try {
      writeSync(fd, text);
    } finally {
      closeSync(fd);
    }
    renameSync(next, path);
  } catch {
    try {
      unlinkSync(next);
    } catch {}
    throw fail("E_FILE_UNREADABLE", `${clean(path)} cannot be written to`);
  }
}
