/**
 * Who we are to Gumloop's authorization server, and where its endpoints are. Data only; the same client that
 * the official `gumloop` CLI uses, so that their sessions are one kind
 * (github.com/gumloop/gumloop-py, src/gumloop/cli/oauth.py).
 */
import type { BaseUrl } from "../../core/base-url.ts";

/** A public client (RFC 6749 §2.1): it has no secret, PKCE replaces one. */
export const CLIENT_ID = "gumloop_cli";
export const SCOPE = "gumloop_api userinfo";

/**
 * The endpoints live at the base URL without its final `/api/v1`, as the official client has it: a gateway's path
 * prefix stays (github.com/gumloop/gumloop-py, src/gumloop/oauth.py).
 */
export function endpoint(baseUrl: BaseUrl, name: "authorize" | "token" | "revoke"): string {
  return `${authorizationServer(baseUrl)}/oauth/${name}`;
}

/** The authorization server's identifier (RFC 8414 §2): where its endpoints are, without a trailing slash. */
export function authorizationServer(baseUrl: BaseUrl): string {
  return baseUrl.href.replace(/\/api\/v1$/, "");
}
