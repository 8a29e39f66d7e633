/**
 * How a secret can look in a program's output: as it is, and in the encodings that programs put values into.
 * Pure text to text.
 */

/** Shorter secrets are left alone: a word of five letters would be masked all over ordinary output. */
export const SHORTEST_REDACTED = 6;

/** Every form, each once; none when the value has fewer than {@link SHORTEST_REDACTED} characters. */
export function secretForms(value: string): readonly string[] {
  if (value.length < SHORTEST_REDACTED) return [];
  const text = value.toWellFormed();
  const bytes = new TextEncoder().encode(text);
  return [
    ...new Set([
      text,
      text.replaceAll("\n", "\r\n"), // what a terminal makes of it
      ...jsonForms(text),
      ...percentForms(text, bytes),
      ...[0, 1, 2].flatMap((lead) => base64Forms(bytes, lead)),
      ...hexForms(bytes),
    ]),
  ];
}

/** The forms that programs wrap into lines, to be looked for without white space: base64, hexadecimal. */
export function wrappedForms(value: string): readonly string[] {
  if (value.length < SHORTEST_REDACTED) return [];
  const bytes = new TextEncoder().encode(value.toWellFormed());
  const [lower = "", upperCase = ""] = hexForms(bytes);
  return [...new Set([...[0, 1, 2].flatMap((lead) => base64Forms(bytes, lead)), lower, upperCase])];
}

/** RFC 4648 §8 in either case, and with a colon between bytes, as OpenSSL prints it. */
function hexForms(bytes: Uint8Array): readonly string[] {
  const pairs = Array.from(bytes, (byte) => hex(byte, 2));
  const forms = [pairs.join(""), pairs.join(":"), pairs.join("\\x")];
  const [plain = "", colons = "", escapes = ""] = forms;
  return [plain, plain.toUpperCase(), colons, colons.toUpperCase(), `\\x${escapes}`];
}

/** RFC 8259 §7, with the characters that writers escape of their own accord: `/` (PHP), `<>&` (Go), non-ASCII (Python). */
function jsonForms(text: string): readonly string[] {
  const json = JSON.stringify(text).slice(1, -1);
  const escaped = (pattern: RegExp) => json.replace(pattern, (unit) => `\\u${hex(unit.charCodeAt(0), 4)}`);
  const ascii = escaped(/[^ -~]/g);
  return [json, json.replaceAll("/", "\\/"), escaped(/[<>&]/g), ascii, upper(ascii)];
}

/** RFC 3986 §2.1: with what each common encoder leaves alone, and every byte encoded; hexadecimal in either case. */
function percentForms(text: string, bytes: Uint8Array): readonly string[] {
  const component = encodeURIComponent(text);
  const strict = component.replace(
    /[!'()*]/g,
    (character) => `%${hex(character.charCodeAt(0), 2).toUpperCase()}`,
  );
  const form = new URLSearchParams([["", text]]).toString().slice(1);
  const every = [...bytes].map((byte) => `%${hex(byte, 2).toUpperCase()}`).join("");
  const forms = [component, strict, form, every];
  return [...forms, ...forms.map((encoded) => encoded.replace(/%../g, (triplet) => triplet.toLowerCase()))];
}

/**
 * RFC 4648 §4 and §5, with `lead` other bytes before it, as in the `user:password` of RFC 7617: the characters that
 * depend on these bytes alone, and the same with what closes it when nothing follows.
 */
function base64Forms(bytes: Uint8Array, lead: number): readonly string[] {
  const all = new Uint8Array(lead + bytes.length);
  all.set(bytes, lead);
  const start = Math.ceil((lead * 8) / 6);
  const padded = all.toBase64().slice(start);
  const unpadded = padded.replace(/=+$/, "");
  const inner = unpadded.slice(0, Math.floor((all.length * 8) / 6) - start);
  const forms = [inner, unpadded, padded];
  return [...forms, ...forms.map((form) => form.replaceAll("+", "-").replaceAll("/", "_"))];
}

/** Hexadecimal escapes in capitals; the rest stays. */
function upper(text: string): string {
  return text.replace(/\\u[0-9a-f]{4}/g, (escaped) => `\\u${escaped.slice(2).toUpperCase()}`);
}

function hex(code: number, width: number): string {
  return code.toString(16).padStart(width, "0");
}
