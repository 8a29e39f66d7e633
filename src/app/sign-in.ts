/**
 * Signing in: find out whether the keychain can be written before any prompt, obtain the
 * credential, verify it, and only then store it.
 */
import { gumloop } from "../../plugins/gumloop/index.ts";
import { DEFAULT_BASE_URL } from "../core/base-url.ts";
import type { Credential } from "../core/credential.ts";
import { clean, ERRORS, fail, type GumCredError } from "../core/errors.ts";
import { reveal } from "../core/secret.ts";
import { type NewCredential, openProfile } from "../gumloop/profile.ts";
import { revokeStored } from "../gumloop/revoke.ts";
import { withProfileLock } from "../gumloop/session.ts";
import type { StoredProfile } from "../gumloop/stored.ts";
import type { Ports, Scope, Surroundings, Voice } from "../resolve/ports.ts";
import { verify } from "./verify.ts";

export interface SignedIn {
  readonly method: "oauth" | "api_key";
  readonly baseUrl: string;
  readonly backend: string;
  /** The account, where it is known without asking. */
  readonly userId: string | null;
  /** Environment variables that win over what was just stored. */
  readonly shadowedBy: readonly string[];
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
  const replaced = await withProfileLock(profile.name, ports, async () => {
    const before = await profile.read();
    await profile.store(next);
    return before.stored;
  });
  await ports.busy("Revoking the previous session", revokeReplaced(replaced, next, ports));
  return {
    method: next.method,
    baseUrl,
    backend: keychain.backend,
    userId: bearerOf(next).userId,
    shadowedBy: shadows(ports),
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
    hint === ERRORS[code].hint ? "copy it again, whole, with the user id of the same account" : hint;
  return fail(code, `${message}; nothing was stored`, `${own}; it was sent to ${baseUrl}`);
}

/** Revokes the session that a sign-in replaced. Best effort: the new one is stored already. */
async function revokeReplaced(old: StoredProfile, next: NewCredential, ports: Voice): Promise<void> {
  const sameToken =
    next.method === "oauth" && old.access_token && reveal(old.access_token) === reveal(next.accessToken);
  // Storing the same access token again must not end the session it belongs to.
  if (old.refresh_token && !sameToken && !(await revokeStored(old, ports))) {
    ports.note("note: the previous session could not be revoked; it remains valid until it expires");
  }
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
