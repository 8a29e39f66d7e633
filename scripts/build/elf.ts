/**
 * As much of the ELF format as the build needs: sections by name, imported symbols, and what is mapped where. 64-bit
 * little-endian only. Source: the System V ABI's chapters "Object Files" (gabi) and, for versions, the Linux Standard Base.
 */

export interface Section {
  readonly name: string;
  /** Of its first byte in the file. */
  readonly offset: number;
  readonly size: number;
}

/** One entry of the dynamic symbol table that the program wants from a library. */
export interface Import {
  readonly name: string;
  /** Where in the file the entry keeps the place of its name. */
  readonly nameField: number;
  /** Place of the name in `.dynstr`. */
  readonly nameOffset: number;
  /** Index of the version it asks for, 0 where symbols have no versions (musl). */
  readonly version: number;
}

export interface Elf {
  readonly imports: readonly Import[];
  /** Throws when there is no such section. */
  section(name: string): Section;
  /** The section's bytes in the file itself, not a copy. */
  bytesOf(name: string): Buffer;
}

/** What is mapped from the file, whole and in its place in memory. */
export interface Segment {
  readonly address: number;
  readonly bytes: number;
  /** How proc(5)'s `maps` begins to say so, where memory has pages of the usual size: range, flags, place in the file. */
  readonly line: string;
}

const ET_EXEC = 2;
const PT_LOAD = 1;
const PF_X = 1;
const PF_W = 2;
const SEGMENT_HEADER_BYTES = 56;
const PAGE_BYTES = 4096;

/** What is mapped from the file and never written; nothing where the system chooses the place (ET_DYN). */
export function unwrittenSegments(file: Buffer): readonly Segment[] {
  requireElf(file);
  if (file.readUInt16LE(16) !== ET_EXEC) return []; // e_type
  const table = Number(file.readBigUInt64LE(32)); // e_phoff
  const segments: Segment[] = [];
  for (let index = 0; index < file.readUInt16LE(56); index++) {
    const at = table + index * SEGMENT_HEADER_BYTES;
    const flags = file.readUInt32LE(at + 4);
    if (file.readUInt32LE(at) !== PT_LOAD || (flags & PF_W) !== 0) continue;
    const offset = Number(file.readBigUInt64LE(at + 8));
    const address = Number(file.readBigUInt64LE(at + 16));
    const bytes = Number(file.readBigUInt64LE(at + 32)); // p_filesz
    const range = `${pageAt(address)}-${pageAt(address + bytes + PAGE_BYTES - 1)}`;
    segments.push({ address, bytes, line: `${range} r-${flags & PF_X ? "x" : "-"}p ${pageAt(offset)} ` });
  }
  return segments;
}

/** The beginning of the page around an address, as `maps` shows it. */
function pageAt(address: number): string {
  return (Math.floor(address / PAGE_BYTES) * PAGE_BYTES).toString(16).padStart(8, "0");
}

/** Whether it is a 64-bit little-endian ELF file. */
export function isElf(file: Buffer): boolean {
  return file.toString("latin1", 0, 6) === "\x7fELF\x02\x01";
}

function requireElf(file: Buffer): void {
  if (!isElf(file)) throw new Error("not a 64-bit little-endian ELF file");
}

const SHT_NOBITS = 8;
const SECTION_HEADER_BYTES = 64;
const SYMBOL_BYTES = 24;

/** Throws on anything but a 64-bit little-endian ELF file with section headers. */
export function parseElf(file: Buffer): Elf {
  requireElf(file);
  const sections = readSections(file);
  const section = (name: string) => {
    const found = sections.get(name);
    if (!found) throw new Error(`the file has no section ${name}`);
    return found;
  };
  const bytesOf = (name: string) => {
    const { offset, size } = section(name);
    return file.subarray(offset, offset + size);
  };
  const versions = sections.has(".gnu.version") ? bytesOf(".gnu.version") : null;
  const imports = readImports(section(".dynsym").offset, bytesOf(".dynsym"), bytesOf(".dynstr"), versions);
  return { imports, section, bytesOf };
}

function readSections(file: Buffer): ReadonlyMap<string, Section> {
  const table = Number(file.readBigUInt64LE(40)); // e_shoff
  const count = file.readUInt16LE(60); // e_shnum
  const header = (index: number) => {
    const at = table + index * SECTION_HEADER_BYTES;
    return {
      name: file.readUInt32LE(at),
      type: file.readUInt32LE(at + 4),
      offset: Number(file.readBigUInt64LE(at + 24)),
      size: Number(file.readBigUInt64LE(at + 32)),
    };
  };
  const names = header(file.readUInt16LE(62)).offset; // e_shstrndx
  const sections = new Map<string, Section>();
  for (let index = 1; index < count; index++) {
    const { name, type, offset, size } = header(index);
    const text = stringAt(file, names + name);
    if (type !== SHT_NOBITS) sections.set(text, { name: text, offset, size });
  }
  return sections;
}

function readImports(tableOffset: number, table: Buffer, strings: Buffer, versions: Buffer | null): Import[] {
  const imports: Import[] = [];
  for (let at = SYMBOL_BYTES; at < table.length; at += SYMBOL_BYTES) {
    if (table.readUInt16LE(at + 6) !== 0) continue; // st_shndx: defined here, so not imported
    const nameOffset = table.readUInt32LE(at); // st_name
    const version = versions?.readUInt16LE((at / SYMBOL_BYTES) * 2) ?? 0;
    imports.push({ name: stringAt(strings, nameOffset), nameField: tableOffset + at, nameOffset, version });
  }
  return imports;
}

function stringAt(bytes: Buffer, at: number): string {
  return bytes.toString("latin1", at, bytes.indexOf(0, at));
}
