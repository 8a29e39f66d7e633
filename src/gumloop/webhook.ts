/**
 * Finds the API key and user id in what Gumloop's webhook panel shows: the webhook URL, or a whole snippet
 * (cURL for any shell, PowerShell, Python, JavaScript, Java, C++) around it. Pure. Key and id are opaque: no prefix, no length is
 * expected of them (docs.gumloop.com/api-reference/authentication).
 */
import { fail } from "../core/errors.ts";
import { type Secret, secret } from "../core/secret.ts";

export interface WebhookCredential {
  readonly apiKey: Secret;
  /** Null when the text does not name one. */
  readonly userId: string | null;
}

const URL_IN_TEXT = /https?:\/\/[^\s"'`<>\\)]+/g;
const BEARER = /Bearer\s+([^\s"'`\\,;)]+)/gi;
const USER_ID = /["'`\\]*\b(?:user_id|x-auth-key)["'`\\]*\s*[:=,]\s*["'`\\]*([A-Za-z0-9._~@+-]+)/gi;
/** How cmd.exe has the quotation marks and line ends of a command: behind a caret. */
const CMD = /\^["&\r\n]/;
const PLACEHOLDER = /^(?:YOUR[_-]|<|\{|\$|x{6,}$|\*+$)/i;

/**
 * Reads a webhook URL or snippet. `apiOrigin` is the origin in force; keys in URLs of other hosts are not
 * taken. Throws E_MALFORMED when there is no key, or more than one key or user id.
 */
export function parseWebhook(text: string, apiOrigin: string): WebhookCredential {
  const bare = CMD.test(text) ? text.replace(/\^\r?\n/g, " ").replace(/\^(.)/g, "$1") : text;
  const plain = bare.replaceAll("&amp;", "&").replaceAll("\\&", "&").replaceAll("\\u0026", "&");
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

function queryOf(url: string, apiOrigin: string): URLSearchParams[] {
  if (!URL.canParse(url)) return [];
  const { hostname, origin, searchParams } = new URL(url);
  const ours = origin === apiOrigin || hostname === "gumloop.com" || hostname.endsWith(".gumloop.com");
  return ours ? [searchParams] : [];
}

function onlyOne(found: readonly string[], what: string): string | null {
  const distinct = [...new Set(found.filter((value) => value !== "" && !PLACEHOLDER.test(value)))];
  if (distinct.length > 1) {
    throw fail("E_MALFORMED", `the text contains more than one ${what}`, "pass one snippet at a time");
  }
  return distinct[0] ?? null;
}
