/**
 * Makes text from a vendor safe to show: it may echo the key it was sent, whole (Gemini: "Consumer
 * 'api_key:…' has been suspended"), in part or encoded, and no recognisable part of it may reach a terminal
 * or a log. Pure.
 */
import { clean } from "./errors.ts";
import { reveal, type Secret } from "./secret.ts";

/** From this many characters in a row on, a piece of a secret gives it away. Shorter ones are masks: `sk-ab***wxyz`. */
const RUN = 6;

/** What an echo can be broken up by without a reader noticing: blanks, controls, marks, invisible characters. */
const BETWEEN = /[\s\p{C}\p{M}\u115f\u1160\u2800\u3164\uffa0]/u;

/** One character in disguise: RFC 3986 §2.1, RFC 8259 §7, and numeric references of HTML. */
const ENCODED = /%([0-9a-f]{2})|\\u([0-9a-f]{4})|\\x([0-9a-f]{2})|&#x([0-9a-f]{1,4});|&#(\d{1,5});/iy;

/**
 * Replaces by `***` every run of {@link RUN} or more characters that also occurs in a secret, be it plain, in
 * hexadecimal, base64 (RFC 4648 §4 and §5, at any alignment), or with any of its characters encoded on their own
 * ({@link ENCODED}), in any letter case and across blanks and invisible characters; a shorter secret wherever it
 * occurs. Then {@link clean}s what is left, to at most `limit` characters.
 */
export function scrub(text: string, secrets: readonly Secret[], limit = 300): string {
  // What comes after that is cut off by clean() as well.
  const shown = text.slice(0, limit * 4);
  const { text: dense, starts, ends } = condense(shown);
  const { runs, short } = pieces(secrets);
  const hidden = new Set<number>();
  const hide = (from: number, length: number): void => {
    const end = ends[from + length - 1] ?? 0;
    for (let place = starts[from] ?? 0; place < end; place++) hidden.add(place);
  };
  for (let at = 0; at + RUN <= dense.length; at++) if (runs.has(dense.slice(at, at + RUN))) hide(at, RUN);
  for (const piece of short) {
    for (let at = dense.indexOf(piece); at >= 0; at = dense.indexOf(piece, at + 1)) hide(at, piece.length);
  }
  let safe = "";
  for (let at = 0; at < shown.length; at++) {
    if (!hidden.has(at)) safe += shown.charAt(at);
    else if (!hidden.has(at - 1)) safe += "***";
  }
  return clean(safe, limit);
}

/** Every run of {@link RUN} characters of every form of every secret; forms that are shorter, whole. */
function pieces(secrets: readonly Secret[]): { runs: ReadonlySet<string>; short: ReadonlySet<string> } {
  const runs = new Set<string>();
  const short = new Set<string>();
  for (const form of secrets.flatMap((wrapped) => forms(reveal(wrapped)))) {
    const { text: dense } = condense(form);
    if (dense.length > 0 && dense.length < RUN) short.add(dense);
    for (let at = 0; at + RUN <= dense.length; at++) runs.add(dense.slice(at, at + RUN));
  }
  return { runs, short };
}

function forms(value: string): readonly string[] {
  const bytes = new TextEncoder().encode(value);
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0"));
  const inBase64 = [0, 1, 2].map((lead) => base64(bytes, lead));
  return [
    value,
    // Bytes of UTF-8 as single characters: what percent-encoding decodes to here.
    Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""),
    hex.join(""),
    ...inBase64,
    ...inBase64.map((text) => text.replaceAll("+", "-").replaceAll("/", "_")),
  ];
}

/**
 * The base64 characters that depend on these bytes alone when `lead` others precede them, as in the
 * `user:password` of RFC 7617. Those that share bits with a neighbour are dropped at both ends.
 */
function base64(bytes: Uint8Array, lead: number): string {
  const all = new Uint8Array(lead + bytes.length);
  all.set(bytes, lead);
  const text = btoa(Array.from(all, (byte) => String.fromCharCode(byte)).join(""));
  return text.slice(Math.ceil((lead * 8) / 6), Math.floor((all.length * 8) / 6));
}

/**
 * The text as it is compared: encoded characters decoded, without what may be {@link BETWEEN}, ASCII in lower case; and
 * where each character was.
 */
function condense(text: string): Condensed {
  const starts: number[] = [];
  const ends: number[] = [];
  let dense = "";
  for (let at = 0; at < text.length; ) {
    ENCODED.lastIndex = at;
    const [whole = text.charAt(at), percent, unit, byte, hex, decimal] = ENCODED.exec(text) ?? [];
    const digits = percent ?? unit ?? byte ?? hex;
    const code = digits === undefined ? Number(decimal) : Number.parseInt(digits, 16);
    const character = Number.isNaN(code) ? whole : String.fromCharCode(code);
    if (!BETWEEN.test(character)) {
      starts.push(at);
      ends.push(at + whole.length);
      dense += character;
    }
    at += whole.length;
  }
  // toLowerCase() alone would make two characters of some, and the places would no longer fit.
  return { text: dense.replace(/[A-Z]/g, (letter) => letter.toLowerCase()), starts, ends };
}

interface Condensed {
  readonly text: string;
  /** Where each of its characters begins and ends in the original. */
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}
