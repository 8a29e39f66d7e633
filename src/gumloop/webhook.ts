/**
 * Finds the API key and user id in what Gumloop's webhook panel shows: the webhook URL, or a whole snippet
 * (cURL for any shell, PowerShell, Python, JavaScript, Java, C++) around it. Pure. Key and id are opaque: no prefix, no length is
 * expected of them (docs.gumloop.com/api-reference/authentication).
 */
import { clean, fail } from "../core/errors.ts";
import { type Secret, secret } from "../core/secret.ts";

export interface WebhookCredential {
  readonly apiKey: Secret;
  /** Null when the text does not name one. */
  readonly userId: string | null;
}

const URL_IN_TEXT = /(https?:\/\/[^\s"'`<>\\)]+)/gi;
/** What curl is told without a scheme: `curl evil.example/x`, `--url evil.example`. */
const BARE_TARGET =
  /(?:\bcurl(?:\s+-X\s+\w+)?\s+|--url[\s=]+)["']?((?!https?:)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+[^\s"']*)/gi;
const BEARER = /Bearer\s+([^\s"'`\\,;)]+)/gi;
const USER_ID = /["'`\\]*\b(?:user_id|x-auth-key)["'`\\]*\s*[:=,]\s*["'`\\]*([A-Za-z0-9._~@+-]+)/gi;
/** How cmd.exe has the quotation marks and line ends of a command: behind a caret. */
const CMD = /\^["&\r\n]/;
const PLACEHOLDER = /^(?:YOUR[_-]|<|\{|\$|x{6,}$|\*+$)/i;

/**
 * Reads a webhook URL or snippet. `apiOrigin` is the origin in force; keys in URLs of other hosts are not
 * taken. Throws E_MALFORMED when there is no key, or more than one key or user id, and E_BASE_URL_MISMATCH when the
 * request in the text goes to another host: a key that is sent there is not Gumloop's.
 */
export function parseWebhook(text: string, apiOrigin: string): WebhookCredential {
  const bare = CMD.test(text) ? text.replace(/\^\r?\n/g, " ").replace(/\^(.)/g, "$1") : text;
  const plain = bare.replaceAll("&amp;", "&").replaceAll("\\&", "&").replaceAll("\\u0026", "&");
  refuseOtherHost(plain, apiOrigin);
  const queries = [...plain.matchAll(URL_IN_TEXT)].flatMap(([url]) => queryOf(url, apiOrigin));
  const keys = [
    ...queries.flatMap((query) => query.getAll("api_key")),
    ...[...plain.matchAll(BEARER)].map((match) => match[1] ?? ""),
  ];
  const users = [
    ...queries.flatMap((query) => query.getAll("user_id")),
    ...[...plain.replace(URL_IN_TEXT, " ").matchAll(USER_ID)].map((match) => match[1] ?? ""),
  ];
  const apiKey = onlyOne(keys, "API key");
  if (apiKey === null) {
    throw fail(
      "E_MALFORMED",
      "the text contains no Gumloop API key",
      "copy the webhook URL or the complete cURL snippet from the Webhook button of a workflow",
    );
  }
  return { apiKey: secret(apiKey), userId: onlyOne(users, "user id") };
}

/** What comes before a URL that is a value of the request's JSON, and not where the request goes. */
const JSON_VALUE = /["'\\](?<!\b(?:url|uri|endpoint|href)\\?["'\\])\s*:\s*[\\"']*$/i;

/** Every URL in a text with a bearer must be Gumloop's: which of several the key is sent to, nobody can tell. */
function refuseOtherHost(text: string, apiOrigin: string): void {
  if (!BEARER.test(text)) return;
  BEARER.lastIndex = 0;
  const places = [...text.matchAll(URL_IN_TEXT), ...text.matchAll(BARE_TARGET)].flatMap(
    ({ 1: url = "", index }) => (JSON_VALUE.test(text.slice(Math.max(0, index - 100), index)) ? [] : [url]),
  );
  const other = places.find((place) => !isOurs(parsedUrl(place), apiOrigin));
  if (other === undefined) return;
  const host = parsedUrl(other)?.host ?? "a malformed address";
  throw fail(
    "E_BASE_URL_MISMATCH",
    `the snippet sends its key to ${clean(host, 100)}, which is not Gumloop`,
    "copy the snippet again from the Webhook button of a workflow, or give that server with --base-url",
  );
}

function queryOf(url: string, apiOrigin: string): URLSearchParams[] {
  const parsed = parsedUrl(url);
  return parsed && isOurs(parsed, apiOrigin) ? [parsed.searchParams] : [];
}

function parsedUrl(text: string): URL | null {
  const whole = /^https?:/i.test(text) ? text : `https://${text}`;
  return URL.canParse(whole) ? new URL(whole) : null;
}

function isOurs(url: URL | null, apiOrigin: string): boolean {
  if (url === null) return false;
  if (url.origin === apiOrigin) return true;
  const { hostname, protocol } = url;
  return protocol === "https:" && (hostname === "gumloop.com" || hostname.endsWith(".gumloop.com"));
}

function onlyOne(found: readonly string[], what: string): string | null {
  const distinct = [...new Set(found.filter((value) => value !== "" && !PLACEHOLDER.test(value)))];
  if (distinct.length > 1) {
    throw fail("E_MALFORMED", `the text contains more than one ${what}`, "pass one snippet at a time");
  }
  return distinct[0] ?? null;
}
