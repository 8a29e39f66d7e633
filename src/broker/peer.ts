/**
 * Whose process is at the other end of a loopback connection, as Linux tells: the client's own socket has its owner
 * in the kernel's table. Elsewhere nobody tells, and null is the answer.
 */
import { readFileSync } from "node:fs";

/** Column of /proc/net/tcp (Documentation/networking/proc_net_tcp.rst). */
const LOCAL = 1;
const REMOTE = 2;
const UID = 7;

/** The uid that owns the socket bound to `clientPort` and connected to `serverPort` on 127.0.0.1; null when unknown. */
export function peerUid(
  clientPort: number,
  serverPort: number,
  table: () => string = tcpTable,
): number | null {
  if (process.platform !== "linux") return null;
  const local = `0100007F:${hex(clientPort)}`;
  const remote = `0100007F:${hex(serverPort)}`;
  const text = table();
  for (let at = text.indexOf(local); at >= 0; at = text.indexOf(local, at + 1)) {
    const start = text.lastIndexOf("\n", at) + 1;
    const end = text.indexOf("\n", at);
    const columns = text
      .slice(start, end < 0 ? undefined : end)
      .trim()
      .split(/\s+/);
    if (columns[LOCAL] === local && columns[REMOTE] === remote) return Number(columns[UID]);
  }
  return null;
}

function tcpTable(): string {
  try {
    return readFileSync("/proc/net/tcp", "latin1");
  } catch {
    return ""; // no /proc: the system does not tell
  }
}

function hex(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, "0");
}
