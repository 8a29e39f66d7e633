/** What the hardening needs to know of an executable, whatever its format: where its code and its strings are. */
import { parseElf } from "./elf.ts";
import { parseMachO } from "./mach-o.ts";
import { parsePe } from "./pe.ts";
import type { Target } from "./targets.ts";

/** A run of bytes, in the file itself and not a copy. */
export interface Region {
  /** Of its first byte in the file. */
  readonly offset: number;
  readonly bytes: Buffer;
}

export interface Executable {
  readonly code: Region;
  /** Read-only data, where names to look up are. */
  readonly strings: readonly Region[];
}

/** Throws when the file is not of the target's format. */
export function openExecutable(file: Buffer, os: Target["os"]): Executable {
  const regionOf = (section: { readonly offset: number; readonly size: number }): Region => ({
    offset: section.offset,
    bytes: file.subarray(section.offset, section.offset + section.size),
  });
  switch (os) {
    case "linux": {
      const { section } = parseElf(file);
      return { code: regionOf(section(".text")), strings: [regionOf(section(".rodata"))] };
    }
    case "windows": {
      const section = parsePe(file);
      return { code: regionOf(section(".text")), strings: [regionOf(section(".rdata"))] };
    }
    case "darwin": {
      const { section } = parseMachO(file);
      const strings = ["__TEXT,__cstring", "__TEXT,__const"].map(section).map(regionOf);
      return { code: regionOf(section("__TEXT,__text")), strings };
    }
  }
}
