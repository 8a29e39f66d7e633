/**
 * Where a message ends and how its numbers are written, which its first bytes say. May do no I/O.
 * Reference: https://dbus.freedesktop.org/doc/dbus-specification.html "Message Format"
 */

/** The fixed part of a message, which says how long it is. */
export const FIXED_BYTES = 16;

/** The first byte of a message. */
export const ENDIAN = { little: 0x6c, big: 0x42 } as const;
export const VERSION = 1;

/** Far more than any keychain sends, where the specification allows 128 MiB. */
export const MOST_BYTES = 4 * 1024 * 1024;

/** The length in bytes of the message that begins with these {@link FIXED_BYTES}. Throws TypeError. */
export function messageLength(start: Uint8Array): number {
  const view = new DataView(start.buffer, start.byteOffset, FIXED_BYTES);
  const little = byteOrder(start);
  const body = view.getUint32(4, little);
  const fields = view.getUint32(12, little);
  const total = padded(FIXED_BYTES + fields) + body;
  if (start[3] !== VERSION || total > MOST_BYTES) throw new TypeError("not a D-Bus message");
  return total;
}

/** True for little-endian. */
export function byteOrder(bytes: Uint8Array): boolean {
  if (bytes[0] !== ENDIAN.little && bytes[0] !== ENDIAN.big) throw new TypeError("not a D-Bus message");
  return bytes[0] === ENDIAN.little;
}

/** To the next boundary of eight bytes. */
export const padded = (length: number) => Math.ceil(length / 8) * 8;
