/**
 * Whose process is at the other end of a loopback connection, where the system tells: on Linux the client's own socket
 * and its owner are in the kernel's tables. IPv6 sockets that speak IPv4 have a table of their own.
 * Source: Documentation/networking/proc_net_tcp.rst of the Linux kernel.
 */
import { readFileSync } from "node:fs";

const LOCAL = 1;
const REMOTE = 2;
const UID = 7;
/** 127.0.0.1 as the two tables write it: 32-bit words in the byte order of the machine, little-endian wherever we run. */
const TABLES = [
  ["/proc/net/tcp", "0100007F"],
  ["/proc/net/tcp6", "0000000000000000FFFF00000100007F"],
] as const;

/**
 * The uid that owns the socket which is bound to `clientPort` and connected to `serverPort`, both of 127.0.0.1. Null where
 * the system does not tell: no Linux, no /proc, a client behind a forwarded port.
 */
export function peerUid(
  clientPort: number,
  serverPort: number,
  read: (path: string) => string = readTable,
): number | null {
  for (const [path, loopback] of TABLES) {
    const local = `${loopback}:${hex(clientPort)}`;
    const remote = `${loopback}:${hex(serverPort)}`;
    const table = read(path);
    // Thousands of connections make long tables: only the lines that name the port are split.
    for (let at = table.indexOf(local); at >= 0; at = table.indexOf(local, at + 1)) {
      const end = table.indexOf("\n", at);
      const line = table.slice(table.lastIndexOf("\n", at) + 1, end < 0 ? table.length : end);
      const columns = line.trim().split(/\s+/);
      if (columns[LOCAL] === local && columns[REMOTE] === remote) return Number(columns[UID]);
    }
  }
  return null;
}

/** Whether the peer is known to be another user. Root may do as it likes in any case. */
export function isForeignPeer(clientPort: number, serverPort: number): boolean {
  const uid = peerUid(clientPort, serverPort);
  return uid !== null && uid !== 0 && uid !== process.getuid?.();
}

function readTable(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

function hex(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, "0");
}
