/**
 * The words of the field as types: who a credential is for, where it was found, whose it is.
 * Pure; the vocabulary that precedence, sources, providers and commands share.
 */
import type { Secret } from "./secret.ts";

/** Whose LLM key it is. Gumloop's own credential has no level. */
export type Level = "organization" | "team" | "personal";

/** How a credential proves who it is: an OAuth access token (RFC 6749) or an API key. */
export type Method = "oauth" | "api_key";

/** Where a value was found. `command` is an organisation's own secret store. */
export type Source = "env" | "file" | "command" | "vault" | "federation" | "keychain";

/** One way to authenticate at a provider, and where its value and companions live. */
export interface MethodSpec {
  readonly method: Method;
  /** Environment variables that carry the value, first one wins. `<NAME>_FILE` names a file instead. */
  readonly variables: readonly string[];
  /** The keychain field, the last part of the account name: `access_token`, `api_key`. */
  readonly field: string;
  /** Values that belong to this one and come from the same source, such as the user id of an API key. */
  readonly companions: readonly Companion[];
}

/** A value without which a credential is incomplete. Not secret. */
export interface Companion {
  readonly field: "user_id";
  readonly variable: string;
}

/** A credential that was found, with its companions from the same source. */
export interface Credential {
  readonly provider: string;
  readonly level: Level | null;
  readonly method: Method;
  readonly source: Source;
  /** The variable or keychain entry it came from, as shown to people. */
  readonly location: string;
  readonly value: Secret;
  readonly userId: string | null;
  /** The base URL in force for it; null where the provider's own default applies. */
  readonly baseUrl: string | null;
  /** ISO 8601, when known. */
  readonly expiresAt: string | null;
  /** Set where a policy's source gave it to an earlier run, and it was kept since. */
  readonly kept?: KeptSince;
}

/** The age of a kept value. */
export interface KeptSince {
  /** When the source gave it. ISO 8601. */
  readonly at: string;
  /** Until when it is used. ISO 8601. */
  readonly until: string;
  /** Whether it stands in for a source that cannot be reached. */
  readonly stale: boolean;
}
