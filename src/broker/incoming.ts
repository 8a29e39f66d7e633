/** A request as the broker reads it, and its line in the log. */
import type { LogEntry } from "./log.ts";
import type { Route } from "./route.ts";
import type { Usage } from "./usage/tally.ts";

/** A request as the broker reads it. */
export interface Incoming {
  readonly request: Request;
  readonly route: Route | null;
  /** As the client wrote it, without query. */
  readonly path: string;
  /** Below the route. */
  readonly rest: string;
  readonly search: string;
  readonly ts: string;
  readonly started: number;
}

/** Splits the target by hand: of CONNECT it is no URL, and nothing a client writes may throw. */
export function readIncoming(request: Request, routes: readonly Route[]): Incoming {
  const url = URL.canParse(request.url) ? new URL(request.url) : null;
  const isPath = url !== null && /^https?:$/.test(url.protocol) && request.method !== "CONNECT";
  const path = isPath ? url.pathname.replace(/^\/+/, "/") : "";
  const end = path.indexOf("/", 1);
  const name = path.slice(1, end < 0 ? undefined : end);
  const route = routes.find((each) => each.name === name) ?? null;
  return {
    request,
    route,
    path,
    rest: end < 0 ? "/" : path.slice(end),
    search: isPath ? url.search : "",
    ts: new Date().toISOString(),
    started: performance.now(),
  };
}

/** What an answer said of itself, as the log writes it. */
export function inWords({ model, tokensIn, tokensOut }: Usage): Partial<LogEntry> {
  return {
    ...(model === null ? {} : { model }),
    ...(tokensIn === null ? {} : { tokens_in: tokensIn }),
    ...(tokensOut === null ? {} : { tokens_out: tokensOut }),
  };
}

/** The line of the log; `known` has what only the end tells. */
export function entryOf(
  { request, route, path, ts, started }: Incoming,
  run: string,
  known: Partial<LogEntry> & { readonly status: number },
): LogEntry {
  return {
    ts,
    run,
    provider: route?.provider ?? null,
    level: route?.level ?? null,
    method: request.method,
    path,
    first_byte_ms: null,
    total_ms: rounded(performance.now() - started) ?? 0,
    bytes_up: 0,
    bytes_down: 0,
    ...known,
  };
}

/** Milliseconds with one decimal. */
export function rounded(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms * 10) / 10;
}
