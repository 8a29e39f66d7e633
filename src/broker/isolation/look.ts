/** What sockets are found with: looks at files and at /proc that say no more than "no" where something is in the way. */
import { type Dirent, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import type { RawEnvironment } from "../../core/environment.ts";
import { clean, fail } from "../../core/errors.ts";

/** Where a search begins. */
export interface Session {
  readonly raw: RawEnvironment;
  readonly cwd: string;
}

/** Throws for a name that is not UTF-8: it could not be told to the kernel as it is. */
export function readable(path: string): string {
  if (!path.includes("\ufffd")) return path;
  const what = `the socket '${clean(path, 80)}' has a name that is no text, and cannot be hidden`;
  throw fail("E_ISOLATION", what, "remove it, or stop the program that listens there");
}

export function isSocket(path: string): boolean {
  try {
    return statSync(path).isSocket();
  } catch {
    return false;
  }
}

export function isClosed(path: string): boolean {
  try {
    statSync(path);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EACCES";
  }
}

export function linkOf(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

export function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

export function namesIn(folder: string): readonly string[] {
  return entriesOf(folder).map(({ name }) => name);
}

export function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
