/** Characters that no shell, unquoted command substitution or dotenv reader ever changes. Pure; loads nothing. */
import { DIGITS, LOWER, madeOf, UPPER } from "../../core/characters.ts";

/** Of values and names. It begins like an assignment: `set -k` would take such a word away. */
const PLAIN = `${UPPER}${LOWER}${DIGITS}_=.~+/:@%,-`;

/** Whether a text has something in it, and nothing but such characters. */
export function isPlain(text: string): boolean {
  return text !== "" && madeOf(text, PLAIN);
}

/**
 * What a posix line begins with. It fails, before anything is changed, in a shell that does not evaluate the text as it
 * was printed. `eval` joins with spaces what the shell has split by IFS: a character of IFS among these makes the two
 * words differ or makes more of them, and so do a quote, a backslash or an ampersand. Where words that look like an
 * assignment are not arguments (`set -k`), or are taken for a pattern without a match (zsh with GLOB_SUBST), there is one
 * too few.
 */
export const POSIX_GUARD = `test '${PLAIN} x' = ${PLAIN}\\ x && `;
