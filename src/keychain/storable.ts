/**
 * What every keychain can hold unaltered, and nothing else is handed to one. Knows no particular keychain.
 */
import { fail } from "../core/errors.ts";
import { reveal, type Secret } from "../core/secret.ts";

/** Throws E_INVALID_VALUE for a service or account name that is empty, has a NUL or is not well-formed Unicode. */
export function checkNames(...names: readonly string[]): void {
  for (const name of names) checkText("a service or account name", name);
}

/** The same for a value. */
export function checkValue(value: Secret): void {
  checkText("the value", reveal(value));
}

function checkText(what: string, text: string): void {
  if (text === "") throw fail("E_INVALID_VALUE", `${what} is empty`);
  if (text.includes("\0")) throw fail("E_INVALID_VALUE", `${what} contains a NUL character`);
  if (!text.isWellFormed()) throw fail("E_INVALID_VALUE", `${what} is not well-formed Unicode`);
}
