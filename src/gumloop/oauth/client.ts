/**
 * Who we are to Gumloop's authorization server, and where its endpoints are. Data only; the same client that
 * the official `gumloop` CLI uses, so that their sessions are one kind
 * (github.com/gumloop/gumloop-py, src/gumloop/cli/oauth.py).
 */
import type { BaseUrl } from "../../core/base-url.ts";

/** A public client (RFC 6749 §2.1): it has no secret, PKCE replaces one. */
export const CLIENT_ID = "gumloop_cli";
export const SCOPE = "gumloop_api userinfo";

/** The endpoints live at the root of the origin, whatever path the API's base URL has. */
export function endpoint(baseUrl: BaseUrl, name: "authorize" | "token" | "revoke"): string {
  return `${baseUrl.origin}/oauth/${name}`;
}
