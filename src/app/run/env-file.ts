/**
 * Reads dotenv text as the `dotenv` package does (quotes, comments, `export`, `\n` in double quotes), and says on
 * which line each value stands, which that package does not. Nothing is expanded: a `$` is a `$`. No I/O.
 * Source of the pattern: github.com/motdotla/dotenv lib/main.js, LINE.
 */

export interface EnvFileEntry {
  readonly name: string;
  readonly value: string;
  /** From 1. */
  readonly line: number;
}

export interface EnvFile {
  /** In the order of the file; of a name that stands twice the last one counts. */
  readonly entries: readonly EnvFileEntry[];
  /** Lines that are neither a variable nor a comment nor blank; they mean nothing. */
  readonly strayLines: readonly number[];
}

const LINE =
  /^[ \t]*(?:export\s+)?([\w.-]+)(?:\s*=[^\S\n]*?|:\s+?)(\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`|[^#\r\n]+)?\s*?(?:#.*)?$/my;

/** Reads the variables of a text. Never throws: what cannot be read is among the stray lines. */
export function parseEnvFile(text: string): EnvFile {
  const source = text.replace(/^\ufeff/, "").replace(/\r\n?/g, "\n");
  const entries: EnvFileEntry[] = [];
  const strayLines: number[] = [];
  let line = 1;
  let at = 0;
  while (at < source.length) {
    const end = source.indexOf("\n", at);
    const rest = source.slice(at, end < 0 ? undefined : end);
    LINE.lastIndex = at;
    const match = /^\s*(?:#|$)/.test(rest) ? null : LINE.exec(source);
    if (match) entries.push({ name: match[1] ?? "", value: unquoted(match[2] ?? ""), line });
    else if (!/^\s*(?:#|$)/.test(rest)) strayLines.push(line);
    const taken = match ? match[0] : rest;
    const next = source.indexOf("\n", at + taken.length);
    const until = next < 0 ? source.length : next + 1;
    line += source.slice(at, until).split("\n").length - 1;
    at = until;
  }
  return { entries, strayLines };
}

function unquoted(written: string): string {
  const text = written.trim();
  const quote = text[0];
  const value = text.replace(/^(['"`])([\s\S]*)\1$/m, "$2");
  return quote === '"' ? value.replace(/\\n/g, "\n").replace(/\\r/g, "\r") : value;
}
