/**
 * A lock between processes that the kernel releases when its holder dies: flock(2) on a file in a folder of our
 * own, an exclusively opened file on Windows. The file stays; only the lock on it counts. Waiting is bounded
 * and does not block the event loop.
 */
import type { RawEnvironment } from "../../core/environment.ts";
import { fail, type GumCredError } from "../../core/errors.ts";
import { quotedPath } from "../../core/shown-path.ts";
import { systemCode } from "../../core/system-error.ts";
import { ERRNO, errno, errnoName, lockCalls } from "../native/libc.ts";
import { type Facts, fileCalls } from "./file-calls.ts";

const FIRST_PAUSE_MS = 4;
const LONGEST_PAUSE_MS = 50;

export interface Lock {
  release(): void;
}

/** A lock file that can be tried again and again. */
interface LockFile {
  /** False while another process has the lock. Throws E_UNSAFE_FILE when it cannot be acquired at all. */
  tryLock(): boolean;
  /** Gives up the lock, if it was taken, and the file. */
  close(): void;
}

/**
 * Where lock files live: the runtime folder, which a reboot empties, else the state folder. A runtime folder
 * that is not ours alone (XDG Base Directory Specification; `sudo -E` passes on another user's) does not count. Where nobody
 * passed XDG_RUNTIME_DIR on, as to a job of cron's, the folder of the session bus's socket is it: whoever uses the same
 * keychain must find the same lock.
 */
export function lockFolder(env: RawEnvironment): string {
  if (process.platform === "win32") return `${env["LOCALAPPDATA"] || env["USERPROFILE"] || "C:"}\\gum-cred`;
  const runtime = env["XDG_RUNTIME_DIR"] || busFolder(env["DBUS_SESSION_BUS_ADDRESS"]);
  if (runtime?.startsWith("/") && isOursAlone(runtime)) return `${runtime}/gum-cred`;
  const state = env["XDG_STATE_HOME"];
  return state?.startsWith("/") ? `${state}/gum-cred` : `${homeFolder(env)}/.local/state/gum-cred`;
}

/** The folder of a socket that an address names by its path, without escapes. */
function busFolder(address = ""): string | undefined {
  return /^unix:(?:[^;]*,)?path=([^,;%]+)\/[^/,;%]+(?:[,;]|$)/.exec(address)?.[1];
}

/** Where no variable says, the system does; of a user whom it does not know, who can make no folder below the root, it is that. */
function homeFolder({ HOME: home }: RawEnvironment): string {
  if (home) return home;
  try {
    return process.getBuiltinModule("node:os").userInfo().homedir;
  } catch {
    return "";
  }
}

/**
 * Waits at most `timeoutMs` for the lock `name` in `folder`. Throws E_LOCK_TIMEOUT when it stays taken and
 * E_UNSAFE_FILE when folder or file are links, not ours, writable by others, or cannot be made or locked:
 * the caller must not continue without the lock.
 */
export async function acquireLock(folder: string, name: string, timeoutMs: number): Promise<Lock> {
  const file = process.platform === "win32" ? await windowsFile(folder, name) : unixFile(folder, name);
  try {
    const deadline = performance.now() + timeoutMs;
    for (let pause = FIRST_PAUSE_MS; !file.tryLock(); pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      if (performance.now() >= deadline) {
        throw fail("E_LOCK_TIMEOUT", `another gum-cred has held its lock for ${timeoutMs / 1000} s`);
      }
      await Bun.sleep(pause * (0.5 + Math.random()));
    }
    return { release: file.close };
  } catch (error) {
    file.close();
    throw error;
  }
}

function unixFile(folder: string, name: string): LockFile {
  const fd = openOurs(folder, name);
  return { tryLock: () => tryFlock(fd, folder), close: () => fileCalls().close(fd) };
}

function openOurs(folder: string, name: string): number {
  const path = `${folder}/${name}.lock`;
  const calls = fileCalls();
  try {
    makeFolders(folder);
    refuseUnlessOurs(calls.lstat(folder), "folder", folder);
    const fd = calls.openLock(path);
    try {
      refuseUnlessOurs(calls.fstat(fd), "file", path);
    } catch (error) {
      calls.close(fd);
      throw error;
    }
    return fd;
  } catch (error) {
    throw systemCode(error) === null ? error : unusable(folder, systemCode(error), path);
  }
}

/** The folder, and those above it that are missing. */
function makeFolders(folder: string): void {
  try {
    fileCalls().makeFolder(folder);
  } catch (error) {
    const end = folder.lastIndexOf("/");
    if (systemCode(error) !== "ENOENT" || end <= 0) throw error;
    makeFolders(folder.slice(0, end));
    fileCalls().makeFolder(folder);
  }
}

function refuseUnlessOurs(facts: Facts, kind: "folder" | "file", path: string): void {
  if (isOurs(facts, kind)) return;
  const isFolder = kind === "folder" && facts.kind === kind;
  throw fail(
    "E_UNSAFE_FILE",
    `${path} is not a ${kind === "folder" ? "directory" : "file"} of yours alone, so it cannot guard anything`,
    isFolder ? ownFolder(facts.uid === process.geteuid?.(), path) : gone(path),
  );
}

function ownFolder(isOwned: boolean, path: string): string {
  if (!isOwned) return anotherPlace(path);
  return `when nothing of others is in it, run: chmod go-w ${quotedPath(path)}`;
}

/** By the variable that the folder came from: any other would change nothing. */
function anotherPlace(folder: string): string {
  const { LOCALAPPDATA: local, XDG_RUNTIME_DIR: runtime, DBUS_SESSION_BUS_ADDRESS: bus } = process.env;
  const to = "to a folder of yours that you can write to";
  if (process.platform === "win32") return `set ${local ? "LOCALAPPDATA" : "USERPROFILE"} ${to}`;
  const isRuntime = Boolean(runtime) && folder === `${runtime}/gum-cred`;
  if (!isRuntime && folder === `${busFolder(bus)}/gum-cred`) {
    return "make the folder above it writable for you: whoever uses the same session bus takes the same lock";
  }
  if (!isRuntime) return `set XDG_STATE_HOME ${to}`;
  // The session bus is found by the same variable where no other names it.
  const keepBus = bus ? "" : ` and DBUS_SESSION_BUS_ADDRESS to unix:path=${runtime}/bus`;
  return `set XDG_RUNTIME_DIR ${to}${keepBus}`;
}

function gone(path: string): string {
  return `it is made anew when it is gone; run: rm ${quotedPath(path)}`;
}

function isOurs({ kind, uid, mode }: Facts, wanted: Facts["kind"]): boolean {
  return kind === wanted && uid === process.geteuid?.() && (mode & 0o022) === 0;
}

function isOursAlone(path: string): boolean {
  try {
    return isOurs(fileCalls().lstat(path), "folder");
  } catch {
    return false;
  }
}

function unusable(folder: string, code: string | null, path = folder): GumCredError {
  if (code === "ELOOP") {
    return fail("E_UNSAFE_FILE", `the lock file in ${folder} is a symbolic link`, gone(path));
  }
  return fail(
    "E_UNSAFE_FILE",
    `the lock folder ${folder} cannot be used (${code}), and without a lock nothing is changed`,
    anotherPlace(folder),
  );
}

/** `<sys/file.h>`: LOCK_EX | LOCK_NB */
const LOCK_EX_NB = 2 | 4;

function tryFlock(fd: number, folder: string): boolean {
  const c = lockCalls();
  if (c === null) throw unusable(folder, "no flock");
  if (c.flock(fd, LOCK_EX_NB) === 0) return true;
  const reason = errno();
  if (reason === ERRNO.EAGAIN || reason === ERRNO.EINTR) return false;
  // Some network file systems have no locks: waiting for one there would end with the wrong reason.
  throw unusable(folder, errnoName(reason));
}

/** What LOCALAPPDATA holds is the user's own already; nothing there needs to be proven. */
async function windowsFile(folder: string, name: string): Promise<LockFile> {
  try {
    fileCalls().makeFolder(folder);
  } catch (error) {
    throw unusable(folder, systemCode(error));
  }
  const { exclusiveFile } = await import("./lock-windows.ts");
  return exclusiveFile(`${folder}\\${name}.lock`);
}
