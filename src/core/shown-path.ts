/**
 * How a path or a word that a user gave is shown: a key that was put in its place (`OPENAI_API_KEY_FILE=sk-…`,
 * `gum-cred get sk-…`) is not. Pure.
 */
import { clean } from "./errors.ts";

/** As the keys of well-known vendors begin, and JSON Web Tokens. In a function, as below: every start loads this file. */
function beginsLikeKey(text: string): boolean {
  return /^(?:(?:sk|pk|rk|gsk|csk|xai|hf|fw|r8|pplx|nvapi|gum|gumloop|key|tok|tgp|glpat|gh[pousr])[-_]|AIza|AQ\.|eyJ|ABSK|bearer\s)/i.test(
    text,
  );
}

/** The path, {@link clean}; or words in its place where it looks like a key. */
export function shownPath(path: string): string {
  return looksLikeKey(path) ? "what it names (it looks like a key and is not shown)" : clean(path);
}

/**
 * A word that is no command, flag or provider, {@link clean}; of one that may be a key, and of what stands behind `=`, no
 * more than tells which word is meant.
 */
export function shownWord(word: string): string {
  const [names = "", ...value] = word.split("=");
  const shown = names
    .split(/(?<=[,\s])/)
    .map(withoutKey)
    .join("");
  return clean(value.length > 0 ? `${shown}=…` : shown, 40);
}

/** No flag is so long that a key could not stand right behind its name. */
function withoutKey(word: string): string {
  const bare = word.replace(/^-+/, "");
  const isLong = bare.length >= 20 && (bare !== word || /[A-Z0-9_+/]/.test(bare));
  const isKey = bare.length >= 16 && (beginsLikeKey(bare) || isLong);
  return isKey ? `${word.slice(0, word.length - bare.length + 4)}…` : word;
}

/** A path as a word of a shell's command line. Characters that steer a terminal are not repeated. */
export function quotedPath(path: string): string {
  return `'${clean(path, LONGEST_PATH).replaceAll("'", `'\\''`)}'`;
}

/** `PATH_MAX` of Linux. */
const LONGEST_PATH = 4096;

/** Long, and neither a path with a beginning nor a file name with an ending. Short words cannot be keys. */
function looksLikeKey(text: string): boolean {
  const isAnchored = /^(?:\/|\.{1,2}(?:\/|\\|$)|~|[A-Za-z]:[\\/]|\\\\)/.test(text);
  if (isAnchored) return false;
  if (beginsLikeKey(text) && text.length >= 8 && !/\.(?:txt|env|json|key|pem)$/i.test(text)) return true;
  return text.length >= 20 && !/\.[A-Za-z][A-Za-z0-9]{0,7}$/.test(text);
}
