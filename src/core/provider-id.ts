/** What a provider's name on the command line means. Pure. */
import { clean, fail } from "./errors.ts";

/** The id a name means: trimmed, lower case. Look-alikes and odd characters are E_UNKNOWN_PROVIDER. */
export function providerId(name: string): string {
  const trimmed = name.trim();
  // Tested before lower-casing: the Kelvin sign, for one, lower-cases to an ASCII k.
  if (!/^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/.test(trimmed)) {
    throw fail("E_UNKNOWN_PROVIDER", `'${clean(name, 40)}' is not a provider's name: only a-z, 0-9 and '-'`);
  }
  return trimmed.toLowerCase();
}
