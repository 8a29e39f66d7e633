/**
 * What an output format of `gum-cred env` is: how exports, removals and a failure look in one shell or file
 * format. A format refuses a value it cannot carry byte for byte; it never alters one.
 */
import { fail } from "../../core/errors.ts";
import type { Exports } from "../../core/exports.ts";
import { reveal, type Secret } from "../../core/secret.ts";

export interface EnvFormat {
  /** Statements that set and remove variables. Throws E_UNSAFE_VALUE before anything is rendered. */
  exports(exports: Exports): string;
  /** Statements that remove variables. */
  unset(names: readonly string[]): string;
  /** What stdout holds when the command fails, so that the consumer notices; may be empty. */
  failure(exitCode: number): string;
}

/** Characters that no shell, unquoted command substitution or dotenv reader ever touches. */
const PLAIN = /^[A-Za-z0-9._~+/=:@%,-]+$/;

/** The value, if it is made of plain characters only. Throws E_UNSAFE_VALUE naming the variable. */
export function plainValue(name: string, value: Secret): string {
  const text = reveal(value);
  if (!PLAIN.test(text)) {
    throw fail(
      "E_UNSAFE_VALUE",
      `the value of ${name} has characters that this format cannot carry unchanged; nothing was printed`,
    );
  }
  return text;
}
