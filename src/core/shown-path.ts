/**
 * How a path that a user gave is shown: a key that was put where a path belongs (`OPENAI_API_KEY_FILE=sk-…`) is not.
 * Pure.
 */
import { clean } from "./errors.ts";

/** How the keys of well-known vendors begin, and JSON Web Tokens. */
const PREFIX =
  /^(?:(?:sk|pk|rk|gsk|csk|xai|hf|fw|r8|pplx|nvapi|gum|gumloop|key|tok|tgp|glpat|gh[pousr])[-_]|AIza|AQ\.|eyJ|ABSK|bearer\s)/i;
const ANCHORED = /^(?:\/|\.{1,2}(?:\/|\\|$)|~|[A-Za-z]:[\\/]|\\\\)/;
const EXTENSION = /\.[A-Za-z][A-Za-z0-9]{0,7}$/;

/** The path, {@link clean}; or words in its place where it looks like a key. */
export function shownPath(path: string): string {
  return looksLikeKey(path) ? "what it names (it looks like a key and is not shown)" : clean(path);
}

/** A path as a word of a shell's command line. Characters that steer a terminal are not repeated. */
export function quotedPath(path: string): string {
  return `'${clean(path, LONGEST_PATH).replaceAll("'", `'\\''`)}'`;
}

/** `PATH_MAX` of Linux. */
const LONGEST_PATH = 4096;

/** Long, and neither a path with a beginning nor a file name with an ending. Short words cannot be keys. */
function looksLikeKey(text: string): boolean {
  if (ANCHORED.test(text)) return false;
  if (PREFIX.test(text) && text.length >= 8 && !/\.(?:txt|env|json|key|pem)$/i.test(text)) return true;
  return text.length >= 20 && !EXTENSION.test(text);
}
