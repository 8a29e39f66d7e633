/**
 * Makes text from a vendor safe to show: it may echo the key it was sent, whole (Gemini: "Consumer
 * 'api_key:…' has been suspended"), in part or encoded, and no recognisable part of it may reach a terminal
 * or a log. Pure.
 */
import { clean } from "./errors.ts";
import { reveal, type Secret } from "./secret.ts";

/** From this many characters in a row on, a piece of a secret gives it away. Shorter ones are masks: `sk-ab***wxyz`. */
const RUN = 6;

/** What an echo can be broken up by without a reader noticing: blanks, controls, invisible characters. */
const BETWEEN = /[\s\p{C}]/u;

/**
 * Replaces by `***` every run of {@link RUN} or more characters that also occurs in a secret, be it plain,
 * percent-encoded (RFC 3986 §2.1) or base64 (RFC 4648 §4 and §5, at any alignment), in any letter case and
 * across blanks and invisible characters; a shorter secret wherever it occurs. Then {@link clean}s what
 * is left, to at most `limit` characters.
 */
export function scrub(text: string, secrets: readonly Secret[], limit = 300): string {
  // What comes after that is cut off by clean() as well.
  const shown = text.slice(0, limit * 4);
  const { text: dense, places } = condense(shown);
  const hidden = new Set<number>();
  for (const piece of pieces(secrets)) {
    for (let at = dense.indexOf(piece); at >= 0; at = dense.indexOf(piece, at + 1)) {
      const last = places[at + piece.length - 1] ?? -1;
      for (let place = places[at] ?? 0; place <= last; place++) hidden.add(place);
    }
  }
  let safe = "";
  for (let at = 0; at < shown.length; at++) {
    if (!hidden.has(at)) safe += shown.charAt(at);
    else if (!hidden.has(at - 1)) safe += "***";
  }
  return clean(safe, limit);
}

/** Every run of {@link RUN} characters of every form of every secret; a shorter form whole. */
function pieces(secrets: readonly Secret[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const form of secrets.flatMap((wrapped) => forms(reveal(wrapped)))) {
    const { text: dense } = condense(form);
    if (dense.length > 0 && dense.length < RUN) found.add(dense);
    for (let at = 0; at + RUN <= dense.length; at++) found.add(dense.slice(at, at + RUN));
  }
  return found;
}

function forms(value: string): readonly string[] {
  const bytes = new TextEncoder().encode(value);
  const everyByte = [...bytes].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
  const inBase64 = [0, 1, 2].map((lead) => base64(bytes, lead));
  return [
    value,
    encodeURIComponent(value.toWellFormed()),
    everyByte,
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

/** The text as it is compared: without what may be {@link BETWEEN}, ASCII in lower case; and where each character was. */
function condense(text: string): { readonly text: string; readonly places: readonly number[] } {
  const places: number[] = [];
  let dense = "";
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (BETWEEN.test(character)) continue;
    places.push(at);
    dense += character;
  }
  // toLowerCase() alone would make two characters of some, and places would no longer fit.
  return { text: dense.replace(/[A-Z]/g, (letter) => letter.toLowerCase()), places };
}
