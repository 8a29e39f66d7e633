/**
 * Writes small files of our own whole or not at all: into a new file beside the old one, then renamed over
 * it. Never for secrets; those are in the keychain only.
 */
import {
  closeSync,
  constants,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { clean, fail } from "../../core/errors.ts";

/** Makes a folder, and those above it, for this user alone. Throws E_FILE_UNREADABLE. */
export function makeOwnFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch {
    throw fail("E_FILE_UNREADABLE", `the folder ${clean(path)} cannot be made`, "check the folders above it");
  }
}

/**
 * Replaces a file, for this user alone (0600). The folder must be one that others cannot write into
 * (`checkTrustedFolder`). Throws E_FILE_UNREADABLE; the old file is then as it was.
 */
export function replaceFile(path: string, bytes: Uint8Array): void {
  const { O_WRONLY, O_CREAT, O_EXCL } = constants;
  const beside = `${path}.${process.pid}.tmp`;
  try {
    rmSync(beside, { force: true });
    // O_EXCL never follows a link that somebody put there (open(2)).
    const fd = openSync(beside, O_WRONLY | O_CREAT | O_EXCL, 0o600);
    try {
      writeFileSync(fd, bytes);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(beside, path);
  } catch {
    rmSync(beside, { force: true });
    throw fail("E_FILE_UNREADABLE", `${clean(path)} cannot be written`, "check the folder and the disk");
  }
}
