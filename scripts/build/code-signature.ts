/**
 * Signs a finished macOS file ad hoc, as linkers do: a code directory with the SHA-256 of every page and no identity
 * behind it. Apple silicon runs nothing without one, and no Mac runs a page that does not match. It is made anew
 * for every file: Bun 1.4.5 signs what it compiles for arm64, but leaves in what it compiles for x64 the signature of
 * its own executable, which no longer matches. A release with a Developer ID is signed over this one.
 * Source: cs_blobs.h of Apple's xnu, https://github.com/apple-oss-distributions/xnu/blob/main/osfmk/kern/cs_blobs.h.
 */
import { type MachO, parseMachO } from "./mach-o.ts";

const EMBEDDED_SIGNATURE = 0xfade0cc0;
const CODE_DIRECTORY = 0xfade0c02;
const SUPPORTS_EXEC_SEGMENT = 0x20400;
/** CS_ADHOC | CS_LINKER_SIGNED */
const FLAGS = 0x20002;
const MAIN_BINARY = 1n;
const SHA256 = 2;
const HASH_BYTES = 32;
/** As a power of two. */
const PAGE_BITS = 12;
const PAGE = 1 << PAGE_BITS;
/** Of Apple silicon, and a multiple of that of x64. */
const SEGMENT_PAGE = 0x4000n;
const DIRECTORY_BYTES = 88;
const CONTAINER_BYTES = 20;

/** Returns the file with an ad-hoc signature in place of the one it has. Throws when it has none. */
export function signAdHoc(file: Buffer, identifier: string): Buffer {
  const macho = parseMachO(file);
  const end = signedBytes(file, macho);
  const name = Buffer.from(`${identifier}\0`);
  const pages = Math.ceil(end / PAGE);
  const directoryBytes = DIRECTORY_BYTES + name.length + pages * HASH_BYTES;
  const size = CONTAINER_BYTES + directoryBytes;
  const signed = Buffer.alloc(end + size);
  file.copy(signed, 0, 0, end);
  announce(signed, macho, end, size);

  const container = signed.subarray(end);
  write32(container, [EMBEDDED_SIGNATURE, size, 1, 0, CONTAINER_BYTES]);
  const directory = container.subarray(CONTAINER_BYTES);
  const hashes = DIRECTORY_BYTES + name.length;
  write32(directory, [
    ...[CODE_DIRECTORY, directoryBytes, SUPPORTS_EXEC_SEGMENT, FLAGS],
    ...[hashes, DIRECTORY_BYTES, 0, pages, end],
  ]);
  Buffer.of(HASH_BYTES, SHA256, 0, PAGE_BITS).copy(directory, 36);
  const text = macho.segment("__TEXT");
  directory.writeBigUInt64BE(signed.readBigUInt64LE(text + 40), 64); // its place in the file
  directory.writeBigUInt64BE(signed.readBigUInt64LE(text + 48), 72); // its size there
  directory.writeBigUInt64BE(MAIN_BINARY, 80);
  name.copy(directory, DIRECTORY_BYTES);
  for (let page = 0; page < pages; page++) {
    pageHash(signed, page, end).copy(directory, hashes + page * HASH_BYTES);
  }
  return signed;
}

/**
 * How many pages of a signed file do not match its signature. Throws when the signature is not of the usual kind:
 * a code directory with SHA-256, first in the container, that covers everything before itself.
 */
export function mismatchedPages(file: Buffer): number {
  const end = signedBytes(file, parseMachO(file));
  const container = file.subarray(end);
  if (container.readUInt32BE(0) !== EMBEDDED_SIGNATURE) throw new Error("the code signature is not embedded");
  const directory = container.subarray(container.readUInt32BE(16));
  const [magic, limit, hashes] = [0, 32, 16].map((at) => directory.readUInt32BE(at));
  const pageBytes = 1 << directory.readUInt8(39);
  const pages = directory.readUInt32BE(28);
  const usual = magic === CODE_DIRECTORY && directory.readUInt8(37) === SHA256;
  if (!usual || limit !== end || pages !== Math.ceil(end / pageBytes)) {
    throw new Error("the code directory is not one with SHA-256 that covers the file");
  }
  let wrong = 0;
  for (let page = 0; page < pages; page++) {
    const at = (hashes ?? 0) + page * HASH_BYTES;
    if (!pageHash(file, page, end, pageBytes).equals(directory.subarray(at, at + HASH_BYTES))) wrong++;
  }
  return wrong;
}

/** How many bytes come before the signature: all of them are signed. */
function signedBytes(file: Buffer, macho: MachO): number {
  return file.readUInt32LE(macho.signature() + 8);
}

/** Writes the signature's size into the load commands, which are signed themselves. */
function announce(file: Buffer, macho: MachO, end: number, size: number): void {
  const segment = macho.segment("__LINKEDIT");
  const start = file.readBigUInt64LE(segment + 40);
  const inFile = BigInt(end + size) - start;
  // The last segment: it may grow in memory.
  const inMemory = (inFile + SEGMENT_PAGE - 1n) & ~(SEGMENT_PAGE - 1n);
  if (file.readBigUInt64LE(segment + 32) < inMemory) file.writeBigUInt64LE(inMemory, segment + 32);
  file.writeBigUInt64LE(inFile, segment + 48);
  file.writeUInt32LE(size, macho.signature() + 12);
}

function pageHash(file: Buffer, page: number, end: number, bytes = PAGE): Buffer {
  const content = file.subarray(page * bytes, Math.min((page + 1) * bytes, end));
  return new Bun.CryptoHasher("sha256").update(content).digest();
}

function write32(into: Buffer, values: readonly number[]): void {
  for (const [index, value] of values.entries()) into.writeUInt32BE(value, index * 4);
}
