/**
 * Requests whose bodies stream both ways and are passed on as they are: what the broker sends upstream. Nothing is
 * decompressed, followed, retried or timed; certificates are always verified. Knows nothing of providers.
 */
import { isLoopback } from "../core/base-url.ts";
import type { RawEnvironment } from "../core/environment.ts";

export interface RelayRequest {
  /** https, or http to a literal loopback address. */
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly body: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> | null;
  /** Ends the exchange. */
  readonly signal: AbortSignal;
}

/** Bun's own options beside those of the standard. */
interface BunInit extends RequestInit {
  readonly duplex: "half";
  readonly decompress: false;
  readonly verbose: false;
  readonly tls: { readonly rejectUnauthorized: true };
  /** Bun ends an exchange in which nothing has moved for five minutes, unless it is told not to. */
  readonly timeout: false;
  readonly proxy?: false;
}

/** Resolves with the answer's head. Rejects with whatever fetch rejects with. */
export function relay({ url, method, headers, body, signal }: RelayRequest): Promise<Response> {
  const init: BunInit = {
    method,
    headers,
    body,
    signal,
    duplex: "half",
    decompress: false,
    redirect: "manual",
    verbose: false,
    timeout: false,
    tls: { rejectUnauthorized: true },
    ...(isLoopback(new URL(url).hostname) ? { proxy: false as const } : {}),
  };
  return fetch(url, init as RequestInit);
}

/** A WebSocket upstream, with headers of ours. The address is the one of a request: https becomes wss. */
export function openWebSocket(url: string, headers: Headers, protocols: readonly string[]): WebSocket {
  const proxy = proxyFor(new URL(url));
  const options = {
    ...(proxy === null ? {} : { proxy }),
    headers: Object.fromEntries(headers),
    protocols: [...protocols],
    tls: { rejectUnauthorized: true },
  };
  return new WebSocket(url.replace(/^http/, "ws"), options as unknown as string[]);
}

/** The environment's proxy for an address, as fetch finds it by itself; null for a direct connection. */
export function proxyFor(url: URL, env: RawEnvironment = process.env): string | null {
  if (isLoopback(url.hostname)) return null;
  const except = (env["no_proxy"] || env["NO_PROXY"] || "").split(",").map((entry) => entry.trim());
  const host = url.hostname.toLowerCase();
  for (const entry of except) {
    const name = entry.toLowerCase().replace(/^\*?\./, "");
    if (entry === "*" || (name !== "" && (host === name || host.endsWith(`.${name}`)))) return null;
  }
  const scheme = url.protocol === "http:" ? "http" : "https";
  return env[`${scheme}_proxy`] || env[`${scheme.toUpperCase()}_PROXY`] || null;
}
