/**
 * Signing out: revoke at the base URL that the session was issued for, then remove every entry of the
 * profile. A failed revoke never stops the removal.
 */
import { hasCode } from "../core/errors.ts";
import { clearCredential } from "../gumloop/credential-store.ts";
import { readProfile } from "../gumloop/profile.ts";
import { revokeStored } from "../gumloop/revoke.ts";
import { alone } from "../gumloop/session.ts";
import { GUMLOOP_SERVICE, PROFILE_FIELDS } from "../gumloop/stored.ts";
import type { Keychain } from "../keychain/keychain.ts";
import type { Ports, Scope } from "../resolve/ports.ts";
import { requireKeychain } from "./keychain.ts";
import { shadows } from "./sign-in.ts";

export interface SignedOut {
  readonly profiles: readonly string[];
  readonly revoked: boolean;
  readonly revokeFailed: boolean;
  /** An API key was removed; it lives on at Gumloop until it is revoked there. */
  readonly apiKeyRemoved: boolean;
}

const NOTHING: SignedOut = { profiles: [], revoked: false, revokeFailed: false, apiKeyRemoved: false };

/** Signs one profile out, or all of them. A machine without any keychain service has nothing to remove. */
export async function signOut(all: boolean, scope: Scope, ports: Ports): Promise<SignedOut> {
  try {
    // Before the lock, whose folder a container may not be able to make.
    await requireKeychain(ports);
    const keychain = await ports.keychain();
    const profiles = all ? await storedProfiles(keychain) : [scope.profile];
    let result = NOTHING;
    for (const profile of profiles) {
      result = merge(result, await alone(profile, ports, () => signOutProfile(keychain, profile, ports)));
    }
    return result;
  } catch (error) {
    if (!hasCode(error, "E_KEYCHAIN_UNAVAILABLE")) throw error;
    ports.note("this machine has no keychain service, so nothing was stored on it");
    return NOTHING;
  }
}

/** Under the lock, so that a refresh in another process can neither outlive nor undo it. */
async function signOutProfile(keychain: Keychain, profile: string, ports: Ports): Promise<SignedOut> {
  const { stored } = await readProfile(keychain, profile, ports.digest, PROFILE_FIELDS);
  const session = stored.refresh_token ?? stored.access_token;
  const revoked = session !== undefined && (await ports.busy("Revoking", revokeStored(stored, ports)));
  const removed = await clearCredential(keychain, profile);
  return {
    profiles: removed ? [profile] : [],
    revoked,
    revokeFailed: session !== undefined && !revoked,
    apiKeyRemoved: stored.api_key !== undefined,
  };
}

/** Variables of this environment that hold a Gumloop credential, whether the user or gum-cred put it there. */
export function stillInEnvironment({ environment }: Pick<Ports, "environment">): readonly string[] {
  return shadows({ environment: environment.asTheUsers() });
}

/** The profiles that have entries, from the account names alone. */
async function storedProfiles(keychain: Keychain): Promise<readonly string[]> {
  const accounts = await keychain.list(GUMLOOP_SERVICE);
  const names = accounts.flatMap((account) => {
    const colon = account.lastIndexOf(":");
    const [profile, field] = [account.slice(0, Math.max(colon, 0)), account.slice(colon + 1)];
    return profile && PROFILE_FIELDS.some((known) => known === field) ? [profile] : [];
  });
  return [...new Set(names)];
}

function merge(a: SignedOut, b: SignedOut): SignedOut {
  return {
    profiles: [...a.profiles, ...b.profiles],
    revoked: a.revoked || b.revoked,
    revokeFailed: a.revokeFailed || b.revokeFailed,
    apiKeyRemoved: a.apiKeyRemoved || b.apiKeyRemoved,
  };
}
