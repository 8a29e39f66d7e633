/**
 * Finds the address of the session bus by itself, because the libraries' own search may start a daemon.
 * May look at the environment and at one socket; connects to nothing.
 * Reference: D-Bus specification, "Server Addresses"; systemd's `$XDG_RUNTIME_DIR/bus`.
 */
import type { RawEnvironment } from "../core/environment.ts";
import { fail } from "../core/errors.ts";
import { fileCalls } from "../os/files/file-calls.ts";

/**
 * The address in force: `$DBUS_SESSION_BUS_ADDRESS`, else the socket `$XDG_RUNTIME_DIR/bus` when it is ours.
 * Only Unix sockets that exist by name are taken. `autolaunch:` and `unixexec:` run programs, `tcp:` would
 * carry secrets over a network. Throws E_KEYCHAIN_UNAVAILABLE when nothing is left, and E_KEYCHAIN_UNREACHABLE when
 * the variable names nothing that can be used: what was named counts, whatever else there is.
 */
export function sessionBusAddress(env: RawEnvironment): string {
  const stated = env["DBUS_SESSION_BUS_ADDRESS"];
  if (stated) {
    const usable: string[] = [];
    for (const address of stated.split(";")) if (isNamedSocket(address)) usable.push(address);
    if (usable.length > 0) return usable.join(";");
    const message = "DBUS_SESSION_BUS_ADDRESS names no Unix socket";
    throw fail(namesNothing(stated) ? "E_KEYCHAIN_UNAVAILABLE" : "E_KEYCHAIN_UNREACHABLE", message);
  }
  const runtime = env["XDG_RUNTIME_DIR"];
  const path = `${runtime}/bus`;
  if (runtime?.startsWith("/") && isOurSocket(path)) return `unix:path=${escaped(path)}`;
  throw fail("E_KEYCHAIN_UNAVAILABLE", "no session bus: DBUS_SESSION_BUS_ADDRESS is not set");
}

/** `disabled:` says that there is no bus, `autolaunch:` that nobody knows of one; development containers set them. */
function namesNothing(stated: string): boolean {
  return stated.split(";").every((address) => /^(?:disabled|autolaunch):/.test(address));
}

/** By hand, because the first use of a regular expression takes a while. */
function isNamedSocket(address: string): boolean {
  if (!address.startsWith("unix:")) return false;
  for (const pair of address.slice("unix:".length).split(",")) {
    for (const key of ["path=", "abstract="]) if (pair.startsWith(key) && pair !== key) return true;
  }
  return false;
}

function isOurSocket(path: string): boolean {
  try {
    const { kind, uid } = fileCalls().lstat(path);
    return kind === "socket" && uid === process.getuid?.();
  } catch {
    return false; // absent, or in a folder that is closed to us
  }
}

/** All but the "optionally-escaped bytes" of the specification become %XX. */
function escaped(path: string): string {
  return path.replace(/[^-0-9A-Za-z_/.*]/g, (char) =>
    [...new TextEncoder().encode(char)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join(""),
  );
}
