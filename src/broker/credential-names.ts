/**
 * Which headers and query parameters carry a credential, by their names: vendors, gateways and proxies think of new
 * ones, so this is a rule with exceptions. Pure.
 */

/** Names that say so by one of their words, or by all. */
const HEADERS: readonly RegExp[] = [
  /^(?:cookie2?|dpop)$/,
  /authori[sz]ation|authentication/,
  /(?:^|[-_])(?:auth|jwt|secret|password|credentials?|assertion|bearer)(?:$|[-_])/,
  /api[-_]?key/,
  /(?:access|auth|api|security)[-_]?token/,
  /token$/,
  /(?:^|[-_])key$/,
];
/** What clients say with a key that opens nothing. */
const HARMLESS_KEYS = /(?:idempotency|cache|partition|routing|sticky)[-_]?key$/;

/** For a header's name in lower case. */
export function isCredentialHeader(name: string): boolean {
  return HEADERS.some((rule) => rule.test(name)) && !HARMLESS_KEYS.test(name);
}

/** Google's `pageToken` and its like are no credentials, so here the whole name counts. */
const QUERIES =
  /^(?:x?(?:api|subscription|access|auth)?key|(?:access|auth|api|bearer|id|session)?token|auth|authorization)$/;

export function isCredentialQuery(name: string): boolean {
  return QUERIES.test(name.toLowerCase().replaceAll(/[-_]/g, ""));
}

/** Browsers can set no header on a WebSocket: `openai-insecure-api-key.…`, `xai-client-secret.…`. */
export function isCredentialProtocol(name: string): boolean {
  return /(?:key|secret|token|bearer|authorization)[.=]/i.test(name);
}
