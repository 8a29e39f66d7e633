/**
 * `/_stand-in/…`: the stand-in's own controls over HTTP, for shell scripts and other processes. Neither logged nor
 * hit by faults. Says nothing a test in the same process could not ask the {@link StandIn} itself.
 */
import { type Faults, faultSchema } from "./faults.ts";
import { json, type Route } from "./http.ts";
import type { LogEntry } from "./log.ts";

/** Every path that begins so is a control, not part of the server that is stood in for. */
export const CONTROL_PREFIX = "/_stand-in/";

export interface Controls {
  log(): readonly LogEntry[];
  state(): unknown;
  readonly faults: Faults;
  reset(): void;
}

export function controlRoutes({ log, state, faults, reset }: Controls): readonly Route[] {
  const done = () => new Response(null, { status: 204 });
  return [
    { method: "GET", path: `${CONTROL_PREFIX}log`, answer: () => json(200, log()) },
    { method: "GET", path: `${CONTROL_PREFIX}state`, answer: () => json(200, state()) },
    {
      method: "POST",
      path: `${CONTROL_PREFIX}reset`,
      answer: () => {
        reset();
        return done();
      },
    },
    {
      method: "POST",
      path: `${CONTROL_PREFIX}faults`,
      answer: ({ body }) => {
        const fault = parseFault(body);
        if (fault === null) return json(400, { error: "not a fault; see faultSchema in faults.ts" });
        faults.inject(fault);
        return done();
      },
    },
  ];
}

function parseFault(body: string) {
  try {
    return faultSchema.safeParse(JSON.parse(body)).data ?? null;
  } catch {
    return null;
  }
}
