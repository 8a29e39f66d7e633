/**
 * Reads D-Bus messages, of either byte order. May do no I/O. They come from other programs: every length is checked
 * against the bytes that are there, and whatever the specification forbids is a TypeError.
 * Reference: https://dbus.freedesktop.org/doc/dbus-specification.html "Marshaling", "Message Format"
 */
import { byteOrder, FIXED_BYTES, messageLength, padded } from "./frame.ts";
import {
  alignmentOf,
  checkPath,
  checkSignature,
  DEEPEST,
  FIELD,
  parseSignature,
  type Type,
  type Value,
} from "./types.ts";

/** A message whose body has not been read yet. */
export interface Message {
  /** One of `MESSAGE`, or a number that is to be ignored. */
  readonly type: number;
  /** The serial number of the call that it answers; null when it answers none. */
  readonly replyTo: number | null;
  /** The name of the error that it is. */
  readonly error: string | null;
  /** Whose signal it is, and which. */
  readonly path: string | null;
  readonly interface: string | null;
  readonly member: string | null;
  /** The body's types as a tuple: `()` without a body. */
  readonly signature: string;
  /** Reads the body. Throws TypeError. */
  body(): readonly Value[];
}

/** Values in one message: each costs a hundred times its bytes, and a keychain of ten thousand entries has as many. */
const MOST_VALUES = 100_000;

/** The types that the specification gives the fields we read. */
const FIELD_TYPES = new Map<number, string>([
  [FIELD.path, "o"],
  [FIELD.interface, "s"],
  [FIELD.member, "s"],
  [FIELD.error, "s"],
  [FIELD.replyTo, "u"],
  [FIELD.signature, "g"],
]);

/** Reads one whole message, as long as {@link messageLength} says. Throws TypeError. */
export function decodeMessage(bytes: Uint8Array): Message {
  if (bytes.length < FIXED_BYTES || messageLength(bytes) !== bytes.length) {
    throw new TypeError("not one D-Bus message");
  }
  const little = byteOrder(bytes);
  const fields = readFields(bytes, little);
  const start = padded(FIXED_BYTES + new DataView(bytes.buffer, bytes.byteOffset).getUint32(12, little));
  const text = (code: number) => (fields.get(code) as string | undefined) ?? null;
  const signature = text(FIELD.signature) ?? "";
  return {
    type: bytes[1] as number,
    replyTo: (fields.get(FIELD.replyTo) as number | undefined) ?? null,
    error: text(FIELD.error),
    path: text(FIELD.path),
    interface: text(FIELD.interface),
    member: text(FIELD.member),
    signature: `(${signature})`,
    body() {
      const reader = newReader(bytes, start, little);
      const values: Value[] = [];
      for (const type of parseSignature(signature)) values.push(reader.value(type, 0));
      if (reader.at() !== bytes.length) throw new TypeError("a D-Bus body with more than its signature says");
      return values;
    },
  };
}

function readFields(bytes: Uint8Array, little: boolean): ReadonlyMap<number, Value> {
  const reader = newReader(bytes, FIXED_BYTES - 4, little);
  const fields = new Map<number, Value>();
  const end = reader.u32() + FIXED_BYTES;
  while (reader.at() < end) {
    reader.align(8);
    const code = reader.byte();
    const { signature, value } = reader.variant(0);
    const type = FIELD_TYPES.get(code);
    if (type === undefined) continue; // to be ignored
    if (signature !== type || fields.has(code)) throw new TypeError("not a D-Bus header field");
    fields.set(code, value);
  }
  reader.align(8);
  if (reader.at() !== padded(end)) throw new TypeError("D-Bus header fields that end elsewhere");
  return fields;
}

interface Reader {
  at(): number;
  align(boundary: number): void;
  byte(): number;
  u32(): number;
  variant(depth: number): { readonly signature: string; readonly value: Value };
  value(type: Type, depth: number): Value;
}

/** Reads from `at` on. `depth` counts the containers around a value, variants included. */
function newReader(bytes: Uint8Array, start: number, little: boolean): Reader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = start;
  /** No value may go on behind it: the end of the array that is being read, or of the message. */
  let limit = bytes.length;
  let values = 0;

  /** Takes `count` bytes and returns where they begin. */
  function take(count: number): number {
    if (count > limit - at) throw new TypeError("a D-Bus message that ends too early");
    const begin = at;
    at += count;
    return begin;
  }

  function align(boundary: number): void {
    const begin = take(-at & (boundary - 1));
    for (let place = begin; place < at; place++) {
      if (bytes[place] !== 0) throw new TypeError("D-Bus padding that is not zero");
    }
  }

  function slot(size: number): number {
    align(size);
    return take(size);
  }

  const byte = () => view.getUint8(take(1));
  const u32 = () => view.getUint32(slot(4), little);

  function text(length: number): string {
    const begin = take(length);
    if (byte() !== 0) throw new TypeError("a D-Bus string without its end");
    const decoded = UTF8.decode(bytes.subarray(begin, begin + length));
    if (decoded.includes("\0")) throw new TypeError("a D-Bus string with NUL inside");
    return decoded;
  }

  function flag(): boolean {
    const number = u32();
    if (number > 1) throw new TypeError("a D-Bus boolean that is neither");
    return number === 1;
  }

  function array(element: Type, depth: number): Value {
    const length = u32();
    align(alignmentOf(element));
    const begin = take(length);
    if (element.code === "y") return bytes.slice(begin, at);
    const [outer, end] = [limit, at];
    const members: Value[] = [];
    at = begin;
    limit = end;
    while (at < end) members.push(value(element, depth));
    limit = outer;
    return element.code === "{" ? new Map(members as unknown as [Value, Value][]) : members;
  }

  function struct(types: readonly Type[], depth: number): Value {
    align(8);
    const members: Value[] = [];
    for (const type of types) members.push(value(type, depth + 1));
    return members;
  }

  function variant(depth: number): { readonly signature: string; readonly value: Value } {
    const signature = text(byte());
    const [only, ...more] = parseSignature(signature);
    if (only === undefined || more.length > 0) throw new TypeError("a D-Bus variant holds one value");
    return { signature, value: value(only, depth + 1) };
  }

  function value(type: Type, depth: number): Value {
    if (depth > DEEPEST) throw new TypeError("a D-Bus message that is nested too deeply");
    if (++values > MOST_VALUES) throw new TypeError("a D-Bus message with too many values");
    switch (type.code) {
      case "s":
        return text(u32());
      case "o":
        return checkPath(text(u32()));
      case "g":
        return checkSignature(text(byte()));
      case "b":
        return flag();
      case "y":
        return byte();
      case "n":
        return view.getInt16(slot(2), little);
      case "q":
        return view.getUint16(slot(2), little);
      case "i":
        return view.getInt32(slot(4), little);
      case "u":
        return u32();
      case "x":
        return view.getBigInt64(slot(8), little);
      case "t":
        return view.getBigUint64(slot(8), little);
      case "d":
        return view.getFloat64(slot(8), little);
      case "v":
        return variant(depth).value;
      case "a":
        return array(type.members[0] as Type, depth + 1);
      default:
        return struct(type.members, depth);
    }
  }

  return { at: () => at, align, byte, u32, variant, value };
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
