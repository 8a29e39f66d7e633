/**
 * `NAME=value` lines for dotenv readers, `docker --env-file` and systemd. Readers disagree about quotes, so
 * only values that need none are written.
 */
import { type EnvFormat, plainValue } from "./format.ts";

export const dotenv: EnvFormat = {
  exports: ({ set }) => [...set].map(([name, value]) => `${name}=${plainValue(name, value)}\n`).join(""),
  unset: (names) => names.map((name) => `${name}=\n`).join(""),
  failure: () => "",
};
