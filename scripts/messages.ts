/**
 * Prints every error of gum-cred on two lines, its message and its hint, so that they can be read in one sitting:
 * `bun scripts/messages.ts [ROOT]`. Found are the calls of `fail(CODE, MESSAGE, HINT)`; what is worked out at run time
 * stands in braces. Where no hint is given, the code's own is in force, which is printed once, above.
 */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { errorSpecs } from "../src/core/errors.ts";

export interface Message {
  /** Where it is: `src/net/http.ts:68`. */
  readonly place: string;
  readonly code: string;
  readonly message: string;
  /** Null where the code's own hint is in force. */
  readonly hint: string | null;
}

/** Every call of `fail` in src and plugins below `root`, in the order of files and lines. */
export function messages(root: string): Message[] {
  const files = [...new Bun.Glob("{src,plugins}/**/*.ts").scanSync(root)].filter(
    (name) => !name.endsWith(".test.ts"),
  );
  return files.sort().flatMap((file) => messagesOf(file, readFileSync(`${root}/${file}`, "utf8")));
}

/** The calls of `fail` in one file's text. */
export function messagesOf(file: string, text: string): Message[] {
  return [...text.matchAll(/(?<![\w.$])fail\(/g)].flatMap(({ index, 0: start }) => {
    const lineStart = text.lastIndexOf("\n", index) + 1;
    const before = text.slice(lineStart, index);
    if (/\bfunction\s+$|^\s*(\/\/|\*|\/\*)/.test(before)) return []; // its declaration, or a comment
    const [code, message, hint] = argumentsFrom(text, index + start.length).map(readable);
    const line = text.slice(0, index).split("\n").length;
    return code ? [{ place: `${file}:${line}`, code, message: message ?? "", hint: hint ?? null }] : [];
  });
}

/** The arguments of a call whose parenthesis opened before `at`, as they are written. */
function argumentsFrom(text: string, at: number): string[] {
  const found: string[] = [];
  let start = at;
  for (let depth = 0, i = at; i < text.length; i++) {
    const char = text[i] ?? "";
    if (char === '"' || char === "'" || char === "`") i = endOfString(text, i);
    else if ("([{".includes(char)) depth++;
    else if (char === "," && depth === 0) {
      found.push(text.slice(start, i));
      start = i + 1;
    } else if (")]}".includes(char) && --depth < 0) {
      found.push(text.slice(start, i));
      break;
    }
  }
  return found.map((argument) => argument.trim()).filter((argument) => argument !== "");
}

/** The place of the quote that ends the string that begins at `at`. */
export function endOfString(text: string, at: number): number {
  const quote = text[at];
  for (let i = at + 1; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === quote) return i;
    else if (quote === "`" && text.startsWith("${", i)) i = endOfInsertion(text, i + 2);
  }
  return text.length;
}

/** The place of the brace that ends a template's insertion whose text begins at `at`. */
function endOfInsertion(text: string, at: number): number {
  for (let depth = 0, i = at; i < text.length; i++) {
    const char = text[i] ?? "";
    if (char === '"' || char === "'" || char === "`") i = endOfString(text, i);
    else if (char === "{") depth++;
    else if (char === "}" && --depth < 0) return i;
  }
  return text.length;
}

/** A string as it is read, `{expression}` for what is worked out. */
export function readable(source: string): string {
  const quote = source[0] ?? "";
  if (!`"'\``.includes(quote) || endOfString(source, 0) !== source.length - 1) {
    return `{${source.replace(/\s+/g, " ")}}`;
  }
  let text = "";
  for (let i = 1; i < source.length - 1; i++) {
    if (source[i] === "\\") text += source[++i] === "n" ? "\n" : source[i];
    else if (quote === "`" && source.startsWith("${", i)) {
      const end = endOfInsertion(source, i + 2);
      text += `{${source.slice(i + 2, end).replace(/\s+/g, " ")}}`;
      i = end;
    } else text += source[i];
  }
  return text;
}

if (import.meta.main) {
  const root = process.argv[2] ?? resolve(import.meta.dir, "..");
  for (const [code, { exit, hint }] of Object.entries(errorSpecs()))
    console.log(`${code} (exit ${exit})\n    ${hint}`);
  for (const { place, code, message, hint } of messages(root)) {
    console.log(`\n${place} ${code}\n  ${message}${hint === null ? "" : `\n    ${hint}`}`);
  }
}
