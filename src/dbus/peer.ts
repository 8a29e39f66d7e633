/** Whose message bus it is, and which. */
import { fail, type GumCredError } from "../core/errors.ts";
import type { SocketCalls } from "../os/native/libc.ts";
import { OWN_BUS } from "./error.ts";

/** `<sys/socket.h>` of Linux: asks for the `struct ucred` of the other side, three 32-bit numbers: pid, uid, gid. */
const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
const UCRED_BYTES = 12;

/**
 * An abstract name, or a path in a folder that others can write, may have been taken over by another user's program.
 * Before it is told anything it must prove to be run by us or by root. Returns the user's id.
 */
export function requireOurs(system: SocketCalls, fd: number): number {
  const peer = new Uint32Array(UCRED_BYTES / 4);
  const known = system.getsockopt(fd, SOL_SOCKET, SO_PEERCRED, peer, Uint32Array.of(UCRED_BYTES)) === 0;
  const uid = known ? peer[1] : undefined;
  if (uid === undefined) {
    throw fail("E_KEYCHAIN_DENIED", "the system does not tell whose session bus it is", OWN_BUS);
  }
  if (uid !== 0 && uid !== process.geteuid?.()) throw othersBus(uid);
  return uid;
}

/** The error for a bus that is not for us. */
export function othersBus(uid: number): GumCredError {
  return fail("E_KEYCHAIN_DENIED", `the session bus is run by another user (uid ${uid})`, OWN_BUS);
}

/** The address says which server it leads to ("UUIDs" in the specification). */
export function requireGuid(stated: string, wanted: string | null): void {
  if (wanted === null || stated.toLowerCase() === wanted.toLowerCase()) return;
  throw fail(
    "E_KEYCHAIN_DENIED",
    "another message bus listens at the session bus's address: its GUID is not the address's",
    "sign in to the desktop again, or set DBUS_SESSION_BUS_ADDRESS to the bus that runs now",
  );
}
