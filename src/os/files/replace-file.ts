/**
 * Writes small files of our own whole or not at all: into a new file beside the old one, then renamed over
 * it. Never for secrets; those are in the keychain only. node:fs is loaded by whoever writes, not by importing this.
 */
import { clean, fail } from "../../core/errors.ts";

/** Makes a folder, and those above it, for this user alone. Throws E_FILE_UNREADABLE. */
export function makeOwnFolder(path: string): void {
  const { mkdirSync } = process.getBuiltinModule("node:fs");
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch {
    throw fail("E_FILE_UNREADABLE", `the folder ${clean(path)} cannot be made`, "check the folders above it");
  }
}

/**
 * Replaces a file, for this user alone (0600). The folder must be one that others cannot write into
 * (`checkTrustedFolder`). Throws E_FILE_UNREADABLE; the old file is then as it was. Only of a file that may as well be lost
 * need not be waited until it is on the disk: after a power failure it may be damaged.
 */
export function replaceFile(path: string, bytes: Uint8Array, mayBeLost = false): void {
  const fs = process.getBuiltinModule("node:fs");
  const { O_WRONLY, O_CREAT, O_EXCL } = fs.constants;
  const beside = `${path}.${process.pid}.tmp`;
  try {
    fs.rmSync(beside, { force: true });
    // O_EXCL never follows a link that another program put there (open(2)).
    const fd = fs.openSync(beside, O_WRONLY | O_CREAT | O_EXCL, 0o600);
    try {
      fs.writeFileSync(fd, bytes);
      if (!mayBeLost) fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
    fs.renameSync(beside, path);
  } catch {
    fs.rmSync(beside, { force: true });
    throw fail("E_FILE_UNREADABLE", `${clean(path)} cannot be written`, "check the folder and the disk");
  }
}
