/**
 * A lock between processes that the kernel frees when its holder dies: flock(2) on a file in a folder of our
 * own. The file stays; only the lock on it counts. Waiting is bounded and does not block the event loop.
 */
import { dlopen } from "bun:ffi";
import { closeSync, constants, fstatSync, lstatSync, mkdirSync, openSync } from "node:fs";
import { fail } from "../core/errors.ts";

const LOCK_EX_NB = 2 | 4;
const FIRST_PAUSE_MS = 4;
const LONGEST_PAUSE_MS = 50;

export interface Lock {
  release(): void;
}

/** Where lock files live: the runtime folder, which a reboot empties, else the state folder. */
export function lockFolder(env: Readonly<Record<string, string | undefined>>): string {
  const runtime = env["XDG_RUNTIME_DIR"];
  if (runtime?.startsWith("/") && isFolder(runtime)) return `${runtime}/gum-cred`;
  const state = env["XDG_STATE_HOME"];
  return state?.startsWith("/") ? `${state}/gum-cred` : `${env["HOME"] || "/"}/.local/state/gum-cred`;
}

/**
 * Waits at most `timeoutMs` for the lock `name` in `folder`. Throws E_LOCK_TIMEOUT when it stays taken and
 * E_UNSAFE_FILE when folder or file are links, not ours, or writable by others.
 */
export async function acquireLock(folder: string, name: string, timeoutMs: number): Promise<Lock> {
  const fd = openLockFile(folder, name);
  try {
    const deadline = performance.now() + timeoutMs;
    for (let pause = FIRST_PAUSE_MS; !tryFlock(fd); pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      if (performance.now() >= deadline) {
        throw fail("E_LOCK_TIMEOUT", `another gum-cred has held its lock for ${timeoutMs / 1000} s`);
      }
      await Bun.sleep(pause * (0.5 + Math.random()));
    }
    return { release: () => closeSync(fd) };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function openLockFile(folder: string, name: string): number {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const stat = lstatSync(folder);
    refuseUnlessOurs(stat.isDirectory(), stat.uid, stat.mode, folder);
    const path = `${folder}/${name}.lock`;
    const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
    try {
      const file = fstatSync(fd);
      refuseUnlessOurs(file.isFile(), file.uid, file.mode, path);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    return fd;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ELOOP") {
      throw fail("E_UNSAFE_FILE", `the lock file in ${folder} is a symbolic link`, "remove it");
    }
    if (error instanceof Error && "syscall" in error) {
      throw fail(
        "E_UNSAFE_FILE",
        `the lock folder ${folder} cannot be used`,
        "set XDG_STATE_HOME to a folder of yours",
      );
    }
    throw error;
  }
}

function refuseUnlessOurs(rightKind: boolean, uid: number, mode: number, path: string): void {
  if (!rightKind || uid !== process.geteuid?.() || (mode & 0o022) !== 0) {
    throw fail("E_UNSAFE_FILE", `${path} is not yours alone, so it cannot guard anything`);
  }
}

function isFolder(path: string): boolean {
  try {
    return lstatSync(path).isDirectory();
  } catch {
    return false;
  }
}

let library: { flock(fd: number, operation: number): number } | undefined;

function tryFlock(fd: number): boolean {
  library ??= dlopen(process.platform === "darwin" ? "libSystem.B.dylib" : "libc.so.6", {
    flock: { args: ["i32", "i32"], returns: "i32" },
  }).symbols;
  return library.flock(fd, LOCK_EX_NB) === 0;
}
