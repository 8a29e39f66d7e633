/**
 * How a text is encoded in the blob of a Windows credential: by Python keyring's rule, UTF-16-LE without terminator or
 * byte order mark; and what is not that is read as UTF-8. Knows nothing of credentials.
 */

/**
 * The text as it is to be encoded: with a byte order mark in front where readers would take its own first character
 * for one and drop it, or turn all bytes round.
 */
export function marked(text: string): string {
  return /^[\ufeff\ufffe]/.test(text) ? `\ufeff${text}` : text;
}

/** The UTF-16 code units of a text as Windows has them, little-endian. */
export function encodeUtf16(text: string): Uint16Array<ArrayBuffer> {
  return Uint16Array.from({ length: text.length }, (_, index) => text.charCodeAt(index));
}

/** The text of a blob that any program wrote; null when it is neither UTF-16 nor UTF-8. */
export function decodeText(blob: Uint8Array): string | null {
  const utf16 = blob[0] === 0xfe && blob[1] === 0xff ? "utf-16be" : "utf-16le";
  return decoded(utf16, false, blob) ?? decoded("utf-8", true, blob);
}

/** The text of bytes that {@link encodeUtf16} made; null when they are not whole. Keeps a byte order mark. */
export function decodeUtf16(bytes: Uint8Array): string | null {
  return decoded("utf-16le", true, bytes);
}

function decoded(encoding: "utf-8" | "utf-16le" | "utf-16be", ignoreBOM: boolean, bytes: Uint8Array) {
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM }).decode(bytes);
  } catch {
    return null;
  }
}
