/**
 * Which program answers as the Secret Service, for `doctor`: the owner of the name receives every secret, and
 * two keyrings that compete for it are the usual reason why entries seem to come and go. Reads no entry.
 * Reference: D-Bus specification, "Message Bus Messages" (GetNameOwner, GetConnectionUnixProcessID).
 */
import { readFileSync, readlinkSync } from "node:fs";
import type { RawEnvironment } from "../../core/environment.ts";
import { clean } from "../../core/errors.ts";
import { type Call, openSessionBus, type Reply } from "../../dbus/client.ts";
import { deadlineIn } from "../../os/deadline.ts";

const NAME = "org.freedesktop.secrets";

export interface NameOwner {
  readonly pid: number;
  /** Its executable, or its short name where that may not be seen; null when neither may. */
  readonly program: string | null;
}

/**
 * The owner of the name on the session bus; null when it has no owner. Throws the keychain's errors for a bus
 * that is not there or does not answer within `timeoutMs`.
 */
export function secretServiceOwner(env: RawEnvironment, timeoutMs: number): NameOwner | null {
  const bus = openSessionBus(env);
  const deadline = deadlineIn(timeoutMs);
  const ask = (call: Call): Reply | undefined => bus.send([call], deadline).replies()[0];
  try {
    const process = ask(busCall("GetConnectionUnixProcessID", "(u)"));
    return process?.ok
      ? { pid: Number(process.values[0]), program: program(Number(process.values[0])) }
      : null;
  } finally {
    bus.close();
  }
}

function busCall(method: string, reply: string): Call {
  return {
    destination: "org.freedesktop.DBus",
    path: "/org/freedesktop/DBus",
    interface: "org.freedesktop.DBus",
    method,
    signature: "(s)",
    args: [NAME],
    reply,
  };
}

function program(pid: number): string | null {
  for (const look of [
    () => readlinkSync(`/proc/${pid}/exe`),
    () => readFileSync(`/proc/${pid}/comm`, "utf8"),
  ]) {
    try {
      return clean(look(), 100);
    } catch {
      // Another user's process, or one of another container: the next way may still tell.
    }
  }
  return null;
}
