/**
 * Signing in: find out whether the keychain can be written before any prompt, obtain the
 * credential, verify it, and only then store it.
 */
import { gumloop } from "../../plugins/gumloop/index.ts";
import { DEFAULT_BASE_URL } from "../core/base-url.ts";
import type { Credential } from "../core/credential.ts";
import { clean, errorSpecs, fail, type GumCredError } from "../core/errors.ts";
import { reveal } from "../core/secret.ts";
import { type NewCredential, openProfile, type Profile } from "../gumloop/profile.ts";
import { withProfileLock } from "../gumloop/profile-lock.ts";
import type { StoredProfile } from "../gumloop/stored.ts";
import type { Ports, Scope, Surroundings } from "../resolve/ports.ts";
import { verify } from "./verify.ts";

export interface SignedIn {
  readonly method: "oauth" | "api_key";
  readonly baseUrl: string;
  readonly backend: string;
  /** The account, where it is known without asking. */
  readonly userId: string | null;
  /** Environment variables that win over what was just stored. */
  readonly shadowedBy: readonly string[];
  /** What an earlier `env` exported into this shell, and which other programs still use in its place. */
  readonly outdated: readonly string[];
}

/** Obtains a credential for a base URL; runs after the keychain was found writable. */
export type Obtain = (baseUrl: string) => Promise<NewCredential>;

/**
 * Signs a profile in. Throws the keychain's errors before `obtain` runs, and E_REJECTED, E_FORBIDDEN or a
 * transient error when verification fails; then nothing stored was touched.
 */
export async function signIn(obtain: Obtain, scope: Scope, ports: Ports): Promise<SignedIn> {
  const keychain = await ports.keychain();
  const profile = openProfile(keychain, scope.profile, ports.digest);
  // Keychain and lock should fail now rather than after the user has been to the browser and back.
  await withProfileLock(profile.name, ports, () => profile.read());
  const baseUrl = (scope.baseUrl ?? DEFAULT_BASE_URL).href;
  const next = await obtain(baseUrl);
  const verifying = verify(gumloop, bearerOf(next), { baseUrl, teamId: scope.teamId }, ports);
  const { error } = await ports.busy("Asking Gumloop", verifying);
  if (error) throw error.exitCode === 3 ? refused(error, baseUrl) : error;
  await withProfileLock(profile.name, ports, () => storeWhole(profile, next));
  return {
    method: next.method,
    baseUrl,
    backend: keychain.backend,
    userId: bearerOf(next).userId,
    shadowedBy: shadows(ports),
    outdated: outdatedExports(next, ports),
  };
}

/**
 * Who is signed in to a profile, in words; null when nobody is. What is stored there may be incomplete. Throws the
 * keychain's errors.
 */
export async function storedAccount(scope: Scope, ports: Ports): Promise<string | null> {
  const { stored } = await openProfile(await ports.keychain(), scope.profile, ports.digest).read();
  if (!stored.access_token && !stored.api_key) return null;
  const how = stored.access_token ? "an OAuth session" : "an API key";
  const user = stored.user_id ? ` of ${clean(reveal(stored.user_id), 60)}` : "";
  const where = stored.base_url ? ` at ${clean(reveal(stored.base_url), 100)}` : "";
  return `${how}${user}${where}`;
}

/** Nothing was stored, so that nothing else could find out more. */
function refused({ code, message, hint }: GumCredError, baseUrl: string): GumCredError {
  const own =
    hint === errorSpecs()[code].hint ? "copy it again, whole, with the user id of the same account" : hint;
  return fail(code, `${message}; nothing was stored`, `${own}; it was sent to ${baseUrl}`);
}

/** How often another program without our lock may write in between before it counts as a failure. */
const STORE_ATTEMPTS = 3;

/**
 * Stores a sign-in and reads it back. The session that it replaces goes on living in other shells and running
 * programs until it expires: only signing out revokes.
 */
async function storeWhole(profile: Profile, next: NewCredential): Promise<void> {
  for (let attempt = 1; attempt <= STORE_ATTEMPTS; attempt++) {
    await profile.store(next);
    if (isStored(next, (await profile.read()).stored)) return;
  }
  throw fail(
    "E_LOCK_TIMEOUT",
    "another program signed in at the same moment, and what is stored now is not this sign-in",
    "run 'gum-cred status' to see what is stored, then sign in again",
  );
}

function isStored(next: NewCredential, stored: StoredProfile): boolean {
  const text = (field: keyof StoredProfile) => stored[field] && reveal(stored[field]);
  if (text("base_url") !== next.baseUrl) return false;
  if (next.method === "api_key") {
    return !stored.access_token && text("api_key") === reveal(next.apiKey) && text("user_id") === next.userId;
  }
  const refresh = next.refreshToken ? reveal(next.refreshToken) : undefined;
  return text("access_token") === reveal(next.accessToken) && text("refresh_token") === refresh;
}

function bearerOf(next: NewCredential): Pick<Credential, "method" | "value" | "userId"> {
  return next.method === "oauth"
    ? { method: "oauth", value: next.accessToken, userId: null }
    : { method: "api_key", value: next.apiKey, userId: next.userId };
}

const VARIABLES = gumloop.methods.flatMap((spec) => spec.variables.flatMap((name) => [name, `${name}_FILE`]));

/** Environment variables that hold a Gumloop credential of the user's own, which wins over a stored one. */
export function shadows(ports: Pick<Surroundings, "environment">): readonly string[] {
  return VARIABLES.filter((name) => ports.environment.get(name) !== null);
}

/** The variables by which other programs in this shell still use an earlier sign-in. */
function outdatedExports(
  next: NewCredential,
  { environment }: Pick<Surroundings, "environment">,
): readonly string[] {
  const value = reveal(next.method === "oauth" ? next.accessToken : next.apiKey);
  return VARIABLES.filter((name) => (environment.exported.get(name) ?? value) !== value);
}
