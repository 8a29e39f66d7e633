/**
 * Reads the addresses of a D-Bus server that are Unix sockets. May do no I/O. The usual ones need no regular
 * expression: the first use of one takes longer than everything else here.
 * Reference: https://dbus.freedesktop.org/doc/dbus-specification.html "Server Addresses"
 */

/** `<sys/socket.h>` */
export const AF_UNIX = 1;
/** `<sys/un.h>`: `char sun_path[108]`, after the two bytes of the family. */
const SUN_PATH_BYTES = 108;

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
  return addresses.split(";").flatMap((address) => {
    if (!address.startsWith("unix:")) return [];
    const pairs = address.slice("unix:".length).split(",");
    const path = valueUnder(pairs, "path=");
    const name = path ?? valueUnder(pairs, "abstract=");
    if (!name) return [];
    return [{ name: socketAddress(path === null, unescaped(name)), guid: valueUnder(pairs, "guid=") }];
  });
}

function valueUnder(pairs: readonly string[], key: string): string | null {
  return pairs.find((pair) => pair.startsWith(key))?.slice(key.length) ?? null;
}

function socketAddress(abstract: boolean, name: Uint8Array): Uint8Array<ArrayBuffer> {
  if (name.length >= SUN_PATH_BYTES || name.includes(0)) throw new TypeError("not the name of a socket");
  // An abstract name follows a NUL and ends where the address does; a path is followed by one.
  const bytes = new Uint8Array(2 + name.length + 1);
  new DataView(bytes.buffer).setUint16(0, AF_UNIX, true);
  bytes.set(name, abstract ? 3 : 2);
  return bytes;
}

/** `%XX` stands for a byte. */
function unescaped(value: string): Uint8Array {
  if (!value.includes("%")) return new TextEncoder().encode(value);
  const parts = value.match(/%[0-9A-Fa-f]{2}|[^%]+|%/g) ?? [];
  const bytes = parts.flatMap((part) => {
    if (part === "%") throw new TypeError("not the name of a socket");
    return part.startsWith("%") ? [Number.parseInt(part.slice(1), 16)] : [...new TextEncoder().encode(part)];
  });
  return Uint8Array.from(bytes);
}
