/**
 * Reads the lines of a dotenv file, each value with the lines it takes up, in time that grows with the file's size.
 * Values are as the npm package dotenv reads them; what it would guess at is an entry with a {@link Entry.problem}.
 * Pure. Keeps no value anywhere but in its result.
 */

export interface Entry {
  readonly name: string;
  /** Without its quotation marks. */
  readonly value: string;
  /** The first and the last line, counted from 1. */
  readonly line: number;
  readonly lastLine: number;
  /** Why the value cannot be told from the text around it; null when it can. */
  readonly problem: string | null;
  /** Whether a comment follows the value. */
  readonly hasComment: boolean;
}

export interface DotenvText {
  readonly entries: readonly Entry[];
  /** Lines that are neither blank nor part of an entry: comments, and text that is no assignment. */
  readonly otherLines: number;
}

const ASSIGNMENT = /^[ \t]*(?:export[ \t]+)?([\w.-]+)[ \t]*(?:=|:[ \t])[ \t]*/;
const QUOTES = `"'\``;

/** Reads dotenv text. Later assignments of a name do not replace earlier ones here; the caller decides. */
export function readDotenv(text: string): DotenvText {
  const lines = text.replace(/[\u2028\u2029]/g, "\ufffd").split(/\r\n?|\n/);
  const entries: Entry[] = [];
  let otherLines = 0;
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? "";
    const start = ASSIGNMENT.exec(line);
    if (!start) {
      if (line.trim() !== "") otherLines++;
      continue;
    }
    const read = readValue(lines, at, start[0].length);
    entries.push({ name: start[1] ?? "", line: at + 1, ...read });
    at = read.lastLine - 1;
  }
  return { entries, otherLines };
}

type Value = Omit<Entry, "name" | "line">;

function readValue(lines: readonly string[], at: number, column: number): Value {
  const line = lines[at] ?? "";
  const quote = line.charAt(column);
  if (quote === "" || !QUOTES.includes(quote)) {
    const [value = "", comment] = line.slice(column).split("#", 2);
    return { value: value.trim(), lastLine: at + 1, problem: null, hasComment: comment !== undefined };
  }
  const end = closing(lines, at, column + 1, quote);
  const notClosed = {
    value: line.slice(column),
    lastLine: at + 1,
    problem: "its quotation mark is not closed",
    hasComment: false,
  };
  if (end === null) return notClosed;
  const after = (lines[end.at] ?? "").slice(end.column + 1);
  if (!/^[ \t]*(?:#.*)?$/.test(after)) {
    // A mark that closes on a later line, with text behind it, is most likely the next value's own.
    if (end.at > at) return notClosed;
    return { ...notClosed, problem: "text follows its closing quotation mark" };
  }
  const parts = lines.slice(at, end.at + 1);
  const last = parts.length - 1;
  parts[last] = (parts[last] ?? "").slice(0, end.column);
  parts[0] = (parts[0] ?? "").slice(column + 1);
  const raw = parts.join("\n");
  const value = quote === '"' ? raw.replaceAll("\\n", "\n").replaceAll("\\r", "\r") : raw;
  return { value, lastLine: end.at + 1, problem: null, hasComment: after.includes("#") };
}

/** Where a quotation mark closes; null when it never does. Stops at the first mark without a backslash. */
function closing(lines: readonly string[], at: number, column: number, quote: string) {
  for (let from = column; at < lines.length; at++, from = 0) {
    const line = lines[at] ?? "";
    for (let found = line.indexOf(quote, from); found >= 0; found = line.indexOf(quote, found + 1)) {
      if (line.charAt(found - 1) !== "\\") return { at, column: found };
    }
  }
  return null;
}
