/**
 * What the areas of the stand-in share while it runs: how it is told to behave, and what it remembers.
 * Types and constants only.
 */
import type { Accounts } from "./accounts.ts";
import type { Approvals } from "./approvals.ts";
import type { TokenStore } from "./tokens.ts";

/** The one registered client: the public client of Gumloop's own CLI (github.com/gumloop/gumloop-py, cli/oauth.py). */
export const CLIENT_ID = "gumloop_cli";

/** Scopes the authorization server knows (its RFC 8414 metadata, docs.gumloop.com/api-reference/oauth). */
export const SCOPES: readonly string[] = [
  "gumstack",
  "userinfo",
  "gumloop_api",
  "gumloop_api.mcp",
  "gumloop_university",
];

/** How the server behaves. Everything may be changed while it runs. */
export interface Behaviour {
  /** What happens at `/oauth/authorize`: a page that asks a person, or an immediate redirect. */
  consent: "ask" | "approve" | "deny";
  /**
   * `expires_in` of token answers, in seconds: any JSON value, and `undefined` leaves the field out. A token
   * lives that long when it is a positive number (or digits), else an hour.
   */
  expiresIn: unknown;
  /**
   * Refresh tokens: replaced at every refresh; kept and sent again; kept and not sent again (RFC 6749 §6 allows
   * all three); or never issued.
   */
  refreshTokens: "rotate" | "same" | "omit" | "never";
  /** RFC 9207 `iss` on redirects: not sent, the true issuer, or this text. */
  iss: boolean | string;
  /** Errors of `/oauth/*`: `{"error":"…"}` as RFC 6749 §5.2 says, or Gumloop's envelope. */
  oauthErrors: "rfc6749" | "gumloop";
}

/** Handed to every area. */
export interface StandInContext {
  /** Scheme, host and port; also the issuer. */
  readonly origin: string;
  readonly behaviour: Behaviour;
  readonly accounts: Accounts;
  readonly approvals: Approvals;
  readonly tokens: TokenStore;
}
