/**
 * The posix form, made for `eval $(gum-cred env)` without quotes: one line, so that no newline is lost to
 * word splitting, of characters that neither globbing nor splitting touches.
 */
import { type EnvFormat, plainValue } from "./format.ts";

/** Every character of a value or a name. It begins like an assignment: `set -k` would take such a word away. */
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_=.~+/:@%,-";

/**
 * Fails, before anything is changed, in a shell that does not evaluate the text as it was printed. `eval` joins with
 * spaces what the shell has split by IFS: a character of IFS in the alphabet makes the two words differ or makes
 * more of them, and so do a quote, a backslash or an ampersand. Where words that look like an assignment are no
 * arguments (`set -k`), or are taken for a pattern without a match (zsh with GLOB_SUBST), there is one too few.
 */
export const POSIX_GUARD = `test '${ALPHABET} x' = ${ALPHABET}\\ x && `;

export const posix: EnvFormat = {
  exports: ({ set, unset }) => {
    const statements: string[] = [];
    if (unset.length > 0) statements.push(`unset ${unset.join(" ")}`);
    for (const [name, value] of set) statements.push(`export ${name}='${plainValue(name, value)}'`);
    return { stdout: `${POSIX_GUARD}${statements.join(" && ")};\n` };
  },
  unset: (names) => {
    return { stdout: `${POSIX_GUARD}unset ${names.join(" ")};\n` };
  },
};
