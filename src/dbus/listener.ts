/**
 * A connection to the session bus that receives one signal, and over which one call is made at a time: for dialogs,
 * whose end a service signals. Other work in the process goes on during a wait.
 */

import type { RawEnvironment } from "../core/environment.ts";
import { hasCode } from "../core/errors.ts";
import { type Deadline, deadlineIn } from "../os/deadline.ts";
import { type Call, openSessionBus, type Reply } from "./client.ts";
import type { Value } from "./types.ts";

/** How long a wait may keep everything else in the process from happening. */
const SLICE_MS = 100;

export interface Listener {
  /** One call and its reply. Throws what {@link Bus.send} of `dbus.ts` does. */
  ask(call: Call, deadline: Deadline): Reply;
  /** Waits for the signal from an object; its values. Throws E_KEYCHAIN_TIMEOUT. */
  heard(path: string, deadline: Deadline): Promise<readonly Value[]>;
  close(): void;
}

/** Connects to the session bus of `env`. From then on no signal `member` of `iface` that is sent to us is missed. */
export function openListener(
  env: RawEnvironment,
  iface: string,
  member: string,
  deadline: Deadline,
): Listener {
  const heard = new Map<string, readonly Value[]>();
  const bus = openSessionBus(env, (signal) => {
    if (signal.interface === iface && signal.member === member) heard.set(signal.path, signal.values);
  });
  bus.send([], deadline).replies();
  return {
    ask: (call, limit) => bus.send([call], limit).replies()[0] as Reply,
    async heard(path, limit) {
      for (;;) {
        const values = heard.get(path);
        if (values !== undefined) return values;
        listen(Math.min(SLICE_MS, limit.remaining()));
        await Bun.sleep(0);
      }
    },
    close: bus.close,
  };

  function listen(ms: number): void {
    try {
      bus.listen(deadlineIn(ms));
    } catch (error) {
      if (!hasCode(error, "E_KEYCHAIN_TIMEOUT")) throw error;
    }
  }
}
