/**
 * The three requests of a session: redeem a code, refresh, revoke. Each sends exactly one form through
 * net/http and retries nothing; what the response means is decided in token-response.ts.
 */
import type { BaseUrl } from "../../core/base-url.ts";
import { hasCode } from "../../core/errors.ts";
import { reveal, type Secret, secret } from "../../core/secret.ts";
import { type HttpResponse, send } from "../../net/http.ts";
import { CLIENT_ID, endpoint } from "./client.ts";
import { checkRevocationResponse, parseTokenResponse, type TokenSet } from "./token-response.ts";
import { TOKEN_TIMEOUT_MS } from "./waiting.ts";

export type { TokenSet } from "./token-response.ts";

/** An authorization code with what proves that it is ours to redeem. */
export interface Grant {
  readonly code: Secret;
  /** The very bytes of the authorization request (RFC 6749 §4.1.3). */
  readonly redirectUri: string;
  /** RFC 7636 §4.5. */
  readonly verifier: Secret;
}

/**
 * Redeems an authorization code (RFC 6749 §4.1.3). Throws, like {@link refresh}:
 * - E_NETWORK, E_TIMEOUT, E_RATE_LIMITED, E_SERVER: passing; also for redirects and captive portals
 * - E_FORBIDDEN: the account's plan or the scope does not allow it
 * - E_REJECTED: anything else the server refuses, with its cleaned text
 * - E_MALFORMED: an unexpected response
 */
export async function exchangeCode(baseUrl: BaseUrl, grant: Grant, signal?: AbortSignal): Promise<TokenSet> {
  const form = {
    grant_type: "authorization_code",
    code: reveal(grant.code),
    redirect_uri: grant.redirectUri,
    code_verifier: reveal(grant.verifier),
  };
  const answer = await post(baseUrl, "token", form, signal);
  return parseTokenResponse(answer, "sign-in", [grant.code, grant.verifier]);
}

/**
 * Trades a refresh token for a new access token (RFC 6749 §6). The set's refresh token is null when the
 * server did not rotate it, and the one sent stays good. Throws as {@link exchangeCode} does, and E_EXPIRED
 * for `invalid_grant`, see {@link isInvalidGrant}.
 */
export async function refresh(
  baseUrl: BaseUrl,
  refreshToken: Secret,
  signal?: AbortSignal,
): Promise<TokenSet> {
  const form = { grant_type: "refresh_token", refresh_token: reveal(refreshToken) };
  return parseTokenResponse(await post(baseUrl, "token", form, signal), "refresh", [refreshToken]);
}

/**
 * Revokes a refresh or access token (RFC 7009); one that is dead already counts as revoked. Throws as
 * {@link exchangeCode} does.
 */
export async function revoke(baseUrl: BaseUrl, token: Secret, signal?: AbortSignal): Promise<void> {
  checkRevocationResponse(await post(baseUrl, "revoke", { token: reveal(token) }, signal), [token]);
}

/**
 * Whether {@link refresh} failed because the server said `invalid_grant`: the refresh token is used up,
 * revoked or expired. No other failure says anything about it.
 */
export function isInvalidGrant(error: unknown): boolean {
  return hasCode(error, "E_EXPIRED");
}

async function post(
  baseUrl: BaseUrl,
  name: "token" | "revoke",
  form: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): Promise<HttpResponse> {
  const text = secret(new URLSearchParams({ ...form, client_id: CLIENT_ID }).toString());
  const body = { contentType: "application/x-www-form-urlencoded", text };
  // An answer with tokens that nobody waits for costs the session: the server has rotated by then.
  const patience = name === "token" ? { timeoutMs: TOKEN_TIMEOUT_MS } : {};
  return send({ url: endpoint(baseUrl, name), method: "POST", body, signal, ...patience });
}
