/**
 * Tells whether many files are unchanged since they were examined, without opening them: a hash of what
 * lstat(2) says, of all of them or of each. On Linux by statx(2) through bun:ffi, half a microsecond a file, so that no node:fs need be
 * loaded for it; elsewhere by node:fs. A stamp says "unchanged", never "trusted": that is
 * decided by safe-file.ts. It does not protect against an attacker who can set these files' times of change.
 */
import { ptr } from "../native/ffi.ts";
import { statCalls } from "../native/libc.ts";
import {
  STATX as AT,
  AT_FDCWD,
  AT_SYMLINK_NOFOLLOW,
  O_PATH_CLOEXEC,
  STATX_BASIC_STATS,
} from "./file-calls.ts";

/** Files in one folder, by name; by path where the folder is empty. Separated by NUL. */
export interface Group {
  readonly folder: string;
  readonly names: string;
}

/**
 * A stamp of these paths and of what is there. `files` count with everything but the time they were read: a write,
 * chmod, chown or replacement shows in the time of change, which no user can set. `folders` count with owner and mode
 * alone. A missing file is a state like any other.
 */
export function stampOf(files: readonly Group[], folders: Group): string {
  const groups = [...files, folders];
  const seen = lookAt(groups) ?? lookByNode(groups);
  const firstFolder = seen.length - countIn(folders) * AT.end;
  for (let at = 0; at < seen.length; at += AT.end) {
    leaveOutReading(seen, at);
    if (at < firstFolder) continue;
    seen[at + AT.nlink] = 0;
    seen.fill(0, at + AT.size, at + AT.blocks + 2);
    seen.fill(0, at + AT.ctime, at + AT.dev - 2);
  }
  const names = groups.map((group) => `${group.folder}\0\0${group.names}`).join("\0\0");
  return Bun.hash(seen, Bun.hash(names)).toString(16);
}

/** What one file was at a moment. */
export interface Stamp {
  /** As in {@link stampOf}, for this file alone and without its name. */
  readonly stamp: string;
  /** When it was last changed, in whole milliseconds since 1970; 0 for a file that is not there. */
  readonly changedMs: number;
}

/** A stamp of each file of a group, in the order of its names. */
export function stampsOf(group: Group): readonly Stamp[] {
  const seen = lookAt([group]) ?? lookByNode([group]);
  const bytes = new Uint8Array(seen.buffer);
  const stamps: Stamp[] = [];
  for (let at = 0; at < seen.length; at += AT.end) {
    leaveOutReading(seen, at);
    const seconds = (seen[at + AT.ctime] ?? 0) + ((seen[at + AT.ctime + 1] ?? 0) | 0) * 2 ** 32;
    stamps.push({
      stamp: String(Bun.hash(bytes.subarray(at * 4, (at + AT.end) * 4))),
      changedMs: seconds * 1000 + Math.floor((seen[at + AT.ctime + 2] ?? 0) / 1e6),
    });
  }
  return stamps;
}

/** The paths of a group. */
export function pathsIn({ folder, names }: Group): readonly string[] {
  return names.split("\0").map((name) => (folder === "" ? name : `${folder}/${name}`));
}

/** The folders above a path, the nearest first. */
export function foldersAbove(path: string): readonly string[] {
  const end = Math.max(path.lastIndexOf("/"), process.platform === "win32" ? path.lastIndexOf("\\") : -1);
  const folder = path.slice(0, Math.max(end, 0));
  return folder === "" ? [] : [folder, ...foldersAbove(folder)];
}

/** The time of reading, and what depends on who asks. */
function leaveOutReading(seen: Uint32Array, at: number): void {
  seen.fill(0, at + AT.atime, at + AT.atime + 4);
  seen.fill(0, at + AT.rest, at + AT.end);
}

function countIn({ names }: Group): number {
  return names.split("\0").length;
}

function room(groups: readonly Group[]): Uint32Array<ArrayBuffer> {
  return new Uint32Array(groups.reduce((count, group) => count + countIn(group), 0) * AT.end);
}

/** One `struct statx` after another, zeros where there is no file; null where there is no statx(2). */
function lookAt(groups: readonly Group[]): Uint32Array<ArrayBuffer> | null {
  const c = statCalls();
  if (!c) return null;
  const encoder = new TextEncoder();
  const seen = room(groups);
  let into: number = ptr(seen);
  for (const { folder, names } of groups) {
    const [path, bytes] = [encoder.encode(`${folder}\0`), encoder.encode(`${names}\0`)];
    // From its folder a name takes the kernel half as long as a path from the root.
    const fd = folder === "" ? AT_FDCWD : c.open(ptr(path), O_PATH_CLOEXEC);
    const begin: number = ptr(bytes);
    for (let name = 0; name < bytes.length; name = bytes.indexOf(0, name) + 1) {
      c.statx(fd, begin + name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, into);
      into += AT.end * 4;
    }
    if (fd >= 0) c.close(fd);
  }
  return seen;
}

/** The same by node:fs. */
function lookByNode(groups: readonly Group[]): Uint32Array<ArrayBuffer> {
  const { lstatSync } = process.getBuiltinModule("node:fs");
  const seen = room(groups);
  const numbers = new DataView(seen.buffer);
  for (const [index, path] of groups.flatMap(pathsIn).entries()) {
    const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    if (!stat) continue;
    const put = (at: number, value: bigint): void =>
      numbers.setBigUint64((index * AT.end + at) * 4, BigInt.asUintN(64, value), true);
    seen.set([Number(stat.uid), Number(stat.gid), Number(stat.mode)], index * AT.end + AT.uid);
    put(AT.ino, stat.ino);
    put(AT.size, stat.size);
    for (const [at, time] of [
      [AT.ctime, stat.ctimeNs],
      [AT.ctime + 4, stat.mtimeNs],
    ] as const) {
      put(at, time / 1_000_000_000n);
      put(at + 2, time % 1_000_000_000n);
    }
    put(AT.dev, stat.dev);
  }
  return seen;
}
