/** As much of Windows' executable format as the hardening needs: sections by name. Source: Microsoft's "PE Format". */

export interface PeSection {
  /** Of its first byte in the file. */
  readonly offset: number;
  readonly size: number;
}

const SECTION_HEADER_BYTES = 40;

/** Returns a lookup that throws when there is no such section. Throws on anything but a 64-bit PE file. */
export function parsePe(file: Buffer): (name: string) => PeSection {
  const header = file.toString("latin1", 0, 2) === "MZ" ? file.readUInt32LE(0x3c) : 0;
  const optional = header + 24;
  if (file.toString("latin1", header, header + 4) !== "PE\0\0" || file.readUInt16LE(optional) !== 0x20b) {
    throw new Error("not a 64-bit PE file");
  }
  const count = file.readUInt16LE(header + 6);
  const table = optional + file.readUInt16LE(header + 20);
  const sections = new Map<string, PeSection>();
  for (let at = table; at < table + count * SECTION_HEADER_BYTES; at += SECTION_HEADER_BYTES) {
    const name = file.toString("latin1", at, at + 8).replace(/\0+$/, "");
    sections.set(name, { offset: file.readUInt32LE(at + 20), size: file.readUInt32LE(at + 16) });
  }
  return (name) => {
    const found = sections.get(name);
    if (!found) throw new Error(`the file has no section ${name}`);
    return found;
  };
}
