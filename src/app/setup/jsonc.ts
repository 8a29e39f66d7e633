/**
 * Sets and removes single values in a program's JSON settings without touching anything else of the text: comments,
 * order, indentation, line ends and trailing commas stay (JSON with comments, as editors write it). No I/O.
 */
import { fail, type GumCredError } from "../../core/errors.ts";
import { placeIn } from "../../core/json-error.ts";

/** A value with where it stands: `start` is its first character, `end` the one after its last. */
interface Node {
  readonly start: number;
  readonly end: number;
  readonly value: unknown;
  /** Of an object, in the order of the text; null for anything else. */
  readonly members: readonly Member[] | null;
}

interface Member {
  readonly key: string;
  readonly start: number;
  readonly node: Node;
}

type Path = readonly [string, ...string[]];

/** The value of the whole text. Throws E_MALFORMED. */
export function readJsonc(text: string): unknown {
  return parse(text).value;
}

/** What stands at a path; undefined when nothing does. Throws E_MALFORMED. */
export function valueAt(text: string, path: Path): unknown {
  return find(parse(text), path)?.node.value;
}

/** The text with a value set. Throws E_MALFORMED, also where something on the way is not an object. */
export function setValue(text: string, path: Path, value: unknown): string {
  const root = parse(text);
  const existing = find(root, path);
  if (existing)
    return splice(text, existing.node.start, existing.node.end, printed(value, text, path.length));
  // As deep as there are objects already; what is missing below becomes part of the new value.
  let depth = path.length - 1;
  while (depth > 0 && !find(root, path.slice(0, depth) as unknown as Path)) depth--;
  const holder = depth === 0 ? root : find(root, path.slice(0, depth) as unknown as Path)?.node;
  if (!holder?.members) throw malformed(`${path.slice(0, depth).join(".") || "the whole"} is not an object`);
  const key = path[depth] ?? "";
  const whole = path.slice(depth + 1).reduceRight<unknown>((inner, name) => ({ [name]: inner }), value);
  return insert(text, holder, `${JSON.stringify(key)}: ${printed(whole, text, depth + 1)}`, depth + 1);
}

/** The text without the value at a path, and without objects that are empty then. Throws E_MALFORMED. */
export function removeValue(text: string, path: Path): string {
  const root = parse(text);
  if (!find(root, path)) return text;
  let depth = path.length;
  while (depth > 1) {
    const holder = find(root, path.slice(0, depth - 1) as unknown as Path)?.node;
    if (holder?.members?.length !== 1 || hasComment(text, holder)) break;
    depth--;
  }
  const parent = depth === 1 ? root : find(root, path.slice(0, depth - 1) as unknown as Path)?.node;
  const members = parent?.members ?? [];
  const index = members.findIndex(({ key }) => key === path[depth - 1]);
  const member = members[index];
  if (!parent || !member) return text;
  return cut(text, parent, members, index, member);
}

function cut(text: string, parent: Node, members: readonly Member[], index: number, member: Member): string {
  const before = members[index - 1];
  const comma = nextComma(text, member.node.end);
  const start = lineStart(text, member.start);
  if (before) {
    // The comma before it goes, unless one that follows takes its place.
    if (comma !== null) return splice(text, start, lineEnd(text, comma + 1, start), "");
    const earlier = nextComma(text, before.node.end) ?? before.node.end;
    if (start === member.start && text.slice(earlier + 1, start).trim() === "") {
      return splice(text, earlier, member.node.end, "");
    }
    const rest = splice(text, start, lineEnd(text, member.node.end, start), "");
    return splice(rest, earlier, earlier + 1, "");
  }
  if (members.length > 1 && comma !== null) {
    return splice(text, start, lineEnd(text, comma + 1, start), "");
  }
  const end = comma === null ? member.node.end : comma + 1;
  if (hasComment(text, parent)) return splice(text, start, lineEnd(text, end, start), "");
  return splice(text, parent.start, parent.end, "{}");
}

/** From the beginning of a line when nothing but blanks stands before; else from the place itself. */
function lineStart(text: string, at: number): number {
  const line = text.lastIndexOf("\n", at - 1) + 1;
  return /^[ \t]*$/.test(text.slice(line, at)) ? line : at;
}

/** To the end of the line when a whole line is cut and nothing but blanks follows; else blanks alone. */
function lineEnd(text: string, at: number, start: number): number {
  const rest = /^[ \t]*(?:\r?\n)?/.exec(text.slice(at))?.[0] ?? "";
  const wholeLine = start === 0 || text[start - 1] === "\n";
  return wholeLine && rest.endsWith("\n") ? at + rest.length : at + rest.replace(/\r?\n$/, "").length;
}

function insert(text: string, holder: Node, entry: string, depth: number): string {
  const eol = lineBreak(text);
  const unit = indentOf(text);
  const last = holder.members?.at(-1);
  if (!last) {
    const inner = text.slice(holder.start + 1, holder.end - 1).trimEnd();
    const comments = inner.trim() === "" ? "" : inner;
    const filled = `{${comments}${eol}${unit.repeat(depth)}${entry}${eol}${unit.repeat(depth - 1)}}`;
    return splice(text, holder.start, holder.end, filled);
  }
  const comma = nextComma(text, last.node.end);
  const oneLine = !text.slice(holder.start, last.start).includes("\n");
  const gap = oneLine ? " " : eol + leadingBlanks(text, last.start);
  const at = comma === null ? last.node.end : comma + 1;
  // A comment behind the last value stays behind it.
  const tail = oneLine
    ? 0
    : (/^[ \t]*(?:\/\/[^\r\n]*|\/\*[^\r\n]*?\*\/[ \t]*(?=\r?\n))?/.exec(text.slice(at))?.[0].trimEnd()
        .length ?? 0);
  const withEntry = splice(text, at + tail, at + tail, `${gap}${entry}${comma === null ? "" : ","}`);
  return comma === null ? splice(withEntry, at, at, ",") : withEntry;
}

/** What the line of a place is indented by. */
function leadingBlanks(text: string, at: number): string {
  const line = text.lastIndexOf("\n", at - 1) + 1;
  return /^[ \t]*/.exec(text.slice(line, at))?.[0] ?? "";
}

function printed(value: unknown, text: string, depth: number): string {
  const unit = indentOf(text);
  const lines = JSON.stringify(value, null, unit).split("\n");
  return lines.map((line, index) => (index === 0 ? line : unit.repeat(depth) + line)).join(lineBreak(text));
}

function lineBreak(text: string): string {
  return text.includes("\r\n") ? "\r\n" : "\n";
}

/** What one level is indented by, as the first indented member shows; two blanks where none does. */
function indentOf(text: string): string {
  return /\n([ \t]+)["/]/.exec(text)?.[1] ?? "  ";
}

function splice(text: string, start: number, end: number, replacement: string): string {
  return text.slice(0, start) + replacement + text.slice(end);
}

function find(root: Node, path: readonly string[]): Member | null {
  let node = root;
  let found: Member | null = null;
  for (const key of path) {
    // JSON.parse takes the last of several, and so do the programs.
    found = node.members?.findLast((member) => member.key === key) ?? null;
    if (!found) return null;
    node = found.node;
  }
  return found;
}

const SPACE = /(?:\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const SCALAR = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.])/y;
/** Settings nest a few levels; a hostile file must not fill the stack. */
const DEEPEST = 200;

/** The comma that follows a place, behind blanks and comments; null when something else does. */
function nextComma(text: string, at: number): number | null {
  const next = skip(text, at);
  return text[next] === "," ? next : null;
}

function hasComment(text: string, { start, end, members }: Node): boolean {
  let rest = text.slice(start, end);
  for (const member of [...(members ?? [])].reverse()) {
    rest = splice(rest, member.start - start, member.node.end - start, "");
  }
  return rest.includes("/");
}

function skip(text: string, at: number): number {
  return at + (match(SPACE, text, at)?.length ?? 0);
}

function match(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
}

function parse(text: string): Node {
  const start = skip(text, text.startsWith("\ufeff") ? 1 : 0);
  const root = parseValue(text, start, 0);
  if (skip(text, root.end) !== text.length) throw malformed(`unexpected text in ${placeIn(text, root.end)}`);
  if (!root.members) throw malformed("it is not an object");
  return root;
}

function parseValue(text: string, at: number, depth: number): Node {
  if (depth > DEEPEST) throw malformed("it is nested too deeply");
  if (text[at] === "{") return parseObject(text, at, depth);
  if (text[at] === "[") return parseArray(text, at, depth);
  const found = match(STRING, text, at) ?? match(SCALAR, text, at);
  if (found === null) throw malformed(`no value in ${placeIn(text, at)}`);
  return { start: at, end: at + found.length, value: JSON.parse(found), members: null };
}

function parseObject(text: string, start: number, depth: number): Node {
  const members: Member[] = [];
  let at = skip(text, start + 1);
  while (text[at] !== "}") {
    const key = match(STRING, text, at);
    if (key === null) throw malformed(`no name in ${placeIn(text, at)}`);
    const colon = skip(text, at + key.length);
    if (text[colon] !== ":") throw malformed(`no colon in ${placeIn(text, colon)}`);
    const node = parseValue(text, skip(text, colon + 1), depth + 1);
    members.push({ key: JSON.parse(key), start: at, node });
    at = separator(text, node.end, "}");
  }
  const value = Object.fromEntries(members.map((member) => [member.key, member.node.value]));
  return { start, end: at + 1, value, members };
}

function parseArray(text: string, start: number, depth: number): Node {
  const values: unknown[] = [];
  let at = skip(text, start + 1);
  while (text[at] !== "]") {
    const node = parseValue(text, at, depth + 1);
    values.push(node.value);
    at = separator(text, node.end, "]");
  }
  return { start, end: at + 1, value: values, members: null };
}

/** Behind a value: the next one, or the end. A comma before the end is allowed. */
function separator(text: string, end: number, close: string): number {
  const at = skip(text, end);
  if (text[at] === ",") return skip(text, at + 1);
  if (text[at] !== close) throw malformed(`no comma in ${placeIn(text, at)}`);
  return at;
}

function malformed(problem: string): GumCredError {
  return fail("E_MALFORMED", problem, "mend the file first; it was left as it is");
}
