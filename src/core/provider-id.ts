/** What a provider's name on the command line means. Pure. */
import { DIGITS, LOWER, madeOf, UPPER } from "./characters.ts";
import { fail } from "./errors.ts";
import { shownWord } from "./shown-path.ts";

/** What an id looks like. */
export const ID_PATTERN = /^[a-z0-9][a-z0-9-]{0,63}$/;

const CHARACTERS = `${LOWER}${UPPER}${DIGITS}-`;
const LONGEST = 64;

/** The id a name means: trimmed, lower case. Look-alikes and odd characters are E_UNKNOWN_PROVIDER, with this hint. */
export function providerId(name: string, advice?: string): string {
  const trimmed = name.trim();
  // Tested before lower-casing: the Kelvin sign, for one, lower-cases to an ASCII k.
  const first = trimmed.charAt(0);
  if (first === "" || first === "-" || !madeOf(trimmed, CHARACTERS) || trimmed.length > LONGEST) {
    const hint = name.includes(",")
      ? `separate providers by spaces: ${name.split(/[, ]+/).filter(Boolean).map(shownWord).join(" ")}`
      : advice;
    throw fail(
      "E_UNKNOWN_PROVIDER",
      `'${shownWord(name)}' is not a provider's name: only a-z, 0-9 and '-'`,
      hint,
    );
  }
  return trimmed.toLowerCase();
}
