/**
 * Where a text stops being JSON (RFC 8259): line and column, and what was expected there, for people who wrote it by hand.
 * JSON.parse tells neither, and quotes the text, which may hold secrets. Pure; nothing here is recursive.
 */

const BLANK = /[ \t\r\n]*/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const SCALAR = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.])/y;

/** What may come next. The first value of an array, and the first key of an object, may also be their end. */
type Expected = "value" | "first value" | "key" | "first key" | "colon" | "comma" | "end";

/** `line 3, column 5`, from 1, of a place in a text; columns count characters as editors do. */
export function placeIn(text: string, at: number): string {
  const before = text.slice(0, at).split(/\r\n|\n|\r/);
  return `line ${before.length}, column ${[...(before.at(-1) ?? "")].length + 1}`;
}

/** Why and where a text is not JSON: `line 3, column 5: expected a value`; null when it is JSON. */
export function jsonError(text: string): string | null {
  const open: string[] = [];
  let expected: Expected = "value";
  for (let at = skip(text, 0); ; at = skip(text, at)) {
    const character = text.charAt(at);
    const close = open.at(-1) === "{" ? "}" : open.at(-1) === "[" ? "]" : "";
    if (expected === "end" && character === "") return null;
    let next: Expected | null = null;
    let end = at + 1;
    if (expected === "colon") next = character === ":" ? "value" : null;
    else if (close !== "" && character === close && /^(?:first |comma)/.test(expected)) {
      open.pop();
      next = afterValue(open);
    } else if (expected === "comma") {
      if (character === ",") next = open.at(-1) === "{" ? "key" : "value";
    } else if (expected.endsWith("key")) {
      end = match(STRING, text, at);
      next = end > at ? "colon" : null;
    } else if (expected.endsWith("value")) {
      if (character === "{" || character === "[") {
        open.push(character);
        next = character === "{" ? "first key" : "first value";
      } else {
        end = Math.max(match(STRING, text, at), match(SCALAR, text, at));
        next = end > at ? afterValue(open) : null;
      }
    }
    if (next === null) return `${placeIn(text, at)}: ${reason(expected, character, close)}`;
    expected = next;
    at = end;
  }
}

/** Why bytes are not JSON in UTF-8, as the rest of a sentence: `is not JSON: line 3, column 5: expected a value`. */
export function whyNotJson(bytes: Uint8Array): string {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return `is not JSON: ${jsonError(text) ?? "it cannot be read"}`;
  } catch {
    return "is not JSON: it is not text in UTF-8";
  }
}

function afterValue(open: readonly string[]): Expected {
  return open.length === 0 ? "end" : "comma";
}

function reason(expected: Expected, character: string, close: string): string {
  const what: Record<Expected, string> = {
    value: "expected a value",
    "first value": "expected a value or ']'",
    key: 'expected a name in double quotes ("…")',
    "first key": "expected a name in double quotes (\"…\") or '}'",
    colon: "expected ':' after the name",
    comma: `expected ',' or '${close}'`,
    end: "expected nothing more",
  };
  if (character === "\ufeff") return "a byte order mark is not part of JSON";
  if (character === "") return `${what[expected]}, and the text ends`;
  if (expected.endsWith("key") && character === close) return `no comma may stand before '${close}'`;
  if (expected === "value" && character === "]") return "no comma may stand before ']'";
  if (character === "/" || character === "#") return `${what[expected]}; JSON has no comments`;
  if (character === '"' && /value|key/.test(expected))
    return "this text in quotes is not closed or not valid";
  return what[expected];
}

function skip(text: string, at: number): number {
  return Math.max(at, match(BLANK, text, at));
}

/** Where what matches at `at` ends; -1 when nothing does. */
function match(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : -1;
}
