/**
 * Who may ask: the exact Host, no foreign Origin, the placeholder in the place where the vendor's key goes. Takes
 * every credential that a client sent out of the request. Pure but for the comparison of digests.
 */
import { timingSafeEqual } from "node:crypto";
import { isCredentialHeader, isCredentialProtocol, isCredentialQuery } from "./credential-names.ts";
import type { Injection, Refusal, Route } from "./route.ts";
import { BEARER, type Place } from "./traits.ts";

/** The placeholder of a run, kept as a digest so that comparing takes the same time for every guess. */
export interface Placeholder {
  readonly text: string;
  matches(guess: string): boolean;
}

export function placeholderOf(text: string): Placeholder {
  const digest = (value: string) => new Bun.CryptoHasher("sha256").update(value).digest();
  const own = digest(text);
  return { text, matches: (guess) => timingSafeEqual(digest(guess), own) };
}

/** RFC 9110 §7.6.1, and what belongs to the connection between client and broker. */
const HOP_BY_HOP: readonly string[] = [
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "host",
  "expect",
  "origin",
  "sec-websocket-key",
  "sec-websocket-version",
  "sec-websocket-extensions",
  "sec-websocket-accept",
  "sec-websocket-protocol",
];
/** Servers that heed these do something else than the method and path that a rule let through. */
const OVERRIDES: readonly string[] = [
  "x-http-method-override",
  "x-http-method",
  "x-method-override",
  "x-original-url",
  "x-rewrite-url",
];
/** OpenAI's way for browsers, which can set no header on a WebSocket. */
const PROTOCOL_KEY = "openai-insecure-api-key.";

/** Why a request's Host or Origin is not ours; null when they are. `host` as clients must write it. */
export function foreign(headers: Headers, host: string): Refusal | null {
  if (headers.get("host") !== host) {
    return unauthorized("host", "the Host header is not the broker's own address");
  }
  const origin = headers.get("origin");
  if (origin !== null && origin !== `http://${host}`) {
    return unauthorized("origin", "requests from web pages of another origin are refused");
  }
  return null;
}

/** Where the placeholder is; null when it is nowhere or in the wrong place. */
export function placeOfToken(route: Route, request: Asked, placeholder: Placeholder): Place | null {
  const found = placesOf(route).find((place) => {
    if ("query" in place) return placeholder.matches(request.query.get(place.query) ?? "");
    if (place.onlyUnder && !place.onlyUnder.test(request.path)) return false;
    const value = request.headers.get(place.header);
    return value !== null && holds(value, place.prefix, placeholder);
  });
  if (found) return found;
  const protocols = protocolsOf(request.headers);
  const viaProtocol = protocols.some(
    (name) => name.startsWith(PROTOCOL_KEY) && placeholder.matches(name.slice(PROTOCOL_KEY.length)),
  );
  return viaProtocol && route.traits.errors === "openai" ? BEARER : null;
}

export interface Asked {
  readonly headers: Headers;
  readonly query: URLSearchParams;
  /** Below the route. */
  readonly path: string;
}

/** RFC 9110 §11.1: the scheme's name may be written in any case. */
function holds(value: string, prefix: string, placeholder: Placeholder): boolean {
  const start = value.slice(0, prefix.length);
  return (
    start.toLowerCase() === prefix.toLowerCase() && placeholder.matches(value.slice(prefix.length).trim())
  );
}

function placesOf({ traits, places }: Route): readonly Place[] {
  return [...places, ...traits.places];
}

/** The client's headers without anything that proves an identity, belongs to its own connection, or changes the request. */
export function forwardedHeaders(client: Headers, placeholder: Placeholder): Headers {
  const headers = new Headers(client);
  const named = (client.get("connection") ?? "").split(",").map((name) => name.trim().toLowerCase());
  for (const name of [...HOP_BY_HOP, ...OVERRIDES]) headers.delete(name);
  for (const name of named) if (/^[a-z0-9-]+$/.test(name)) headers.delete(name);
  for (const [name, value] of [...headers]) {
    const isForeign = name.startsWith("proxy-") || name.startsWith("sec-fetch-");
    if (isForeign || isCredentialHeader(name, value) || value.includes(placeholder.text))
      headers.delete(name);
  }
  return headers;
}

/** The query without the client's credentials, with its question mark; empty without any. */
export function forwardedQuery(search: string, placeholder: Placeholder): string {
  if (search.length < 2) return "";
  const kept = search
    .slice(1)
    .split("&")
    .filter((pair) => {
      const [name = "", value = ""] = pair.split("=", 2).map(decoded);
      return !isCredentialQuery(name) && !value.includes(placeholder.text);
    });
  return kept.length > 0 ? `?${kept.join("&")}` : "";
}

/** WebSocket subprotocols without keys. */
export function protocolsOf(headers: Headers): string[] {
  return (headers.get("sec-websocket-protocol") ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

export function withoutKeys(protocols: readonly string[]): string[] {
  return protocols.filter((name) => !isCredentialProtocol(name));
}

/** Puts the real credential in, in the style that the client chose where the vendor knows several. */
export function inject(headers: Headers, injection: Injection, place: Place, reveal: Reveal): void {
  const bearer = "header" in place && place.onlyUnder !== undefined;
  if (bearer) headers.set("authorization", `Bearer ${reveal(injection.value)}`);
  for (const { name, value } of injection.headers) {
    const text = reveal(value);
    const holdsKey = text.includes(reveal(injection.value)) || isCredentialHeader(name.toLowerCase());
    if (bearer && holdsKey) continue;
    const own = headers.get(name);
    if (holdsKey || own === null) headers.set(name, text);
    // A list: what the credential needs stands beside what the client asks for.
    else if (/-beta$/i.test(name) && !own.includes(text)) headers.set(name, `${own},${text}`);
  }
}

type Reveal = (secret: Injection["value"]) => string;

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}

function unauthorized(reason: string, message: string): Refusal {
  return { kind: "unauthorized", reason, message };
}
