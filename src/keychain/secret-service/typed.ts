/**
 * The values of properties, whose types a Secret Service chooses itself (`v` in D-Bus), as the types that the
 * specification gives them. Another type is E_KEYCHAIN_FAILED. Pure.
 */
import { fail } from "../../core/errors.ts";
import type { Value } from "../../dbus/types.ts";
import type { Attributes } from "./calls.ts";

/** `b` */
export function flag(value: Value | undefined): boolean {
  return typeof value === "boolean" ? value : refuse();
}

/** `t` */
export function count(value: Value | undefined): bigint {
  return typeof value === "bigint" ? value : refuse();
}

/** `as`, `ao` */
export function texts(value: Value | undefined): readonly string[] {
  return Array.isArray(value) && value.every((member) => typeof member === "string") ? value : refuse();
}

/** `a{ss}` */
export function attributes(value: Value | undefined): Attributes {
  const isText = (pair: readonly Value[]) => pair.every((part) => typeof part === "string");
  return value instanceof Map && [...value].every(isText) ? (value as Attributes) : refuse();
}

function refuse(): never {
  throw fail("E_KEYCHAIN_FAILED", "the keychain service sent a property of the wrong type");
}
