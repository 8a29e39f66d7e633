/**
 * Reads the addresses of a D-Bus server that are Unix sockets. May do no I/O. The usual ones need no regular
 * expression: the first use of one takes longer than everything else here.
 * Reference: https://dbus.freedesktop.org/doc/dbus-specification.html "Server Addresses"
 */

import { utf8 } from "../core/utf8.ts";

/** `<sys/socket.h>` */
export const AF_UNIX = 1;
/** `<sys/un.h>`: `char sun_path[108]`, after the two bytes of the family. */
const SUN_PATH_BYTES = 108;
const UNIX = "unix:";

/** Where a server listens, and which one it has to be. */
export interface SocketAddress {
  /** A `struct sockaddr_un`. */
  readonly name: Uint8Array<ArrayBuffer>;
  /** The GUID that the server must state; null where the address has none. */
  readonly guid: string | null;
}

/**
 * Every `unix:path=` and `unix:abstract=` among the addresses, in their order.
 * Throws TypeError for a name that no socket can have.
 */
export function socketAddresses(addresses: string): readonly SocketAddress[] {
  // Loops, here and below: the first use of flatMap or find takes a start longer than all of this.
  const found: SocketAddress[] = [];
  for (const address of addresses.split(";")) {
    if (!address.startsWith(UNIX)) continue;
    const pairs = address.slice(UNIX.length).split(",");
    const path = valueUnder(pairs, "path=");
    const name = path ?? valueUnder(pairs, "abstract=");
    if (!name) continue;
    found.push({ name: socketAddress(path === null, unescaped(name)), guid: valueUnder(pairs, "guid=") });
  }
  return found;
}

function valueUnder(pairs: readonly string[], key: string): string | null {
  for (const pair of pairs) if (pair.startsWith(key)) return pair.slice(key.length);
  return null;
}

function socketAddress(abstract: boolean, name: Uint8Array): Uint8Array<ArrayBuffer> {
  if (name.length >= SUN_PATH_BYTES || name.includes(0)) throw new TypeError("not the name of a socket");
  // An abstract name follows a NUL and ends where the address does; a path is followed by one.
  const bytes = new Uint8Array(2 + name.length + 1);
  bytes[0] = AF_UNIX; // two bytes, little-endian
  bytes.set(name, abstract ? 3 : 2);
  return bytes;
}

/** `%XX` stands for a byte. */
function unescaped(value: string): Uint8Array {
  if (!value.includes("%")) return utf8(value);
  const parts = value.match(/%[0-9A-Fa-f]{2}|[^%]+|%/g) ?? [];
  const bytes = parts.flatMap((part) => {
    if (part === "%") throw new TypeError("not the name of a socket");
    return part.startsWith("%") ? [Number.parseInt(part.slice(1), 16)] : [...utf8(part)];
  });
  return Uint8Array.from(bytes);
}
