/**
 * `NAME=value` lines for dotenv readers, `docker --env-file` and systemd. Readers disagree about quotes, so
 * only values that need none are written, not even when a shell reads the file.
 */
import type { Secret } from "../../core/secret.ts";
import { type EnvFormat, plainValue, unsafe } from "./format.ts";

export const dotenv: EnvFormat = {
  exports: ({ set }) => {
    return { stdout: [...set].map(([name, value]) => `${name}=${unquoted(name, value)}\n`).join("") };
  },
  unset: (names) => {
    return { stdout: names.map((name) => `${name}=\n`).join("") };
  },
};

function unquoted(name: string, value: Secret): string {
  const text = plainValue(name, value);
  // A shell takes a tilde in these places for a home folder (POSIX 2.6.1).
  if (/(^|:)~/.test(text)) throw unsafe(name);
  return text;
}
