/**
 * The reverse proxy itself: on a loopback port or a Unix socket, for clients that hold this run's placeholder. What
 * is not admitted is answered here, in the vendor's own shape, and nothing of it is forwarded.
 */
import { GumCredError } from "../core/errors.ts";
import { reveal, type Secret, secret } from "../core/secret.ts";
import { expectLongRun } from "../os/process/long-run.ts";
import {
  foreign,
  forwardedHeaders,
  forwardedQuery,
  inject,
  type Placeholder,
  placeOfToken,
  protocolsOf,
  withoutKeys,
} from "./admission.ts";
import { type AllowRule, parseAllow } from "./allow.ts";
import { exchange } from "./exchange.ts";
import { entryOf, type Incoming, inWords, readIncoming, rounded } from "./incoming.ts";
import type { Limits } from "./limits.ts";
import type { Log, LogEntry } from "./log.ts";
import { upstreamUrl } from "./path.ts";
import { peerLookup } from "./peer.ts";
import { refusalResponse } from "./refusal.ts";
import type { Injection, Refusal, Route } from "./route.ts";
import type { Place } from "./traits.ts";
import { tokensOf } from "./usage/tally.ts";
import { createVeil } from "./veil.ts";
import { connectUpstream, type SocketData, type SocketEnd } from "./web-socket.ts";

export interface BrokerParts {
  readonly routes: readonly Route[];
  readonly placeholder: Placeholder;
  /** The keys in force at the start: none may be in the log. */
  readonly secrets: readonly Secret[];
  readonly limits: Limits;
  readonly log: Log;
  /** Short name of the run, in every line of the log. */
  readonly run: string;
  /** A loopback port, 0 for a free one, or the path of a Unix socket. */
  readonly listen: { readonly port: number } | { readonly path: string };
  /** The Host that clients write, where it is not that of the place itself. */
  readonly host?: string;
  /** The only uid whose processes may ask; null where the system cannot tell. */
  readonly uid: number | null;
}

export interface Broker {
  /** `http://127.0.0.1:PORT`; null on a Unix socket. */
  readonly origin: string | null;
  /** Requests that are not over yet. */
  active(): number;
  /** Takes no more requests and waits for those under way, for at most so many milliseconds. */
  drain(withinMs: number): Promise<void>;
  /** Ends every connection at once; resolves when each request is in the log. */
  stop(): Promise<void>;
}

/** Exit codes of what may work later: a bug, a keychain that is locked or silent, a network that is down (docs/errors.md). */
const NO_REFUSALS: ReadonlySet<number> = new Set([1, 4, 5]);

type Server = Bun.Server<SocketData>;

/** Starts to listen. Throws what Bun.serve throws where it cannot. */
export function startBroker(parts: BrokerParts): Broker {
  expectLongRun();
  const handler = createHandler(parts);
  const options = {
    development: false,
    // An event stream may be silent for as long as the model thinks.
    idleTimeout: 0,
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    websocket: {
      idleTimeout: 0,
      maxPayloadLength: 256 * 1024 * 1024,
      perMessageDeflate: false,
      open: (client: Bun.ServerWebSocket<SocketData>) => client.data.attach(client),
      message: (client: Bun.ServerWebSocket<SocketData>, message: string | Buffer<ArrayBuffer>) =>
        client.data.fromClient(message),
      close: (client: Bun.ServerWebSocket<SocketData>, code: number, reason: string) =>
        client.data.clientClosed(code, reason),
    },
    fetch: handler.answer,
    error: () => new Response(null, { status: 500 }),
  };
  const where =
    "path" in parts.listen
      ? { unix: parts.listen.path }
      : { hostname: "127.0.0.1", port: parts.listen.port, reusePort: false };
  const server = Bun.serve({ ...options, ...where } as Bun.Serve.Options<SocketData>) as Server;
  return {
    origin: "path" in parts.listen ? null : `http://127.0.0.1:${server.port}`,
    active: handler.active,
    drain: async (withinMs) => {
      void server.stop(false);
      await idle(handler.active, withinMs);
      await server.stop(true);
      await idle(handler.active, TALLY_MS);
    },
    stop: async () => {
      await server.stop(true);
      await idle(handler.active, TALLY_MS);
    },
  };
}

/** What has come is still decompressed and counted: for so long at most. */
const TALLY_MS = 2000;

async function idle(active: () => number, withinMs: number): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (active() > 0 && performance.now() < deadline) await Bun.sleep(5);
}

function createHandler(parts: BrokerParts) {
  const veil = createVeil([...parts.secrets, secret(parts.placeholder.text)]);
  const routes = parts.routes.map(veil.watched);
  const policies = new Map<Route, readonly (readonly AllowRule[])[]>(
    routes.map((route) => [route, route.allow.map((rules) => rules.map(parseAllow))]),
  );
  const outsider = doorkeeper(parts);
  let active = 0;

  const answer = async (request: Request, server: Server): Promise<Response | undefined> => {
    const incoming = readIncoming(request, routes);
    active += 1;
    let open = true;
    const over = (entry: Partial<LogEntry> & { readonly status: number }): void => {
      if (!open) return;
      open = false;
      active -= 1;
      parts.log.add(veil.line(entryOf(incoming, parts.run, entry)));
    };
    const refuse = (refusal: Refusal): Response => {
      const response = refusalResponse(refusal, incoming.route?.traits.errors ?? "openai");
      over({ status: response.status, refused: refusal.reason });
      return response;
    };
    try {
      const stranger = outsider(request, server);
      if (stranger) return refuse(stranger);
      if (incoming.path === "/healthz") {
        open = false;
        active -= 1;
        return new Response("ok\n");
      }
      return await forward(incoming, server, refuse, over);
    } catch (error) {
      return refuse(failure(error, request));
    }
  };

  const forward = async (
    incoming: Incoming,
    server: Server,
    refuse: (refusal: Refusal) => Response,
    over: (entry: Partial<LogEntry> & { readonly status: number }) => void,
  ): Promise<Response | undefined> => {
    const { request, route, rest, search } = incoming;
    if (!route) {
      return refuse({ kind: "unauthorized", reason: "route", message: "there is no such route" });
    }
    const asked = { headers: request.headers, query: new URLSearchParams(search), path: rest };
    const place = placeOfToken(route, asked, parts.placeholder);
    if (!place) {
      const message = "the request does not carry this run's placeholder token where the vendor's key goes";
      return refuse({ kind: "unauthorized", reason: "token", message });
    }
    const isUpgrade = (request.headers.get("upgrade") ?? "").toLowerCase() === "websocket";
    if (isUpgrade && !route.traits.webSockets) return refuse(noWebSocket);
    const url = upstreamUrl(route.upstream, rest, forwardedQuery(search, parts.placeholder), route.traits);
    const paths = [rest, new URL(url).pathname];
    const limited = parts.limits.admit(request.method, paths, policies.get(route) ?? []);
    if (limited) return refuse(limited);
    if (isUpgrade) return upgrade(incoming, route, place, url, server, refuse, over);
    return exchange({
      route,
      place,
      request,
      url,
      headers: forwardedHeaders(request.headers, parts.placeholder),
      redactor: (injection: Injection) => veil.over(injection.value),
      scrub: veil.header,
      done: (result) => {
        parts.limits.spend(tokensOf(result.usage));
        over({
          status: result.status,
          first_byte_ms: rounded(result.firstByteMs),
          bytes_up: result.bytesUp,
          bytes_down: result.bytesDown,
          ...inWords(result.usage),
        });
      },
    });
  };

  const upgrade = async (
    { request }: Incoming,
    route: Route,
    place: Place,
    url: string,
    server: Server,
    refuse: (refusal: Refusal) => Response,
    over: (entry: Partial<LogEntry> & { readonly status: number }) => void,
  ): Promise<Response | undefined> => {
    const headers = forwardedHeaders(request.headers, parts.placeholder);
    inject(headers, await route.credential(), place, reveal);
    const protocols = withoutKeys(protocolsOf(request.headers));
    const done = ({ bytesUp, bytesDown, usage, limit }: SocketEnd): void => {
      const closed = limit === null ? {} : { closed: limit };
      over({ status: 101, bytes_up: bytesUp, bytes_down: bytesDown, ...inWords(usage), ...closed });
    };
    const data = await connectUpstream({ url, headers, protocols, limits: parts.limits, done });
    if (!data) return refuse(noWebSocket);
    const chosen = data.upstream.protocol;
    const accepted = server.upgrade(request, {
      data,
      ...(chosen === "" ? {} : { headers: { "sec-websocket-protocol": chosen } }),
    });
    if (accepted) return undefined;
    data.clientClosed(1001, "");
    return refuse(noWebSocket);
  };

  return { answer, active: () => active };
}

/** RFC 9110 §9.3.8: the answer is the request as it arrived, with the real key in it. */
const ECHO = "TRACE";

const noWebSocket: Refusal = {
  kind: "upgrade",
  reason: "websocket",
  message: "this route has no WebSocket; use HTTP",
};

/** Why whoever asks is not a process of this user that means this very broker; null when it is. */
function doorkeeper(parts: BrokerParts): (request: Request, server: Server) => Refusal | null {
  const isUnix = "path" in parts.listen;
  const ownerOf = isUnix || parts.uid === null ? null : peerLookup();
  return (request, server) => {
    if (request.method === "CONNECT") {
      return { kind: "unauthorized", reason: "connect", message: "the broker is no proxy for other hosts" };
    }
    if (request.method === ECHO) {
      return { kind: "unauthorized", reason: "method", message: "requests that ask for an echo are refused" };
    }
    const host = parts.host ?? (isUnix ? "localhost" : `127.0.0.1:${server.port}`);
    const stranger = foreign(request.headers, host);
    if (stranger || !ownerOf) return stranger;
    const owner = ownerOf(server.requestIP(request)?.port ?? 0, server.port ?? 0);
    return owner === null || owner === parts.uid
      ? null
      : { kind: "unauthorized", reason: "uid", message: "requests of another user are refused" };
  };
}

/** Never the text of the error: it could quote an address with a query. */
function failure(error: unknown, request: Request): Refusal {
  if (request.signal.aborted) {
    return { kind: "unavailable", reason: "client went away", message: "the client went away" };
  }
  if (error instanceof GumCredError) {
    const isRefusal = !NO_REFUSALS.has(error.exitCode) || error.code === "E_KEYCHAIN_DENIED";
    const kind = isRefusal ? "refused" : "unavailable";
    return { kind, reason: error.code, message: error.message };
  }
  return { kind: "unavailable", reason: "upstream", message: "the vendor's server cannot be reached" };
}
