/**
 * The base URL rules: where a credential may be sent at all. Pure; URL is the WHATWG standard's.
 *
 * URL parsers repair what they are given (`http://127.1`, `http://0x7f000001`, full-width dots, backslashes),
 * so that what a person reads and where the request goes can differ. What needs repair is refused here:
 * the host that is written is the host that is meant.
 */
import { DEFAULT_HREF, DEFAULT_ORIGIN } from "./default-base-url.ts";
import { fail, type GumCredError } from "./errors.ts";

/** An origin and path that credentials may be sent to. Made by {@link parseBaseUrl} only. */
export interface BaseUrl {
  /** Without a trailing slash: `https://api.gumloop.com/api/v1`. */
  readonly href: string;
  /** Scheme, host and port (RFC 6454): `https://api.gumloop.com`. OAuth lives at its root. */
  readonly origin: string;
}

const HINT =
  "write it as https://HOST[:PORT][/PATH], or http://127.0.0.1:PORT[/PATH] for a server on this machine";

/**
 * Reads a base URL. Throws E_INVALID_VALUE (malformed, or carrying userinfo, query or fragment) and
 * E_BASE_URL_REFUSED (http to anything but a literal loopback address, or another scheme). Messages quote
 * no more than scheme and host, because the rest may contain a password or key.
 */
export function parseBaseUrl(text: string): BaseUrl {
  return unrepaired(text) ?? examined(text);
}

/**
 * What needs no repair, as nearly every base URL: the parser gives the text back. Every start meets one, and a first use of
 * the regular expressions below takes longer than the parser. Null for anything else.
 */
function unrepaired(text: string): BaseUrl | null {
  if (text === DEFAULT_HREF) return DEFAULT_BASE_URL;
  if (text.endsWith("/")) return null;
  for (const mark of "@?#") if (text.includes(mark)) return null;
  const url = URL.parse(text);
  if (url === null) return null;
  const { href, origin, protocol, hostname } = url;
  const isSafe = protocol === "https:" || (protocol === "http:" && hostname === "127.0.0.1");
  return href === text && isSafe && !hostname.endsWith(".") ? { href, origin } : null;
}

function examined(text: string): BaseUrl {
  const scheme = /^([a-z][a-z0-9+.-]*):(?!\d)/i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) throw malformed("has no scheme");
  if (scheme !== "https" && scheme !== "http") {
    throw fail("E_BASE_URL_REFUSED", `the base URL's scheme '${scheme}' is refused`);
  }
  if (/[^\x21-\x7e]|\\/.test(text)) throw malformed("has a space, backslash, control or non-ASCII character");
  const [, authority = "", path = ""] = /^[^:]+:\/\/([^/?#]*)([^?#]*)/.exec(text) ?? [];
  if (authority === "") throw malformed("has no host");
  if (authority.includes("@")) throw malformed("contains a user name or password");
  if (text.includes("?")) throw malformed("contains a query");
  if (text.includes("#")) throw malformed("contains a fragment");
  const url = parsed(`${scheme}://${authority}${path}`);
  if (scheme === "http" && !isLoopback(authority)) {
    throw fail(
      "E_BASE_URL_REFUSED",
      `http is refused for '${url.hostname}', which is not a literal loopback address`,
    );
  }
  if (hostOf(authority) !== url.hostname || url.hostname.endsWith(".")) {
    throw malformed(
      "has a host that is not written in its plain form",
      `write the host as '${plainHost(url)}'`,
    );
  }
  return { href: url.href.replace(/\/+$/, ""), origin: url.origin };
}

/**
 * Whether a host, with or without a port, is a literal loopback address in plain form: 127.0.0.0/8 in four
 * decimal parts (RFC 1122 §3.2.1.3) or [::1] (RFC 4291 §2.5.3). `localhost` is a name, so it is not
 * (RFC 8252 §8.3), and neither is ::ffff:127.0.0.1.
 */
export function isLoopback(host: string): boolean {
  return /^(?:127(?:\.(?:0|[1-9]\d{0,2})){3}|\[::1\])(?::\d*)?$/.test(host);
}

/** Whether a credential issued for one may go to the other: same scheme, host and port. */
export function sameOrigin(a: BaseUrl, b: BaseUrl): boolean {
  return a.origin === b.origin;
}

/** Gumloop's own API. Written out, because parsing it costs every start a quarter of a millisecond. */
export const DEFAULT_BASE_URL: BaseUrl = {
  href: DEFAULT_HREF,
  origin: DEFAULT_ORIGIN,
};

function parsed(text: string): URL {
  try {
    return new URL(text);
  } catch {
    // The parser's own error quotes the text.
    throw malformed("has no valid host or port");
  }
}

function hostOf(authority: string): string {
  return authority.replace(/:\d*$/, "").toLowerCase();
}

function plainHost(url: URL): string {
  return url.hostname.replace(/\.+$/, "");
}

function malformed(what: string, hint: string = HINT): GumCredError {
  return fail("E_INVALID_VALUE", `the base URL ${what}`, hint);
}
