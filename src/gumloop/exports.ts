/** Which variables carry Gumloop's credential to another program, and which must go because they would shadow it. Pure. */
import type { Credential } from "../core/credential.ts";
import type { ProviderExports } from "../core/exports.ts";
import { type Secret, secret } from "../core/secret.ts";

export interface GumloopExportOptions {
  /** For programs on Gumloop's SDK, which reads no GUMLOOP_API_KEY: the key goes into the token's variable. */
  readonly sdk: boolean;
  readonly teamId: string | null;
  /** Base URL asked for by flag or variable; with a keychain credential one is always exported. */
  readonly baseUrl: string | null;
}

const TOKEN = "GUMLOOP_ACCESS_TOKEN";
const KEY = "GUMLOOP_API_KEY";
const USER = "GUMLOOP_USER_ID";

/** Every variable that Gumloop's part of `env` may set, in the order it sets them. */
export const GUMLOOP_VARIABLES = [TOKEN, KEY, USER, "GUMLOOP_BASE_URL", "GUMLOOP_TEAM_ID"] as const;

/**
 * Gumloop's variables. Source of the SDK's rule: github.com/gumloop/gumloop-py, src/gumloop/_auth.py, which
 * reads the access token, and sends GUMLOOP_USER_ID as x-auth-key even beside an OAuth token.
 */
export function gumloopExports(credential: Credential, options: GumloopExportOptions): ProviderExports {
  const set = new Map<string, Secret>();
  const carrier = credential.method === "oauth" || options.sdk ? TOKEN : KEY;
  set.set(carrier, credential.value);
  if (credential.userId !== null) set.set(USER, secret(credential.userId));
  const baseUrl = credential.baseUrl ?? options.baseUrl;
  if (baseUrl !== null) set.set("GUMLOOP_BASE_URL", secret(baseUrl));
  if (options.teamId !== null) set.set("GUMLOOP_TEAM_ID", secret(options.teamId));

  // With --sdk a key of the user's own stays in its variable: the SDK does not read it, gum-cred does.
  const kept = credential.source === "env" && options.sdk && credential.method === "api_key" ? KEY : null;
  const unset: string[] = [];
  for (const name of [TOKEN, KEY, USER]) if (!set.has(name) && name !== kept) unset.push(name);
  const fromStorage: string[] = [];
  for (const name of storedNames(credential, carrier, options)) if (set.has(name)) fromStorage.push(name);
  return { set, unset, fromStorage };
}

/** The names whose value the user's own variables did not supply, and which a later run looks through. */
function storedNames(credential: Credential, carrier: string, options: GumloopExportOptions): string[] {
  switch (credential.source) {
    case "env":
      return carrier === TOKEN && credential.method === "api_key" ? [TOKEN] : [];
    case "file":
      return [carrier];
    default:
      return options.baseUrl === null ? [carrier, USER, "GUMLOOP_BASE_URL"] : [carrier, USER];
  }
}
