/**
 * Signing out: revoke at the base URL that the session was issued for, then remove every entry of the
 * profile. A failed revoke never stops the removal.
 */
import { hasCode } from "../core/errors.ts";
import { openProfile, type Profile, profileNames } from "../gumloop/profile.ts";
import { revokeStored } from "../gumloop/revoke.ts";
import { withProfileLock } from "../gumloop/session.ts";
import type { Ports, Scope, Surroundings, Voice } from "../resolve/ports.ts";
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
    const names = all ? await profileNames(keychain) : [scope.profile];
    let result = NOTHING;
    for (const name of names) {
      const profile = openProfile(keychain, name, ports.digest);
      result = merge(result, await withProfileLock(name, ports, () => signOutProfile(profile, ports)));
    }
    return result;
  } catch (error) {
    if (!hasCode(error, "E_KEYCHAIN_UNAVAILABLE")) throw error;
    ports.note("this machine has no keychain service, so nothing was stored on it");
    return NOTHING;
  }
}

/** The profiles that anybody is signed in to; none where there is no keychain service. */
export async function storedProfiles(ports: Ports): Promise<readonly string[]> {
  try {
    return await profileNames(await ports.keychain());
  } catch (error) {
    if (!hasCode(error, "E_KEYCHAIN_UNAVAILABLE")) throw error;
    return [];
  }
}

/** Under the lock, so that a refresh in another process can neither outlive nor undo it. */
async function signOutProfile(profile: Profile, ports: Voice): Promise<SignedOut> {
  const { stored } = await profile.read();
  const session = stored.refresh_token ?? stored.access_token;
  const revoked = session !== undefined && (await ports.busy("Revoking", revokeStored(stored, ports)));
  const removed = await profile.clear();
  return {
    profiles: removed ? [profile.name] : [],
    revoked,
    revokeFailed: session !== undefined && !revoked,
    apiKeyRemoved: stored.api_key !== undefined,
  };
}

/** Variables of this environment that hold a Gumloop credential, whether the user or gum-cred put it there. */
export function stillInEnvironment({ environment }: Pick<Surroundings, "environment">): readonly string[] {
  return shadows({ environment: environment.asTheUsers() });
}

function merge(a: SignedOut, b: SignedOut): SignedOut {
  return {
    profiles: [...a.profiles, ...b.profiles],
    revoked: a.revoked || b.revoked,
    revokeFailed: a.revokeFailed || b.revokeFailed,
    apiKeyRemoved: a.apiKeyRemoved || b.apiKeyRemoved,
  };
}
