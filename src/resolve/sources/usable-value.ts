/**
 * The one rule for every value that was found, in a variable or an entry, whatever command asks for it: empty counts as
 * absent, and what no credential contains was copied wrongly and is refused, never altered. Loops, because every
 * start of `gum-cred env` runs it. Pure.
 */
import { fail, type GumCredError } from "../../core/errors.ts";
import { reveal, type Secret } from "../../core/secret.ts";

const SPACE = 0x20;
const DELETE = 0x7f;
const NO_BREAK_SPACE = 0xa0;

/** Why a value cannot be one; null when it can. `location` is the variable or entry. */
export function valueProblem(value: Secret, location: string): GumCredError | null {
  const text = reveal(value);
  if (text.trim() !== text) {
    const message = `${location} has white space ${text.trim() === "" ? "only" : "around its value"}`;
    return fail("E_MALFORMED", message, "store or set it again, without spaces or line ends around it");
  }
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < SPACE || (code >= DELETE && code < NO_BREAK_SPACE)) {
      const what = code === 0x0a || code === 0x0d ? "has more than one line" : "contains a control character";
      return fail("E_MALFORMED", `${location} ${what}`, "store or set it again, as one line");
    }
  }
  // What the system handed over in another encoding is U+FFFD by now.
  if (text.includes("\ufffd") || !text.isWellFormed()) {
    return fail(
      "E_MALFORMED",
      `${location} is not UTF-8 text`,
      "store or set it again; its bytes are not text",
    );
  }
  return null;
}
