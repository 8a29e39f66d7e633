/** Text as bytes, for what every start does: the first TextEncoder of a run takes longer than a short text. Pure. */

/** From so many characters on a TextEncoder is quicker, even the first time. */
const LONG = 1_000;

/** The UTF-8 bytes of a text. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  if (text.length > LONG) return new TextEncoder().encode(text);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > 0x7f) return new TextEncoder().encode(text);
    bytes[at] = code;
  }
  return bytes;
}
