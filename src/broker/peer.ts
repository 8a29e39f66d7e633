/**
 * Whose process is at the other end of a loopback connection: the client's own socket has its owner in the kernel's
 * table. Linux only; elsewhere nobody tells.
 */
import { readFileSync } from "node:fs";
import { type AskOwner, type Owner, socketOwner } from "../os/native/socket-owner.ts";

/** Columns of /proc/net/tcp (Documentation/networking/proc_net_tcp.rst). */
const LOCAL = 1;
const REMOTE = 2;
const UID = 7;

/** Asks for the owner of `clientPort`'s socket to `serverPort`; null where this system does not tell. */
export function peerLookup(): AskOwner | null {
  if (process.platform !== "linux") return null;
  const kernel = socketOwner();
  return (clientPort, serverPort) => kernel?.(clientPort, serverPort) ?? ownerInTable(clientPort, serverPort);
}

/** The same from /proc, where the kernel has no sock_diag. */
export function ownerInTable(
  clientPort: number,
  serverPort: number,
  table: () => string | null = tcpTable,
): Owner {
  const text = table();
  if (text === null) return null;
  const local = `0100007F:${hex(clientPort)}`;
  const remote = `0100007F:${hex(serverPort)}`;
  for (let at = text.indexOf(local); at >= 0; at = text.indexOf(local, at + 1)) {
    const start = text.lastIndexOf("\n", at) + 1;
    const end = text.indexOf("\n", at);
    const columns = text
      .slice(start, end < 0 ? undefined : end)
      .trim()
      .split(/\s+/);
    if (columns[LOCAL] === local && columns[REMOTE] === remote) return Number(columns[UID]);
  }
  return "gone";
}

function tcpTable(): string | null {
  try {
    return readFileSync("/proc/net/tcp", "latin1");
  } catch {
    return null;
  }
}

function hex(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, "0");
}
