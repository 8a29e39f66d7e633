/** Which variables carry Gumloop's credential to another program, and which must go because they would shadow it. Pure. */
import { DEFAULT_BASE_URL } from "../core/base-url.ts";
import type { Credential } from "../core/credential.ts";
import type { RawEnvironment } from "../core/environment.ts";
import { EXPIRES, type ProviderExports } from "../core/exports.ts";
import { type Secret, secret } from "../core/secret.ts";

export interface GumloopExportOptions {
  /** For programs on Gumloop's SDK, which reads no GUMLOOP_API_KEY: the key goes into the token's variable. */
  readonly sdk: boolean;
  readonly teamId: string | null;
  /** Base URL asked for by flag or variable. One is always exported, so that no program uses one of its own. */
  readonly baseUrl: string | null;
  /** What the environment holds, the user's and what gum-cred exported. */
  readonly raw: RawEnvironment;
}

const TOKEN = "GUMLOOP_ACCESS_TOKEN";
const KEY = "GUMLOOP_API_KEY";
const USER = "GUMLOOP_USER_ID";

const BASE_URL = "GUMLOOP_BASE_URL";
const STREAM = "GUMLOOP_STREAM_BASE_URL";

/** Every variable that Gumloop's part of `env` may set, in the order it sets them. */
export const GUMLOOP_VARIABLES = [TOKEN, KEY, USER, BASE_URL, "GUMLOOP_TEAM_ID", EXPIRES] as const;

/**
 * Gumloop's variables. Source of the SDK's rule: github.com/gumloop/gumloop-py, src/gumloop/_auth.py, which
 * reads the access token, and sends GUMLOOP_USER_ID as x-auth-key even beside an OAuth token.
 */
export function gumloopExports(credential: Credential, options: GumloopExportOptions): ProviderExports {
  const set = new Map<string, Secret>();
  const carrier = credential.method === "oauth" || options.sdk ? TOKEN : KEY;
  set.set(carrier, credential.value);
  if (credential.userId !== null) set.set(USER, secret(credential.userId));
  const baseUrl = credential.baseUrl ?? options.baseUrl ?? DEFAULT_BASE_URL.href;
  set.set(BASE_URL, secret(baseUrl));
  if (options.teamId !== null) set.set("GUMLOOP_TEAM_ID", secret(options.teamId));
  const expires = expirySeconds(credential);
  if (expires !== null) set.set(EXPIRES, expires);

  // With --sdk a key of the user's own stays in its variable: the SDK does not read it, gum-cred does.
  const kept = credential.source === "env" && options.sdk && credential.method === "api_key" ? KEY : null;
  const unset: string[] = [];
  for (const name of [TOKEN, KEY, USER]) if (!set.has(name) && name !== kept) unset.push(name);
  unset.push(...staleExpiry(options.raw, set));
  if (strayStreamUrl(credential, baseUrl, options.raw) !== null) unset.push(STREAM);
  const fromStorage: string[] = [];
  for (const name of storedNames(credential, carrier, options)) if (set.has(name)) fromStorage.push(name);
  return { set, unset, fromStorage };
}

/** The names whose value the user's own variables did not supply, and which a later run looks through. */
function storedNames(credential: Credential, carrier: string, options: GumloopExportOptions): string[] {
  // A base URL that nobody set must not count as the user's in the next run, once there is a marker at all.
  const address = options.baseUrl === null ? [BASE_URL] : [];
  switch (credential.source) {
    case "env":
      return carrier === TOKEN && credential.method === "api_key" ? [TOKEN, ...address] : [];
    case "file":
      return [carrier, ...address];
    default:
      return [carrier, USER, ...address];
  }
}

/** When a token ends, as its variable has it; null where that is not known. */
export function expirySeconds({ expiresAt }: Pick<Credential, "expiresAt">): Secret | null {
  const milliseconds = expiresAt === null ? Number.NaN : Date.parse(expiresAt);
  return Number.isNaN(milliseconds) ? null : secret(`${Math.floor(milliseconds / 1000)}`);
}

/** The expiry of an earlier token, where one is set and no new one takes its place. */
export function staleExpiry(raw: RawEnvironment, set: ReadonlyMap<string, Secret>): readonly string[] {
  return raw[EXPIRES] && !set.has(EXPIRES) ? [EXPIRES] : [];
}

/** Where Gumloop's API streams from (github.com/gumloop/gumloop-py, src/gumloop/_client.py). */
const STREAM_ORIGIN = "https://ws.gumloop.com";

/**
 * The origin that GUMLOOP_STREAM_BASE_URL would take a stored credential to, where that is not the one of its own
 * server; null otherwise. A URL that cannot be read is such a one too, and gives no name.
 */
export function strayStreamUrl(
  { source }: Pick<Credential, "source">,
  baseUrl: string,
  raw: RawEnvironment,
): string | null {
  const value = raw[STREAM];
  if (!value || source !== "keychain") return null;
  const api = new URL(baseUrl).origin;
  const wanted = api === DEFAULT_BASE_URL.origin ? STREAM_ORIGIN : api;
  const origin = URL.canParse(value) ? new URL(value).origin : "an unreadable address";
  return origin === wanted ? null : origin;
}
