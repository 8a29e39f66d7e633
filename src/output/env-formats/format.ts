/**
 * What an output format of `gum-cred env` is: how exports and removals look in one shell or file format. A
 * format refuses a value it cannot carry byte for byte; it never alters one. It prints and writes nothing.
 */
import type { RawEnvironment } from "../../core/environment.ts";
import { fail } from "../../core/errors.ts";
import type { Exports } from "../../core/exports.ts";
import { reveal, type Secret } from "../../core/secret.ts";
import { isPlain } from "./plain.ts";

/** Where the text of a format goes. */
export interface Rendered {
  readonly stdout: string;
  /** Whole lines for the end of a file that exists; written before stdout is. */
  readonly append?: { readonly path: string; readonly text: string };
}

export interface EnvFormat {
  /** Statements that set and remove variables. Throws E_UNSAFE_VALUE before anything is rendered. */
  exports(exports: Exports, environment: RawEnvironment): Rendered;
  /** Statements that remove variables. */
  unset(names: readonly string[], environment: RawEnvironment): Rendered;
}

/** The value, if it is made of plain characters only. Throws E_UNSAFE_VALUE naming the variable. */
export function plainValue(name: string, value: Secret): string {
  const text = reveal(value);
  if (!isPlain(text)) throw unsafe(name);
  return text;
}

/**
 * The value, if a variable can hold it at all: text without NUL whose UTF-8 is what was stored. U+FFFD stands
 * where bytes of our own environment were not UTF-8, so they are lost already. Throws E_UNSAFE_VALUE.
 */
export function exactValue(name: string, value: Secret): string {
  const text = reveal(value);
  if (/[\0\ufffd]/.test(text) || !text.isWellFormed()) throw unsafe(name);
  return text;
}

/** A value that a format cannot carry; names the variable and quotes nothing. */
export function unsafe(name: string): Error {
  return fail(
    "E_UNSAFE_VALUE",
    `the value of ${name} has characters that this format cannot carry unchanged; nothing was printed`,
  );
}
