/**
 * As much of macOS's executable format as the hardening and the signing need. 64-bit little-endian, one machine only.
 * Source: <mach-o/loader.h> of Apple's xnu, https://github.com/apple-oss-distributions/xnu.
 */

export interface MachSection {
  /** Of its first byte in the file. */
  readonly offset: number;
  readonly size: number;
}

export interface MachO {
  /** By segment and section, as in `__TEXT,__const`. Throws when there is no such section. */
  section(name: string): MachSection;
  /** Where in the file a segment's load command is. Throws when there is no such segment. */
  segment(name: string): number;
  /** Where in the file the load command of the code signature is. Throws when there is none. */
  signature(): number;
}

const MH_MAGIC_64 = 0xfeedfacf;
const LC_SEGMENT_64 = 0x19;
const LC_CODE_SIGNATURE = 0x1d;
const HEADER_BYTES = 32;
const SEGMENT_BYTES = 72;
const SECTION_BYTES = 80;

/** Throws on anything but a 64-bit little-endian Mach-O file. */
export function parseMachO(file: Buffer): MachO {
  if (file.length < HEADER_BYTES || file.readUInt32LE(0) !== MH_MAGIC_64) {
    throw new Error("not a 64-bit little-endian Mach-O file");
  }
  const segments = new Map<string, number>();
  const sections = new Map<string, MachSection>();
  let signature: number | undefined;
  let at = HEADER_BYTES;
  for (let left = file.readUInt32LE(16); left > 0; left--, at += file.readUInt32LE(at + 4)) {
    const command = file.readUInt32LE(at);
    if (command === LC_CODE_SIGNATURE) signature = at;
    if (command !== LC_SEGMENT_64) continue;
    const segment = nameAt(file, at + 8);
    segments.set(segment, at);
    const first = at + SEGMENT_BYTES;
    const end = first + file.readUInt32LE(at + 64) * SECTION_BYTES;
    for (let place = first; place < end; place += SECTION_BYTES) {
      const size = Number(file.readBigUInt64LE(place + 40));
      sections.set(`${segment},${nameAt(file, place)}`, { offset: file.readUInt32LE(place + 48), size });
    }
  }
  return {
    section: (name) => found(sections.get(name), name),
    segment: (name) => found(segments.get(name), name),
    signature: () => found(signature, "code signature"),
  };
}

function nameAt(file: Buffer, at: number): string {
  return file.toString("latin1", at, at + 16).replace(/\0+$/, "");
}

function found<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new Error(`the file has no ${name}`);
  return value;
}
