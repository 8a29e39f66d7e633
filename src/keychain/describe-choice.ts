/**
 * Why this keychain and not another, for people: what was named, what is on the session bus, and what follows.
 * Opens no keychain and starts no service.
 * Reference: D-Bus specification, "Message Bus Messages" (ListNames, ListActivatableNames).
 */

import type { RawEnvironment } from "../core/environment.ts";
import { type Call, openSessionBus } from "../dbus/client.ts";
import { refusal } from "../dbus/error.ts";
import { deadlineIn } from "../os/deadline.ts";
import { type Backend, namedBackend } from "./choose.ts";
import { KWALLETD_5, KWALLETD_6 } from "./kwallet/calls.ts";
import { isSwitchedOff } from "./kwallet/settings.ts";
import { VARIABLE } from "./possible.ts";

export interface Choice {
  /** The backend in force; null when none is there. */
  readonly backend: Backend | null;
  /** One sentence. */
  readonly reason: string;
  /** Everything that the session bus could offer; empty where no bus is asked. */
  readonly candidates: readonly { readonly backend: Backend; readonly present: boolean }[];
}

/** On the session bus, the first one that is there wins. */
const ON_THE_BUS: readonly { readonly backend: Backend; readonly names: readonly string[] }[] = [
  { backend: "secret-service", names: ["org.freedesktop.secrets"] },
  { backend: "kwallet", names: [KWALLETD_6.destination, KWALLETD_5.destination] },
];

/**
 * The choice as `openKeychain` makes it. Throws E_INVALID_VALUE for a name that no backend has, and the errors of a
 * session bus that is not there (E_KEYCHAIN_UNAVAILABLE), or does not answer within `timeoutMs`.
 */
export function describeChoice(env: RawEnvironment, timeoutMs: number): Choice {
  const named = namedBackend(env);
  if (named !== null) return { backend: named, reason: `${VARIABLE} says so`, candidates: [] };
  if (process.platform === "darwin") {
    return { backend: "macos-keychain", reason: "it is the keychain of macOS", candidates: [] };
  }
  if (process.platform === "win32") {
    return { backend: "windows-credential-manager", reason: "it is the keychain of Windows", candidates: [] };
  }
  const names = namesOnTheBus(env, timeoutMs);
  const candidates = ON_THE_BUS.map(({ backend, names: own }) => ({
    backend,
    present: own.some((name) => names.has(name)) && !(backend === "kwallet" && isSwitchedOff(env)),
  }));
  const backend = candidates.find(({ present }) => present)?.backend ?? null;
  return { backend, reason: reasonFor(candidates.filter(({ present }) => present).length), candidates };
}

function reasonFor(present: number): string {
  if (present === 0) return "neither a Secret Service nor KWallet is on the session bus";
  return present === 1
    ? "it is the only one on the session bus"
    : `the official CLI prefers it too; ${VARIABLE}=kwallet would take KWallet`;
}

/** Names that have an owner, and names for which the bus would start a service. */
function namesOnTheBus(env: RawEnvironment, timeoutMs: number): ReadonlySet<string> {
  const bus = openSessionBus(env);
  try {
    const replies = bus.send([busCall("ListNames"), busCall("ListActivatableNames")], deadlineIn(timeoutMs));
    const names = replies.replies().flatMap((reply) => {
      if (!reply.ok) throw refusal(reply);
      return reply.values[0] as readonly string[];
    });
    return new Set(names);
  } finally {
    bus.close();
  }
}

const busCall = (method: string): Call => ({
  destination: "org.freedesktop.DBus",
  path: "/org/freedesktop/DBus",
  interface: "org.freedesktop.DBus",
  method,
  signature: "()",
  args: [],
  reply: "(as)",
});
