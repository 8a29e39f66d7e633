/**
 * Which headers and query parameters carry a credential, by their names: vendors, gateways and proxies think of new
 * ones, so this is a rule with exceptions. Pure.
 */

/** Names that say so by a word, or by their last words: `-auth-method` and `-prompt-cache-isolation-key` open nothing. */
const HEADERS: readonly RegExp[] = [
  /^(?:cookie2?|dpop)$/,
  /authori[sz]ation|authentication/,
  /(?:^|[-_])(?:auth|jwt|secret|password|credentials?|assertion|bearer)$/,
  /(?:^|[-_])x?api[-_]?key/,
  /(?:^|[-_])(?:auth|access|secret|private|subscription|service|account|admin|master|session)[-_]?key$/,
  /^(?:x[-_])?(?:key|token)$/,
  /(?:^|[-_])(?:api|auth|access|security|private|bearer|refresh|secret|authorization)[-_]?token$/,
  /(?:^|[-_])(?:id|identity|session|user|client|job|deploy|personal|service|account|admin)[-_]?token$/,
];
/** Schemes of RFC 7617 and RFC 6750: whatever the header's name is, it carries a credential. */
const SCHEMES = /^(?:basic|bearer)\s+\S/i;

/** For a header's name in lower case, and what it says where that is known. */
export function isCredentialHeader(name: string, value = ""): boolean {
  return HEADERS.some((rule) => rule.test(name)) || SCHEMES.test(value);
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
