/**
 * Files for one run of another program: private (0600 in a folder of 0700), and in memory where the system has a
 * place for that, so that a secret in one never reaches a disk. What a killed run left behind is removed by the next.
 */
import {
  chmodSync,
  closeSync,
  lstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statfsSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { clean, fail, type GumCredError } from "../../core/errors.ts";
import { systemCode } from "../../core/system-error.ts";
import { tooFewFiles } from "../native/open-files.ts";

export interface MemoryFiles {
  /** Writes a file and returns its absolute path. Throws E_OWN_FAILURE. */
  write(name: string, bytes: Uint8Array): string;
  /** False where the folder is on a disk. */
  readonly inMemory: boolean;
  /** Removes all of them. Never throws. */
  remove(): void;
}

const PREFIX = "gum-cred-run.";
/** linux/magic.h */
const TMPFS = 0x01021994;
const RAMFS = 0x858458f6;

/** A new folder for this process. Throws E_OWN_FAILURE where none can be made. */
export function makeMemoryFiles(raw: Readonly<Record<string, string | undefined>>): MemoryFiles {
  const places = [raw["XDG_RUNTIME_DIR"], process.platform === "linux" ? "/dev/shm" : undefined].filter(
    (place): place is string => place?.startsWith("/") === true && isInMemory(place),
  );
  const made: string[] = [];
  const makeIn = (among: string[]): string | null => {
    for (let place = among.shift(); place !== undefined; place = among.shift()) {
      const folder = tryToMake(place);
      if (folder !== null) {
        made.push(folder);
        return folder;
      }
    }
    return null;
  };
  const first = makeIn(places) ?? makeIn([tmpdir()]);
  if (first === null) {
    const message = "there is no place for a private file";
    throw tooFewFiles(message, null) ?? fail("E_OWN_FAILURE", message, "set XDG_RUNTIME_DIR");
  }
  let folder = first;
  return {
    inMemory: isInMemory(first),
    write: (name, bytes) => {
      let code = tryToWrite(join(folder, name), bytes);
      // Beside a full place in memory there may be another; a disk is none for what was to be in memory.
      for (let other: string | null; code !== null && FULL.has(code); folder = other) {
        other = makeIn(places);
        if (other === null) break;
        code = tryToWrite(join(other, name), bytes);
      }
      if (code !== null) throw unwritable(dirname(folder), code);
      return join(folder, name);
    },
    remove: () => {
      for (const each of made) removeQuietly(each);
    },
  };
}

const FULL: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT"]);

function unwritable(place: string, code: string): GumCredError {
  const message = `a private file cannot be written in ${clean(place)}`;
  const other = fail("E_OWN_FAILURE", `${message} (${code})`, `check the space in ${clean(place)}`);
  return tooFewFiles(message, code) ?? other;
}

/** Null, or the code of the system call that failed. */
function tryToWrite(path: string, bytes: Uint8Array): string | null {
  try {
    const fd = openSync(path, "wx", 0o600);
    try {
      for (let rest = bytes; rest.length > 0; ) rest = rest.subarray(writeSync(fd, rest));
    } finally {
      closeSync(fd);
    }
    return null;
  } catch (error) {
    rmSync(path, { force: true });
    return systemCode(error) ?? "EIO";
  }
}

function tryToMake(place: string): string | null {
  try {
    sweep(place);
    const folder = mkdtempSync(join(place, `${PREFIX}${process.pid}.`));
    chmodSync(folder, 0o700); // whatever the umask took away
    return folder;
  } catch {
    return null;
  }
}

/** Removes what killed runs of this user left behind. */
function sweep(place: string): void {
  for (const name of readdirSync(place)) {
    const pid = name.startsWith(PREFIX) ? Number.parseInt(name.slice(PREFIX.length), 10) : Number.NaN;
    if (Number.isNaN(pid) || isRunning(pid)) continue;
    const path = join(place, name);
    try {
      const facts = lstatSync(path);
      if (facts.isDirectory() && facts.uid === process.getuid?.()) removeQuietly(path);
    } catch {
      // another run removed it
    }
  }
}

/** EPERM means that it runs and belongs to somebody else (kill(2)). */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

function isInMemory(place: string): boolean {
  if (process.platform !== "linux") return false;
  try {
    const { type } = statfsSync(place);
    return type === TMPFS || type === RAMFS;
  } catch {
    return false;
  }
}

function removeQuietly(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // the folder is private, and the next run tries again
  }
}
