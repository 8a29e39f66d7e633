/**
 * Sets and removes root keys and whole tables in a TOML text (toml.io/en/v1.0.0) without touching anything else of it:
 * comments, order and line ends stay. Understands as much of TOML as it takes to know where statements begin and end.
 * No I/O.
 */
import { fail, type GumCredError } from "../../core/errors.ts";

interface Statement {
  /** A table's header, or a key with its value. */
  readonly kind: "table" | "pair";
  readonly path: readonly string[];
  /** From the beginning of its line to behind its line end. */
  readonly start: number;
  readonly end: number;
  /** Of a pair: where its value stands. */
  readonly valueStart: number;
  readonly valueEnd: number;
}

/** Throws E_MALFORMED where the text is not TOML. */
export function checkToml(text: string): Readonly<Record<string, unknown>> {
  try {
    return Bun.TOML.parse(text) as Record<string, unknown>;
  } catch {
    throw malformed("it is not TOML");
  }
}

/**
 * The text with a string under a root key. One that stands there is kept in a comment line above the new one, so that
 * {@link removeRoot} can bring it back.
 */
export function setRoot(text: string, key: string, value: string): string {
  const eol = lineBreak(text);
  const line = `${key} = ${JSON.stringify(value)}${eol}`;
  const found = rootPair(text, key);
  if (found) {
    if (written(text, found) === JSON.stringify(value)) return text;
    const kept = KEPT + text.slice(found.start, found.end).trim();
    return `${text.slice(0, found.start)}${kept}${eol}${line}${text.slice(found.end)}`;
  }
  const roots = rootStatements(text);
  const last = roots.at(-1);
  if (last) return `${withLineEnd(text.slice(0, last.end), eol)}${line}${text.slice(last.end)}`;
  return text === "" ? line : `${line}${eol}${text}`;
}

/** The text without a root key that holds this string, and with what it replaced. */
export function removeRoot(text: string, key: string, value: string): string {
  const found = rootPair(text, key);
  if (!found || written(text, found) !== JSON.stringify(value)) return text;
  const before = text.slice(0, found.start);
  const lineAbove = before.lastIndexOf("\n", before.length - 2) + 1;
  const above = before.slice(lineAbove);
  if (above.startsWith(KEPT)) {
    return `${before.slice(0, lineAbove)}${above.slice(KEPT.length)}${text.slice(found.end)}`;
  }
  const after = text.slice(found.end);
  // The blank line that was put behind it goes too.
  return before === "" ? after.replace(/^\r?\n/, "") : before + after;
}

/** The root key's value as it is written; null when there is none. */
export function rootValue(text: string, key: string): string | null {
  const found = rootPair(text, key);
  return found ? written(text, found) : null;
}

/** The text with these lines at its end, a blank line before them. */
export function appendTables(text: string, lines: readonly string[]): string {
  const eol = lineBreak(text);
  const block = lines.map((line) => line + eol).join("");
  return text === "" ? block : `${withLineEnd(text, eol)}${eol}${block}`;
}

/** The text without every table of this path or below it; comments behind the last key of one stay. */
export function removeTables(text: string, path: readonly string[]): string {
  const statements = scan(text);
  let result = text;
  for (let at = statements.length - 1; at >= 0; at--) {
    const header = statements[at];
    if (header?.kind !== "table" || !path.every((part, index) => header.path[index] === part)) continue;
    let last = header;
    for (let next = at + 1; statements[next]?.kind === "pair"; next++) last = statements[next] ?? last;
    const start = blankLineBefore(result, header.start);
    result = result.slice(0, start) + result.slice(last.end);
  }
  return result;
}

const KEPT = "# gum-cred replaced: ";

function rootStatements(text: string): readonly Statement[] {
  const statements = scan(text);
  const first = statements.findIndex(({ kind }) => kind === "table");
  return first < 0 ? statements : statements.slice(0, first);
}

function rootPair(text: string, key: string): Statement | undefined {
  return rootStatements(text).find(({ path }) => path.length === 1 && path[0] === key);
}

function written(text: string, { valueStart, valueEnd }: Statement): string {
  return text.slice(valueStart, valueEnd);
}

function blankLineBefore(text: string, start: number): number {
  const blank = /\n(\r?\n)$/.exec(text.slice(0, start))?.[1];
  return blank ? start - blank.length : start;
}

function withLineEnd(text: string, eol: string): string {
  return text.endsWith("\n") ? text : text + eol;
}

function lineBreak(text: string): string {
  return text.includes("\r\n") ? "\r\n" : "\n";
}

const HEADER = /\[\[?[ \t]*/y;
const KEY_PART = /[ \t]*(?:([A-Za-z0-9_-]+)|"((?:[^"\\\n]|\\.)*)"|'([^'\n]*)')[ \t]*/y;
const TOKEN = /"""[\s\S]*?(?<!\\)"{3,5}|'''[\s\S]*?'{3,5}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|#[^\n]*|[^\s]/y;

function scan(text: string): readonly Statement[] {
  const statements: Statement[] = [];
  let at = text.startsWith("\ufeff") ? 1 : 0;
  while (at < text.length) {
    const start = at;
    const from = at + (/^[ \t]*/.exec(text.slice(at))?.[0].length ?? 0);
    const first = text[from];
    if (first === undefined || first === "\n" || first === "\r" || first === "#") {
      at = lineEnd(text, from);
      continue;
    }
    HEADER.lastIndex = from;
    const bracket = HEADER.exec(text)?.[0] ?? "";
    const { path, end } = readKey(text, from + bracket.length);
    if (bracket) {
      at = lineEnd(text, end);
      statements.push({ kind: "table", path, start, end: at, valueStart: end, valueEnd: end });
      continue;
    }
    if (text[end] !== "=") throw malformed("a line has no '='");
    const value = readValue(text, end + 1);
    at = lineEnd(text, value.end);
    statements.push({ kind: "pair", path, start, end: at, valueStart: value.start, valueEnd: value.end });
  }
  return statements;
}

function readKey(text: string, from: number): { readonly path: readonly string[]; readonly end: number } {
  const path: string[] = [];
  let end = from;
  for (;;) {
    KEY_PART.lastIndex = end;
    const part = KEY_PART.exec(text);
    if (!part) throw malformed("a line has no key");
    path.push(part[1] ?? part[2] ?? part[3] ?? "");
    end += part[0].length;
    if (text[end] !== ".") return { path, end };
    end++;
  }
}

/** A value ends with its line, unless a bracket or a string of several lines is open. */
function readValue(text: string, from: number): { readonly start: number; readonly end: number } {
  const start = from + (/^[ \t]*/.exec(text.slice(from))?.[0].length ?? 0);
  let at = start;
  let end = start;
  let open = 0;
  while (at < text.length) {
    if (text[at] === "\n" && open === 0) break;
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(text)?.[0];
    if (token === undefined) {
      at++;
      continue;
    }
    at += token.length;
    if (token.startsWith("#")) continue;
    end = at;
    if (token === "[" || token === "{") open++;
    if (token === "]" || token === "}") open--;
  }
  return { start, end };
}

function lineEnd(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end + 1;
}

function malformed(problem: string): GumCredError {
  return fail("E_MALFORMED", problem, "mend the file first; it was left as it is");
}
