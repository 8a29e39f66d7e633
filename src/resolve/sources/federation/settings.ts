/**
 * What a policy says of a workload's identity: which vendor gives a short-lived token for it (RFC 8693, RFC 7523), and
 * who supplies the identity token. Types and the vendors' facts as data. Pure.
 */

import { parseBaseUrl } from "../../../core/base-url.ts";

/** Where Kubernetes mounts a pod's token (ServiceAccount admission controller). */
export const SERVICE_ACCOUNT_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/** Who says what this workload is. */
export type TokenSupplier =
  | { readonly kind: "github_actions"; readonly audience: string | null }
  | { readonly kind: "kubernetes"; readonly path: string }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "command"; readonly argv: readonly string[] };

export const FEDERATED = ["openai", "anthropic", "openrouter"] as const;
export type FederatedProvider = (typeof FEDERATED)[number];

export interface FederationSource {
  readonly provider: FederatedProvider;
  /** The ids of the vendor's own rule, by their names in the request. No secrets. */
  readonly ids: Readonly<Record<string, string>>;
  readonly token: TokenSupplier;
  /** https, or http to a literal loopback address; null for the vendor's own. */
  readonly tokenUrl: string | null;
}

export interface Exchange {
  readonly tokenUrl: string;
  readonly encoding: "json" | "form";
  /** What every request holds, beside the ids and the identity token. */
  readonly fixed: Readonly<Record<string, string>>;
  /** The name of the identity token in the request. */
  readonly tokenField: string;
  readonly headers: Readonly<Record<string, string>>;
}

const TOKEN_EXCHANGE = {
  grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
  subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
};

/** How each vendor takes an identity token. Sources: the vendors' SDKs and their pages on workload identity. */
export const EXCHANGES: Readonly<Record<FederatedProvider, Exchange>> = {
  openai: {
    tokenUrl: "https://auth.openai.com/oauth/token",
    encoding: "json",
    fixed: TOKEN_EXCHANGE,
    tokenField: "subject_token",
    headers: {},
  },
  anthropic: {
    tokenUrl: "https://api.anthropic.com/v1/oauth/token",
    encoding: "json",
    fixed: { grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer" },
    tokenField: "assertion",
    headers: { "anthropic-beta": "oidc-federation-2026-04-01" },
  },
  openrouter: {
    tokenUrl: "https://openrouter.ai/api/v1/oauth/token",
    encoding: "form",
    fixed: TOKEN_EXCHANGE,
    tokenField: "subject_token",
    headers: {},
  },
};

/** Checks a `token_url`. Throws E_INVALID_VALUE and E_BASE_URL_REFUSED. */
export function parseTokenUrl(text: string): string {
  return parseBaseUrl(text).href;
}

/** Where a source's identity token goes. */
export function tokenUrl(source: FederationSource): string {
  return source.tokenUrl ?? EXCHANGES[source.provider].tokenUrl;
}

/** Where the token comes from, as people see it. */
export function federationLocation(source: FederationSource): string {
  return `${tokenUrl(source)} (identity: ${source.token.kind})`;
}
