/**
 * CoreFoundation objects with an owner: what is made or taken over inside a {@link withObjects} is released when it
 * ends, whichever way. May know nothing of keychains.
 * Reference: "The Create Rule" and "The Get Rule" of Apple's Memory Management Programming Guide for Core Foundation.
 */
import { toArrayBuffer } from "bun:ffi";
import { fail } from "../../core/errors.ts";
import { type Ref, type SecurityFramework, UTF8 } from "./security-framework.ts";

/** What a dictionary is made of. */
export type Pairs = readonly (readonly [key: Ref, value: Ref])[];

export interface Objects {
  string(text: string): Ref;
  /** A view of `bytes`, no copy: they must stay as they are until the objects are released. */
  data(bytes: Uint8Array): Ref;
  dictionary(entries: Pairs): Ref;
  /** Takes ownership of an object that a framework created for us. Throws E_KEYCHAIN_FAILED for NULL. */
  own(ref: Ref): Ref;
}

/** Runs `use` and releases every object it made or owned. */
export function withObjects<T>(framework: SecurityFramework, use: (objects: Objects) => T): T {
  const { cf, constants, callbacks } = framework;
  const owned: Ref[] = [];
  const own = (ref: Ref): Ref => {
    if (ref === 0n) throw fail("E_KEYCHAIN_FAILED", "macOS has no memory for a keychain query");
    owned.push(ref);
    return ref;
  };
  try {
    return use({
      own,
      string(text) {
        const bytes = new TextEncoder().encode(text);
        return own(cf.CFStringCreateWithBytes(0n, bytes, bytes.length, UTF8, 0));
      },
      data: (bytes) =>
        own(cf.CFDataCreateWithBytesNoCopy(0n, bytes, bytes.length, constants.kCFAllocatorNull)),
      dictionary(entries) {
        const keys = BigUint64Array.from(entries, ([key]) => key);
        const values = BigUint64Array.from(entries, ([, value]) => value);
        const { kCFTypeDictionaryKeyCallBacks, kCFTypeDictionaryValueCallBacks } = callbacks;
        return own(
          cf.CFDictionaryCreate(
            0n,
            keys,
            values,
            entries.length,
            kCFTypeDictionaryKeyCallBacks,
            kCFTypeDictionaryValueCallBacks,
          ),
        );
      },
    });
  } finally {
    for (const ref of owned.reverse()) cf.CFRelease(ref);
  }
}

/** The bytes of a CFData where they are: valid, and not to be changed, while the object lives. */
export function bytesOf({ cf }: SecurityFramework, data: Ref): Uint8Array {
  const length = Number(cf.CFDataGetLength(data));
  const address = cf.CFDataGetBytePtr(data);
  return address === null || length === 0
    ? new Uint8Array()
    : new Uint8Array(toArrayBuffer(address, 0, length));
}

/** The text of a CFString, up to a NUL; null for NULL and for anything that is not a string. */
export function textOf({ cf }: SecurityFramework, ref: Ref): string | null {
  if (ref === 0n || cf.CFGetTypeID(ref) !== cf.CFStringGetTypeID()) return null;
  const size = Number(cf.CFStringGetMaximumSizeForEncoding(cf.CFStringGetLength(ref), UTF8)) + 1;
  const buffer = new Uint8Array(size);
  if (cf.CFStringGetCString(ref, buffer, size, UTF8) === 0) return null;
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(buffer.subarray(0, buffer.indexOf(0)));
}

/** The members of a CFArray, which stay the array's own. */
export function membersOf({ cf }: SecurityFramework, array: Ref): readonly Ref[] {
  const count = Number(cf.CFArrayGetCount(array));
  return Array.from({ length: count }, (_, index) => cf.CFArrayGetValueAtIndex(array, index));
}
