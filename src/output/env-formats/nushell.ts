/**
 * Nushell, made for `gum-cred env --format nushell | from json | load-env`: nothing is evaluated, and a variable
 * that is null is not handed to programs. When gum-cred fails, so does the whole pipeline by itself.
 * Reference: nushell.sh/book/environment.html, `load-env`.
 */
import { type EnvFormat, exactValue } from "./format.ts";

export const nushell: EnvFormat = {
  exports: ({ set, unset }) => {
    const values = [...set].map(([name, value]) => [name, exactValue(name, value)] as const);
    return { stdout: record([...unset.map(removal), ...values]) };
  },
  unset: (names) => {
    return { stdout: record(names.map(removal)) };
  },
};

function removal(name: string): readonly [string, null] {
  return [name, null];
}

function record(entries: readonly (readonly [string, string | null])[]): string {
  return `${JSON.stringify(Object.fromEntries(entries))}\n`;
}
