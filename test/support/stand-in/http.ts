/**
 * What every area of the stand-in shares: the shape of a route, a request already read, and JSON answers.
 * Knows nothing about OAuth, Gumloop or faults.
 */

/** A request with its body read, so that routes answer synchronously and one at a time. */
export interface Incoming {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  readonly body: string;
  /** The parsed body when it was sent as `application/x-www-form-urlencoded`, else null. */
  readonly form: URLSearchParams | null;
}

/** One endpoint. An area (`api.ts`, `token.ts`, …) is a function that returns some of these. */
export interface Route {
  readonly method: "GET" | "POST";
  /** Compared exactly with the request's path. */
  readonly path: string;
  answer(incoming: Incoming): Response;
}

/** Reads the whole request. */
export async function readIncoming(request: Request): Promise<Incoming> {
  const url = new URL(request.url);
  const body = await request.text();
  const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  return {
    method: request.method,
    path: url.pathname,
    query: url.searchParams,
    headers: request.headers,
    body,
    form: type === "application/x-www-form-urlencoded" ? new URLSearchParams(body) : null,
  };
}

/** Finds the route and lets it answer; 404 and 405 in Gumloop's envelope when there is none. */
export function dispatch(routes: readonly Route[], incoming: Incoming): Response {
  const here = routes.filter((route) => route.path === incoming.path);
  const route = here.find(({ method }) => method === incoming.method);
  if (route !== undefined) return route.answer(incoming);
  if (here.length === 0) return gumloopError(404, "not_found", "invalid_request_error", "No such endpoint");
  const allow = here.map(({ method }) => method).join(", ");
  return gumloopError(405, "method_not_allowed", "invalid_request_error", `Use ${allow}`, { allow });
}

/** A JSON answer that no cache keeps. A header of value undefined is impossible, a missing one is not sent. */
export function json(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json", "cache-control": "no-store", ...headers },
  });
}

/** Gumloop's error envelope, as its public SDK's tests show it (github.com/gumloop/gumloop-py, tests/). */
export function gumloopError(
  status: number,
  code: string,
  type: string,
  message: string,
  headers: Record<string, string> = {},
): Response {
  return json(status, { error: { code, message, type, param: null, details: {} } }, headers);
}

/** The value of a parameter sent exactly once; null when it is absent, empty or repeated. */
export function single(params: URLSearchParams, name: string): string | null {
  const [value, ...more] = params.getAll(name);
  return value === undefined || value === "" || more.length > 0 ? null : value;
}

/** The first parameter sent more than once, which RFC 6749 §3.1 and §3.2 forbid; null when there is none. */
export function repeated(params: URLSearchParams): string | null {
  const names = [...params.keys()];
  return names.find((name, index) => names.indexOf(name) !== index) ?? null;
}
