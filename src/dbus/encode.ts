/**
 * Writes D-Bus method calls as bytes, little-endian. May do no I/O.
 * Reference: https://dbus.freedesktop.org/doc/dbus-specification.html "Marshaling", "Message Format"
 */
import { ENDIAN, VERSION } from "./frame.ts";
import {
  alignmentOf,
  checkPath,
  checkSignature,
  FIELD,
  MESSAGE,
  parseSignature,
  type Type,
  type Value,
  type Variant,
} from "./types.ts";

/** One method call. `signature` is a tuple such as `(a{ss})`. */
export interface MethodCall {
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly method: string;
  readonly signature: string;
  readonly args: readonly Value[];
}

const UTF8 = new TextEncoder();
const AT_BODY_LENGTH = 4;

/** A call as the bytes to send. Throws TypeError when an argument is not of its type: that is a bug of the caller's. */
export function encodeCall(call: MethodCall, serial: number): Uint8Array<ArrayBuffer> {
  const signature = call.signature.slice(1, -1);
  const types = parseSignature(signature);
  if (types.length !== call.args.length)
    throw new TypeError(`${call.method} takes ${types.length} arguments`);
  const out = newWriter();
  for (const byte of [ENDIAN.little, MESSAGE.call, 0, VERSION]) out.byte(byte);
  out.u32(0); // the body's length, known in the end
  out.u32(serial);
  const endFields = out.length();
  const field = (code: number, type: string, value: string) => {
    out.align(8);
    out.byte(code);
    for (const part of [1, type.charCodeAt(0), 0]) out.byte(part); // the variant's signature
    out.value(parseSignature(type)[0] as Type, value);
  };
  field(FIELD.path, "o", call.path);
  field(FIELD.interface, "s", call.interface);
  field(FIELD.member, "s", call.method);
  field(FIELD.destination, "s", call.destination);
  if (signature !== "") field(FIELD.signature, "g", signature);
  endFields();
  out.align(8);
  const endBody = out.length(AT_BODY_LENGTH);
  for (let index = 0; index < types.length; index++) {
    out.value(types[index] as Type, call.args[index] as Value);
  }
  endBody();
  return out.finish();
}

interface Writer {
  align(boundary: number): void;
  byte(value: number): void;
  u32(value: number): void;
  /** The function that it returns writes how much came after this call: at `place`, or right here. */
  length(place?: number): () => void;
  value(type: Type, value: Value): void;
  /** What was written. No other copy of it stays in memory. */
  finish(): Uint8Array<ArrayBuffer>;
}

function newWriter(): Writer {
  let bytes = new Uint8Array(512);
  let view = new DataView(bytes.buffer);
  let at = 0;

  /** Makes room for `count` bytes and returns where they go. */
  function take(count: number): number {
    const start = at;
    at += count;
    if (at > bytes.length) {
      const grown = new Uint8Array(at * 2);
      grown.set(bytes);
      bytes.fill(0);
      bytes = grown;
      view = new DataView(bytes.buffer);
    }
    return start;
  }

  const align = (boundary: number) => void take(-at & (boundary - 1));
  /** Room for a number of `size` bytes, on its boundary. */
  function slot(size: number): number {
    align(size);
    return take(size);
  }

  function put(data: Uint8Array): void {
    const start = take(data.length);
    bytes.set(data, start);
  }

  function byte(value: number): void {
    const start = take(1);
    bytes[start] = value;
  }

  function u32(value: number): void {
    const start = slot(4);
    view.setUint32(start, value, true);
  }

  function length(place = slot(4)): () => void {
    const start = at;
    return () => view.setUint32(place, at - start, true);
  }

  function text(value: string, write: (length: number) => void): void {
    const encoded = UTF8.encode(value);
    write(encoded.length);
    put(encoded);
    byte(0);
  }

  function array(element: Type, values: Value): void {
    const place = slot(4);
    align(alignmentOf(element)); // this padding does not count
    const end = length(place);
    if (element.code === "y") put(values as Uint8Array);
    else for (const member of values as Iterable<Value>) value(element, member);
    end();
  }

  function struct(types: readonly Type[], values: readonly Value[]): void {
    if (types.length !== values.length) throw new TypeError(`a D-Bus struct takes ${types.length} members`);
    align(8);
    for (let index = 0; index < types.length; index++) value(types[index] as Type, values[index] as Value);
  }

  function variant({ signature, value: inner }: Variant): void {
    const [only, ...more] = parseSignature(signature);
    if (only === undefined || more.length > 0) throw new TypeError("a D-Bus variant holds one value");
    text(signature, byte);
    value(only, inner);
  }

  function value(type: Type, given: Value): void {
    switch (type.code) {
      case "s":
        text(carried(given), u32);
        return;
      case "o":
        text(checkPath(carried(given)), u32);
        return;
      case "g":
        text(checkSignature(carried(given)), byte);
        return;
      case "b":
        u32(given === true ? 1 : 0);
        return;
      case "y":
        byte(whole(given, 0, 0xff));
        return;
      case "i":
        u32(whole(given, -0x8000_0000, 0x7fff_ffff) >>> 0);
        return;
      case "u":
        u32(whole(given, 0, 0xffff_ffff));
        return;
      case "x":
      case "t": {
        const start = slot(8);
        view.setBigUint64(start, wide(given, type.code), true);
        return;
      }
      case "v":
        variant(given as Variant);
        return;
      case "a":
        array(type.members[0] as Type, given);
        return;
      case "(":
      case "{":
        struct(type.members, given as readonly Value[]);
        return;
      default:
        throw new TypeError(`no way to send the D-Bus type ${type.code}`);
    }
  }

  function finish(): Uint8Array<ArrayBuffer> {
    const written = bytes.slice(0, at);
    bytes.fill(0);
    return written;
  }

  return { align, byte, u32, length, value, finish };
}

/** A string that D-Bus can carry: one that would arrive cut short or altered must never get this far. */
function carried(value: Value): string {
  if (typeof value !== "string" || value.includes("\0") || !value.isWellFormed()) {
    throw new TypeError("not a string that D-Bus can carry");
  }
  return value;
}

function whole(value: Value, least: number, most: number): number {
  if (!Number.isInteger(value) || (value as number) < least || (value as number) > most) {
    throw new TypeError("not a number of its D-Bus type");
  }
  return value as number;
}

function wide(value: Value, code: "x" | "t"): bigint {
  if (typeof value !== "bigint") throw new TypeError("not a number of its D-Bus type");
  const fits = code === "x" ? BigInt.asIntN(64, value) : BigInt.asUintN(64, value);
  if (fits !== value) throw new TypeError("not a number of its D-Bus type");
  return BigInt.asUintN(64, value);
}
