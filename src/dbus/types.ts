/**
 * What travels over D-Bus, and the signatures that say so. Pure: reads and writes no bytes.
 * Reference: https://dbus.freedesktop.org/doc/dbus-specification.html "Type System"
 */

/**
 * What goes over D-Bus: `s`, `o` and `g` string, `b` boolean, `y` `n` `q` `i` `u` `d` number, `x` `t` bigint,
 * `ay` bytes, arrays and structs arrays, dictionaries maps, `v` a {@link Variant} on the way out and the bare
 * value on the way in.
 */
export type Value =
  | string
  | boolean
  | number
  | bigint
  | Uint8Array
  | readonly Value[]
  | ReadonlyMap<Value, Value>
  | Variant;

/** A value that carries its own type. */
export interface Variant {
  readonly signature: string;
  readonly value: Value;
}

/** One complete type: its code (`(` a struct, `{` a dictionary's entry), and what it contains. */
export interface Type {
  readonly code: string;
  readonly members: readonly Type[];
}

/** How deep containers may nest. The specification allows twice that; nothing we speak to needs it. */
export const DEEPEST = 32;

const LONGEST_SIGNATURE = 255;
const BASIC = "ybnqiuxtdsog";

/** Signatures seen before: there are few, and each is seen often. Cleared when there are too many. */
const known = new Map<string, readonly Type[]>();
const MOST_KNOWN = 64;

/** The complete types of a signature such as `sa{sv}(oay)`. Throws TypeError when it is not a signature. */
export function parseSignature(signature: string): readonly Type[] {
  const before = known.get(signature);
  if (before !== undefined) return before;
  const types = parse(signature);
  if (known.size < MOST_KNOWN) known.set(signature, types);
  return types;
}

function parse(signature: string): readonly Type[] {
  if (signature.length > LONGEST_SIGNATURE) throw new TypeError("a D-Bus signature that is too long");
  let at = 0;

  function many(end: string, depth: number): Type[] {
    const types: Type[] = [];
    while (signature.charAt(at) !== end) types.push(one(depth, false));
    at++;
    return types;
  }

  function one(depth: number, inArray: boolean): Type {
    const code = signature.charAt(at++);
    if (code === "v" || (code !== "" && BASIC.includes(code))) return { code, members: [] };
    if (depth >= DEEPEST) throw new TypeError("a D-Bus signature that is nested too deeply");
    if (code === "a") return { code, members: [one(depth + 1, true)] };
    if (code === "(") {
      const members = many(")", depth + 1);
      if (members.length > 0) return { code, members };
    }
    if (code === "{" && inArray) {
      const members = many("}", depth + 1);
      if (members.length === 2 && BASIC.includes(members[0]?.code ?? "-")) return { code, members };
    }
    throw new TypeError("not a D-Bus signature");
  }

  return many("", 0);
}

/** The kinds of messages. */
export const MESSAGE = { call: 1, reply: 2, error: 3, signal: 4 } as const;

/** The header fields that we write or read. */
export const FIELD = {
  path: 1,
  interface: 2,
  member: 3,
  error: 4,
  replyTo: 5,
  destination: 6,
  signature: 8,
} as const;

/** The boundary on which a value of the type begins: 1, 2, 4 or 8 bytes. */
export function alignmentOf({ code }: Type): number {
  if ("ygv".includes(code)) return 1;
  if ("nq".includes(code)) return 2;
  return "xtd({".includes(code) ? 8 : 4;
}

/** Throws TypeError for an object path that the specification does not allow. */
export function checkPath(path: string): string {
  if (!isPath(path)) throw new TypeError("not a D-Bus object path");
  return path;
}

const SLASH = 0x2f;

/** Names of `A-Za-z0-9_` behind slashes. By hand, because the first regular expression costs more than all paths together. */
function isPath(path: string): boolean {
  if (path.charCodeAt(0) !== SLASH) return false;
  if (path.length === 1) return true;
  let isNameMissing = true;
  for (let at = 1; at < path.length; at++) {
    const code = path.charCodeAt(at);
    if (code === SLASH ? isNameMissing : !isOfName(code)) return false;
    isNameMissing = code === SLASH;
  }
  return !isNameMissing;
}

function isOfName(code: number): boolean {
  const letter = (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a;
  return letter || (code >= 0x30 && code <= 0x39) || code === 0x5f;
}

/** Throws TypeError for a text that is not a signature. */
export function checkSignature(signature: string): string {
  parseSignature(signature);
  return signature;
}
