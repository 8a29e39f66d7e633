/**
 * fish, made for `gum-cred env --format fish | source`. Between single quotes fish knows two escapes, `\\` and
 * `\'`, and leaves every other character alone, newlines too.
 * Reference: fishshell.com/docs/current/language.html, "Quotes".
 */
import { type EnvFormat, exactValue } from "./format.ts";

export const fish: EnvFormat = {
  exports: ({ set, unset }) => {
    const values = [...set].map(([name, value]) => `set -gx ${name} ${quoted(exactValue(name, value))}`);
    return { stdout: lines([...unset.map(removal), ...values]) };
  },
  unset: (names) => {
    return { stdout: lines(names.map(removal)) };
  },
};

function quoted(text: string): string {
  return `'${text.replace(/['\\]/g, "\\$&")}'`;
}

/** A universal variable of the user's own would shine through: it stays, behind an empty one of this shell. */
function removal(name: string): string {
  return `set -ge ${name}; set -q ${name}; and set -gx ${name}`;
}

/** `set` leaves the status as it was, so that of the removals would stay. */
function lines(statements: readonly string[]): string {
  return [...statements, "true"].map((statement) => `${statement};\n`).join("");
}
