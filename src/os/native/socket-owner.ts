/**
 * Whose the other end of a loopback connection is, as Linux tells: one question to the kernel (sock_diag(7)) about one
 * socket, which takes microseconds where reading /proc/net/tcp takes milliseconds. Decides nothing.
 */
import { socketCalls } from "./libc.ts";

const AF_NETLINK = 16;
/** SOCK_RAW | SOCK_CLOEXEC */
const RAW = 0x3 | 0x8_0000;
const NETLINK_SOCK_DIAG = 4;
const MSG_DONTWAIT = 0x40;

/** `<linux/netlink.h>`, `<linux/inet_diag.h>`: struct nlmsghdr, then struct inet_diag_req_v2. */
const HEADER_BYTES = 16;
const REQUEST_BYTES = HEADER_BYTES + 56;
const SOCK_DIAG_BY_FAMILY = 20;
const NLM_F_REQUEST = 1;
const NLMSG_ERROR = 2;
const AF_INET = 2;
const IPPROTO_TCP = 6;
const EVERY_STATE = 0xffff_ffff;
const NO_COOKIE = 0xffff_ffff;
/** `idiag_uid` in struct inet_diag_msg. */
const UID = HEADER_BYTES + 64;
const ENOENT = -2;

/** The uid, `gone` where there is no such socket, null where the kernel does not say. */
export type Owner = number | "gone" | null;

/** Asks who owns the socket bound to `local` and connected to `remote`, ports of 127.0.0.1. */
export type AskOwner = (local: number, remote: number) => Owner;

/** Null where the kernel cannot be asked at all. */
export function socketOwner(): AskOwner | null {
  const c = socketCalls();
  const fd = c?.socket(AF_NETLINK, RAW, NETLINK_SOCK_DIAG) ?? -1;
  if (!c || fd < 0) return null;
  const request = new Uint8Array(REQUEST_BYTES);
  const answer = new Uint8Array(4096);
  const view = new DataView(answer.buffer);
  let sequence = 0;
  return (local, remote) => {
    sequence = (sequence + 1) & 0x7fff_ffff;
    write(request, sequence, local, remote);
    if (Number(c.send(fd, request, REQUEST_BYTES, 0)) !== REQUEST_BYTES) return null;
    for (;;) {
      // The kernel has answered by the time that send(2) returns.
      const count = Number(c.recv(fd, answer, answer.length, MSG_DONTWAIT));
      if (count < HEADER_BYTES + 4) return null;
      if (view.getUint32(8, true) !== sequence) continue;
      const type = view.getUint16(4, true);
      if (type === NLMSG_ERROR) return view.getInt32(HEADER_BYTES, true) === ENOENT ? "gone" : null;
      return type === SOCK_DIAG_BY_FAMILY && count >= UID + 4 ? view.getUint32(UID, true) : null;
    }
  };
}

function write(request: Uint8Array<ArrayBuffer>, sequence: number, local: number, remote: number): void {
  const view = new DataView(request.buffer);
  view.setUint32(0, REQUEST_BYTES, true);
  view.setUint16(4, SOCK_DIAG_BY_FAMILY, true);
  view.setUint16(6, NLM_F_REQUEST, true);
  view.setUint32(8, sequence, true);
  request[16] = AF_INET;
  request[17] = IPPROTO_TCP;
  view.setUint32(20, EVERY_STATE, true);
  // struct inet_diag_sockid: ports in network order, two addresses of 16 bytes, interface, cookie.
  view.setUint16(24, local, false);
  view.setUint16(26, remote, false);
  request.set([127, 0, 0, 1], 28);
  request.set([127, 0, 0, 1], 44);
  view.setUint32(64, NO_COOKIE, true);
  view.setUint32(68, NO_COOKIE, true);
}
