/**
 * The loopback listener that the browser comes back to (RFC 8252 §7.3). It binds the literal 127.0.0.1, takes
 * one kind of request and ends a sign-in for the right one only; every other request gets a fixed 4xx and
 * changes nothing. Which callback is right is decided in callback.ts.
 */
import { fail, type GumCredError } from "../../core/errors.ts";
import { systemCode } from "../../core/system-error.ts";
import { isForeignPeer, peerUid } from "../../net/peer.ts";
import { raiseDescriptorLimit } from "../../os/process/long-run.ts";
import { type Answered, type Expected, parseCallback } from "./callback.ts";
import { notice, page } from "./page.ts";

const PATH = "/callback";
/** What a browser is started with; the rest is random. */
const ENTRY = "/start/";
/** The answer goes into the kernel's buffer at once; a browser that does not take it may not hold us. */
const DELIVERY_MS = 1_000;

export interface Listener {
  /** `http://127.0.0.1:<port>/callback`, the same bytes for authorization and token request. */
  readonly redirectUri: string;
  /**
   * An address on this listener that leads to `url`. A browser's command line is public on the machine, and `url` has the
   * state of the sign-in in it: whoever reads it there could end the sign-in or complete it with another account.
   */
  entryTo(url: string): string;
  /** The server's answer to this sign-in. Stays pending for as long as none comes; never rejects. */
  readonly answered: Promise<Answered>;
  /** Drops every connection, slow and half-open ones too, once the page was delivered. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Binds the port (0 takes a free one) and takes the one callback that has this state and issuer. Throws
 * E_PORT_BUSY when someone has the port, and E_INVALID_VALUE when this user may not have it.
 */
export function listen(
  port: number,
  expected: Omit<Expected, "redirectUri">,
  /** Told why a callback with this very state does not count; fixed text, each once. Others may be anybody's. */
  onIgnored: (reason: string) => void = () => {},
): Listener {
  const told = new Set<string>();
  const { promise, resolve } = Promise.withResolvers<Answered>();
  let waiting = true;
  const entry = { path: ENTRY + crypto.randomUUID(), url: "", used: false };
  raiseDescriptorLimit();
  const server = bind(port, (request, client) => {
    const refused = refusal(request, host, [PATH, entry.path]);
    if (refused) return refused;
    if (isForeignPeer(client, server.port ?? 0))
      return notice(403, "Another user's program cannot sign in here.");
    if (new URL(request.url).pathname === entry.path) return enter(entry, client, server.port ?? 0);
    if (!waiting) return notice(410, "The sign-in was answered already.");
    const answer = parseCallback(new URL(request.url).searchParams, { ...expected, redirectUri });
    if (answer.kind === "ignored") {
      if (answer.isOurs && !told.has(answer.reason)) onIgnored(answer.reason);
      if (answer.isOurs) told.add(answer.reason);
      return notice(400, "This does not belong to the sign-in that is waiting.");
    }
    waiting = false;
    resolve(answer);
    if (answer.kind === "code") return page("received");
    return page(answer.error.code === "E_AUTHORIZATION_DENIED" ? "denied" : "failed");
  });
  const redirectUri = `http://127.0.0.1:${server.port}${PATH}`;
  // As a browser writes it: without the port when that is 80.
  const host = new URL(redirectUri).host;

  const close = async (): Promise<void> => {
    const end = performance.now() + DELIVERY_MS;
    while (server.pendingRequests > 0 && performance.now() < end) await Bun.sleep(5);
    // stop(false) would wait for half-open connections.
    await server.stop(true);
  };
  const entryTo = (url: string): string => {
    entry.url = url;
    return `http://${host}${entry.path}`;
  };
  return { redirectUri, entryTo, answered: promise, close };
}

/** Sends the browser on. Once, unless the system says that it is this user who asks. */
function enter(entry: { readonly url: string; used: boolean }, client: number, port: number): Response {
  const again = entry.used && peerUid(client, port) !== process.getuid?.();
  if (entry.url === "" || again) return notice(410, "This address was used already.");
  entry.used = true;
  const headers = { location: entry.url, "referrer-policy": "no-referrer", "cache-control": "no-store" };
  return new Response(null, { status: 302, headers });
}

/** The answer to a request that no browser coming back would make; null when it may be the callback. */
function refusal(request: Request, host: string, paths: readonly string[]): Response | null {
  // DNS rebinding brings a web page here under its own name. The check comes first also because Bun's
  // request.url is not a URL when the Host header is malformed.
  if (request.headers.get("host") !== host) return notice(421, "This address is not served here.");
  const origin = request.headers.get("origin");
  if (origin !== null && origin !== `http://${host}`) return notice(403, "Other sites are not served here.");
  if (!paths.includes(new URL(request.url).pathname)) return notice(404, "There is nothing here.");
  return request.method === "GET" ? null : notice(405, "Only GET is answered here.");
}

/** `answer` is also told the client's port. */
function bind(port: number, answer: (request: Request, client: number) => Response): Bun.Server<undefined> {
  try {
    return Bun.serve({
      hostname: "127.0.0.1",
      port,
      // Otherwise another process could bind the port as well, and be handed the callback in our place.
      reusePort: false,
      fetch: (request, server) => answer(request, server.requestIP(request)?.port ?? 0),
      // Bun's own error page shows source text.
      error: () => notice(400, "This request cannot be answered."),
      development: false,
      // Seconds a connection may stay silent. A browser on this machine never takes that long.
      idleTimeout: 10,
      // No request that is served here has a body.
      maxRequestBodySize: 1,
    });
  } catch (error) {
    throw unbindable(error, port);
  }
}

function unbindable(error: unknown, port: number): GumCredError {
  if (systemCode(error) === "EADDRINUSE") {
    const hint = `end what listens on port ${port}, or choose another with --callback-port`;
    return fail("E_PORT_BUSY", `port ${port} of 127.0.0.1 is in use`, hint);
  }
  const hint = "choose a --callback-port between 1024 and 65535";
  return fail("E_INVALID_VALUE", `port ${port} of 127.0.0.1 cannot be bound`, hint);
}
