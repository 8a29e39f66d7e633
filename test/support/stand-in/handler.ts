/**
 * What happens to every request: read, logged, handled or spoiled by a fault, answered. Knows no endpoint.
 */
import { CONTROL_PREFIX } from "./control.ts";
import { droppedConnection, type Faults, spoil } from "./faults.ts";
import { dispatch, type Incoming, type Route, readIncoming } from "./http.ts";
import type { LogEntry, RequestLog } from "./log.ts";

export interface HandlerParts {
  readonly routes: readonly Route[];
  /** Under {@link CONTROL_PREFIX}: neither logged nor hit by faults. */
  readonly controls: readonly Route[];
  readonly faults: Faults;
  readonly log: RequestLog;
  /** Called when a request has been answered or dropped. */
  onRequest(entry: LogEntry): void;
}

export function createHandler(parts: HandlerParts): (request: Request) => Promise<Response> {
  const { routes, controls, faults, log, onRequest } = parts;

  /** Null when the connection is to be dropped. */
  async function answer(incoming: Incoming): Promise<Response | null> {
    const fault = faults.take(incoming.path);
    const handle = () => dispatch(routes, incoming);
    return fault === null ? handle() : spoil(fault, handle);
  }

  return async (request) => {
    const incoming = await readIncoming(request);
    if (incoming.path.startsWith(CONTROL_PREFIX)) return dispatch(controls, incoming);
    const entry = log.add(incoming);
    const response = await answer(incoming);
    entry.status = response?.status ?? null;
    onRequest(entry);
    return response ?? droppedConnection();
  };
}
