/**
 * The only place that calls fetch. One request, one answer, both bounded; it knows nothing of providers or
 * OAuth. Redirects are never followed, certificates are always verified, nothing is retried or remembered.
 */
import { isLoopback } from "../core/base-url.ts";
import { clean, fail, type GumCredError } from "../core/errors.ts";
import { reveal, type Secret } from "../core/secret.ts";
import { startTimeLimit, type TimeLimit } from "../os/time-limit.ts";
import { VERSION } from "../version.ts";
import { networkFailure } from "./failure.ts";
import { proxyFor } from "./proxy.ts";

/** Who asks: version and system, as the official client says of itself. */
const USER_AGENT = `gum-cred/${VERSION} (${process.platform} ${process.arch})`;
/** Time for the whole exchange: name lookup, connection, headers and body. */
export const TIMEOUT_MS = 15_000;
/** The largest body that is read, after decompression. */
export const LIMIT_BYTES = 1024 * 1024;

export interface HttpRequest {
  /** https, or http to a literal loopback address. No user name or password. With a socket: http://localhost/… */
  readonly url: string;
  /** Path of a Unix socket that the request goes to, whatever host the URL names. */
  readonly socket?: string | undefined;
  /** Authorities (PEM) that are trusted in place of the system's. */
  readonly ca?: string | undefined;
  /** The code for a certificate that is not trusted; E_NETWORK when left out. */
  readonly untrusted?: "E_NETWORK" | "E_UNTRUSTED" | undefined;
  /** GET when left out. */
  readonly method?: "GET" | "POST";
  readonly headers?: readonly { readonly name: string; readonly value: Secret }[];
  readonly body?: { readonly contentType: string; readonly text: Secret };
  /** Milliseconds; {@link TIMEOUT_MS} when left out. */
  readonly timeoutMs?: number;
  /** Bytes; {@link LIMIT_BYTES} when left out. */
  readonly limitBytes?: number;
  /** Ctrl-C. */
  readonly signal?: AbortSignal | undefined;
}

export interface HttpResponse {
  /** 200 to 599; 3xx as it came, see {@link isRedirect}. */
  readonly status: number;
  /** Empty when the server named none. */
  readonly contentType: string;
  readonly headers: Headers;
  /** Decoded as UTF-8. Foreign: {@link clean} what is shown of it. */
  readonly body: string;
}

/**
 * Sends one request. Throws E_BASE_URL_REFUSED (where it may not go), E_MALFORMED (a header that cannot be sent,
 * an answer that is too large), E_NETWORK, E_TIMEOUT and E_INTERRUPTED. Messages name host and path, never query,
 * headers or body.
 */
export async function send(request: HttpRequest): Promise<HttpResponse> {
  const url = request.socket === undefined ? allowed(request.url) : new URL(request.url);
  const place = `${request.socket === undefined ? url.host : `unix:${clean(request.socket, 120)}`}${url.pathname}`;
  const { timeoutMs = TIMEOUT_MS, limitBytes = LIMIT_BYTES } = request;
  const headers = headersOf(request);
  const body = request.body ? reveal(request.body.text) : null;
  const limit = startTimeLimit(timeoutMs, request.signal);
  try {
    const response = await fetch(url.href, {
      method: request.method ?? "GET",
      headers,
      body,
      signal: limit.signal,
      redirect: "manual",
      // An idle connection would keep the process alive, and one request is all there is.
      keepalive: false,
      // NODE_TLS_REJECT_UNAUTHORIZED=0 and BUN_CONFIG_VERBOSE_FETCH=curl lose against the request's own word.
      tls: { rejectUnauthorized: true, ...(request.ca === undefined ? {} : { ca: request.ca }) },
      verbose: false,
      // The limit above counts, not Bun's own and BUN_CONFIG_HTTP_IDLE_TIMEOUT.
      timeout: false,
      // http_proxy counts for loopback addresses too, unless the request says otherwise.
      ...(isLoopback(url.hostname) || request.socket !== undefined ? { proxy: false } : {}),
      ...(request.socket === undefined ? {} : { unix: request.socket }),
    });
    if (response.status < 200 || response.status > 599) {
      throw fail("E_MALFORMED", `${place} answered with the impossible status ${response.status}`);
    }
    return {
      status: response.status,
      contentType: response.headers.get("content-type") ?? "",
      headers: response.headers,
      body: await readBody(response, limitBytes, place),
    };
  } catch (error) {
    const proxy = proxyFor(url, process.env);
    throw stopped(limit, timeoutMs, place) ?? networkFailure(error, place, proxy, request.untrusted);
  } finally {
    limit.clear();
  }
}

/** Whether an answer points elsewhere (RFC 9110 §15.4). Its Location is not followed and not shown. */
export function isRedirect(response: Pick<HttpResponse, "status">): boolean {
  return response.status >= 300 && response.status <= 399;
}

/**
 * Whether a web page came where data was asked for: a captive portal, a company's filter, a wrong base URL.
 * Such an answer says nothing about a credential.
 */
export function isWebPage(response: Pick<HttpResponse, "contentType" | "body">): boolean {
  return /\bhtml\b/i.test(response.contentType) || /^\s*<(?:!doctype|html)\b/i.test(response.body);
}

function allowed(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null) throw fail("E_BASE_URL_REFUSED", "a request to a malformed URL is refused");
  const scheme = url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url.hostname));
  if (!scheme || url.username !== "" || url.password !== "") {
    throw fail("E_BASE_URL_REFUSED", `a request to ${clean(`${url.protocol}//${url.host}`)} is refused`);
  }
  return url;
}

function headersOf(request: HttpRequest): Record<string, string> {
  const headers: Record<string, string> = { accept: "application/json", "user-agent": USER_AGENT };
  if (request.body) headers["content-type"] = request.body.contentType;
  for (const { name, value } of request.headers ?? []) {
    const text = reveal(value);
    // RFC 9110 §5.5 without obs-text: what is not printable ASCII was copied along by mistake, or on purpose.
    if (!/^[\x20-\x7e]*$/.test(text) || !/^[A-Za-z0-9-]+$/.test(name)) {
      throw fail(
        "E_MALFORMED",
        `the value of the header '${clean(name)}' has a character that cannot be sent`,
        "copy the value again, without line breaks or invisible characters",
      );
    }
    headers[name.toLowerCase()] = text;
  }
  return headers;
}

async function readBody(response: Response, limitBytes: number, place: string): Promise<string> {
  const reader = response.body?.getReader();
  if (reader === undefined) return "";
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.byteLength;
    if (bytes > limitBytes) {
      await reader.cancel();
      throw fail("E_MALFORMED", `${place} answered with more than ${limitBytes} bytes`);
    }
    text += decoder.decode(value, { stream: true });
  }
}

/** Why a limit ended the request; null when it did not. */
function stopped(limit: TimeLimit, timeoutMs: number, place: string): GumCredError | null {
  switch (limit.stoppedBy()) {
    case "interrupt":
      return fail("E_INTERRUPTED", "interrupted");
    case "limit":
      return fail("E_TIMEOUT", `${place} did not finish responding within ${timeoutMs / 1000} s`);
    case null:
      return null;
  }
}
