/** The memory that a program's own code takes: two thirds of a short run's, and most of it Bun's start, which is over. */
import { codeCalls, cString } from "./libc.ts";

/**
 * What is mapped from the program's file and never written, on Linux: address, length, and how proc(5)'s `maps` begins to
 * say so. Put in by scripts/build/compile.ts.
 */
declare const GUM_CRED_CODE: readonly (readonly [address: number, bytes: number, line: string])[] | undefined;

/** `<sys/mman.h>` */
const MADV_DONTNEED = 4;

/** Of `maps`, where the program's own mappings are the lowest, and come first. */
const BEGINNING_BYTES = 512;
/** The device of what is mapped from no file. */
const NO_DEVICE = "00:00 ";

/**
 * Gives it back. What runs again is mapped again, from the system's copy of the file, which takes a while: for where there
 * is a wait anyway. Does nothing where that cannot be done, or where a packer or a preloaded library has put the code
 * into memory of its own, which would be lost.
 */
export function releaseCode(): void {
  if (typeof GUM_CRED_CODE === "undefined") return;
  const c = codeCalls();
  const fd = c?.open(cString("/proc/self/maps"), 0) ?? -1;
  if (c === null || fd < 0) return;
  const maps = new Uint8Array(BEGINNING_BYTES);
  c.read(fd, maps, maps.length);
  c.close(fd);
  for (const [address, bytes, line] of GUM_CRED_CODE) {
    if (isOfFile(maps, line)) c.madvise(address, bytes, MADV_DONTNEED);
  }
}

/** By bytes: the first use of a text's own functions takes half a megabyte, and this is to save some. */
function isOfFile(maps: Uint8Array, line: string): boolean {
  for (let at = 0; at < maps.length; at++) {
    if (saysAt(maps, at, line)) return !saysAt(maps, at + line.length, NO_DEVICE);
  }
  return false;
}

function saysAt(maps: Uint8Array, at: number, text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    if (maps[at + index] !== text.charCodeAt(index)) return false;
  }
  return true;
}
