/**
 * Another program's settings file: read whole, and replaced whole with its mode kept. A link is followed, because
 * people keep such files in a repository of their own and link to them; the link stays. Never for secrets.
 */
import {
  chmodSync,
  closeSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { clean, fail, type GumCredError } from "../../core/errors.ts";

const LIMIT_BYTES = 4 * 1024 * 1024;
const NEW_FILE_MODE = 0o600;

/** The text of a file; null when it is not there. Throws E_FILE_UNREADABLE, E_MALFORMED. */
export function readSettings(path: string): string | null {
  if (!isThere(path)) return null;
  let bytes: Uint8Array;
  try {
    const facts = statSync(path);
    if (!facts.isFile()) throw fail("E_FILE_UNREADABLE", `${clean(path)} is not a file`);
    if (facts.size > LIMIT_BYTES) throw fail("E_MALFORMED", `${clean(path)} is larger than 4 MiB`);
    bytes = readFileSync(path);
  } catch (error) {
    throw ours(error) ?? fail("E_FILE_UNREADABLE", `${clean(path)} cannot be read`);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw fail(
      "E_MALFORMED",
      `${clean(path)} is not UTF-8 text`,
      "mend the file first; it was left as it is",
    );
  }
}

/** Replaces a file's text, or makes the file with its folders. Throws E_FILE_UNREADABLE; the old file then stays. */
export function writeSettings(path: string, text: string): void {
  const target = isThere(path) ? realpathSync(path) : path;
  const beside = `${target}.${process.pid}.gum-cred.tmp`;
  try {
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
    const before = isThere(target) ? statSync(target) : null;
    const mode = before ? before.mode & 0o7777 : NEW_FILE_MODE;
    const fd = openSync(beside, "wx", mode);
    try {
      const bytes = new TextEncoder().encode(text);
      for (let rest = bytes; rest.length > 0; ) rest = rest.subarray(writeSync(fd, rest));
      // Run by root, the file stays its user's.
      const made = fstatSync(fd);
      if (before && (before.uid !== made.uid || before.gid !== made.gid)) {
        fchownSync(fd, before.uid, before.gid);
      }
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    chmodSync(beside, mode); // whatever the umask took away
    renameSync(beside, target);
  } catch {
    removeQuietly(beside);
    throw fail("E_FILE_UNREADABLE", `${clean(path)} cannot be written`, "check the folder and the disk");
  }
}

/** Whether a path is a symbolic link. Never throws. */
export function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}

/** Removes a file. Throws E_FILE_UNREADABLE. */
export function removeSettings(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    throw fail("E_FILE_UNREADABLE", `${clean(path)} cannot be removed`, "remove it by hand");
  }
}

function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // it was never made
  }
}

function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false; // something on the way is no folder, or is closed to us: writing says so
  }
}

function ours(error: unknown): GumCredError | null {
  return error instanceof Error && error.name === "GumCredError" ? (error as GumCredError) : null;
}
