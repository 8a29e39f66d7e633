/**
 * Which characters a text is made of, for what every start of `gum-cred env` checks: a loop, because a regular
 * expression costs a start 25 to 60 microseconds to compile. Pure; imports nothing.
 */

export const LOWER = "abcdefghijklmnopqrstuvwxyz";
export const UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
export const DIGITS = "0123456789";

/** Whether every character (UTF-16 unit) of a text is one of these. */
export function madeOf(text: string, characters: string): boolean {
  for (let at = 0; at < text.length; at++) {
    if (!characters.includes(text.charAt(at))) return false;
  }
  return true;
}
