/**
 * Between JavaScript values and GVariant, led by a D-Bus signature. Values are built node by node, never
 * parsed from text, so that no string can be taken for syntax. May do no I/O.
 * Reference: https://docs.gtk.org/glib/gvariant-format-strings.html and the D-Bus specification, "Type System".
 */
import { toArrayBuffer } from "bun:ffi";
import type { Address, Gio } from "./native/gio.ts";

/**
 * What goes over D-Bus: `s` and `o` string, `b` boolean, `i` `u` number, `x` `t` bigint, `ay` bytes, arrays
 * and structs arrays, dictionaries maps, `v` a {@link Variant} on the way out and the bare value on the way in.
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

/**
 * Builds a GVariant of the type `signature`. The caller owns one reference.
 * Throws TypeError when the value is not of that type: that is a bug of the caller's.
 */
export function encode(gio: Gio, signature: string, value: Value): Address {
  const builder = existing(gio.g_variant_builder_new("r"));
  try {
    add(gio, builder, signature, value);
    const holder = existing(gio.g_variant_ref_sink(gio.g_variant_builder_end(builder)));
    try {
      return existing(gio.g_variant_get_child_value(holder, 0));
    } finally {
      gio.g_variant_unref(holder);
    }
  } finally {
    gio.g_variant_builder_unref(builder); // with everything that was added, when something threw
  }
}

function add(gio: Gio, builder: Address, type: string, value: Value): void {
  const members = membersOf(type, value);
  if (members === null) {
    gio.g_variant_builder_add_value(builder, leaf(gio, type, value));
    return;
  }
  gio.g_variant_builder_open(builder, type);
  for (const [memberType, member] of members) add(gio, builder, memberType, member);
  gio.g_variant_builder_close(builder);
}

/** The typed members of a container; null for a value that has none. */
function membersOf(type: string, value: Value): readonly (readonly [string, Value])[] | null {
  if (type === "ay") return null;
  if (type === "v") {
    const { signature, value: inner } = value as Variant;
    return [[signature, inner]];
  }
  if (type.startsWith("a")) {
    const element = type.slice(1);
    return [...(value as Iterable<Value>)].map((member) => [element, member]);
  }
  if (!/^[({]/.test(type)) return null;
  const types = completeTypes(type.slice(1, -1));
  const values = value as readonly Value[];
  if (types.length !== values.length) throw new TypeError(`${type} takes ${types.length} members`);
  return types.map((memberType, index) => [memberType, values[index] as Value]);
}

/** Splits `sa{sv}(oay)` into `s`, `a{sv}`, `(oay)`. */
function completeTypes(signature: string): string[] {
  const types: string[] = [];
  let start = 0;
  let depth = 0;
  for (let at = 0; at < signature.length; at++) {
    const char = signature.charAt(at);
    if ("({".includes(char)) depth++;
    if (")}".includes(char)) depth--;
    if (depth > 0 || char === "a") continue;
    types.push(signature.slice(start, at + 1));
    start = at + 1;
  }
  return types;
}

/** A floating GVariant without members. */
function leaf(gio: Gio, type: string, value: Value): Address {
  switch (type) {
    case "s":
      return existing(gio.g_variant_new_string(text(value)));
    case "o":
      return existing(gio.g_variant_new_object_path(text(value)));
    case "b":
      return existing(gio.g_variant_new_boolean(value === true ? 1 : 0));
    case "i":
      return existing(gio.g_variant_new_int32(value as number));
    case "u":
      return existing(gio.g_variant_new_uint32(value as number));
    case "x":
      return existing(gio.g_variant_new_int64(value as bigint));
    case "t":
      return existing(gio.g_variant_new_uint64(value as bigint));
    case "ay": {
      const bytes = value as Uint8Array;
      return existing(gio.g_variant_new_fixed_array("y", bytes.length > 0 ? bytes : null, bytes.length, 1));
    }
    default:
      throw new TypeError(`no way to send the D-Bus type ${type}`);
  }
}

/** A string that D-Bus can carry: one that a C string would cut short or alter must never get this far. */
function text(value: Value): string {
  if (typeof value !== "string" || value.includes("\0") || !value.isWellFormed()) {
    throw new TypeError("not a string that D-Bus can carry");
  }
  return value;
}

/** The JavaScript value of a GVariant, copied. Releases nothing. */
export function decode(gio: Gio, variant: Address): Value {
  const type = gio.g_variant_get_type_string(variant) ?? "";
  switch (type) {
    case "s":
    case "o":
    case "g":
      return gio.g_variant_get_string(variant, null) ?? "";
    case "b":
      return gio.g_variant_get_boolean(variant) !== 0;
    case "i":
      return gio.g_variant_get_int32(variant);
    case "u":
      return gio.g_variant_get_uint32(variant);
    case "x":
      return gio.g_variant_get_int64(variant);
    case "t":
      return gio.g_variant_get_uint64(variant);
    case "ay":
      return bytesOf(gio, variant);
  }
  const members = decodeMembers(gio, variant);
  if (type === "v") return members[0] as Value;
  if (type.startsWith("a{")) return new Map(members as [Value, Value][]);
  if (/^[a({]/.test(type)) return members;
  throw new TypeError(`no way to read the D-Bus type ${type}`);
}

function decodeMembers(gio: Gio, variant: Address): Value[] {
  return Array.from({ length: Number(gio.g_variant_n_children(variant)) }, (_, index) => {
    const member = existing(gio.g_variant_get_child_value(variant, index));
    try {
      return decode(gio, member);
    } finally {
      gio.g_variant_unref(member);
    }
  });
}

function bytesOf(gio: Gio, variant: Address): Uint8Array {
  const size = Number(gio.g_variant_get_size(variant));
  const data = gio.g_variant_get_data(variant);
  return size === 0 || data === null
    ? new Uint8Array()
    : new Uint8Array(toArrayBuffer(data, 0, size)).slice();
}

/** GLib aborts rather than answer NULL from a constructor; NULL would be a wrong argument. */
function existing(address: Address | null): Address {
  if (address === null) throw new TypeError("GLib refused a value");
  return address;
}
