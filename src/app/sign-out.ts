/**
 * Signing out: revoke at the base URL that the session was issued for, then remove every entry of the
 * profile. A failed revoke never stops the removal.
 */
import { hasCode } from "../core/errors.ts";
import { openProfile, type Profile, profileNames } from "../gumloop/profile.ts";
import { withProfileLock } from "../gumloop/profile-lock.ts";
import { revokeStored } from "../gumloop/revoke.ts";
import { readSettled } from "../gumloop/settled.ts";
import { PROFILE_FIELDS, type ProfileField, type StoredProfile } from "../gumloop/stored.ts";
import { catchInterruption } from "../os/process/interruption.ts";
import { startTimeLimit } from "../os/time-limit.ts";
import type { Ports, Scope, Surroundings } from "../resolve/ports.ts";
import { requireKeychain } from "./keychain.ts";
import { shadows } from "./sign-in.ts";

export interface SignedOut {
  readonly profiles: readonly string[];
  readonly revoked: boolean;
  readonly revokeFailed: boolean;
  /** An API key was removed; it lives on at Gumloop until it is revoked there. */
  readonly apiKeyRemoved: boolean;
  /** The user interrupted the wait for the server; everything was removed all the same. */
  readonly interrupted: boolean;
}

/** For all of a run's revocations, in milliseconds: a server that does not answer may not keep anybody signed in here. */
const REVOKE_MS = 5_000;

const NOTHING: SignedOut = {
  profiles: [],
  revoked: false,
  revokeFailed: false,
  apiKeyRemoved: false,
  interrupted: false,
};

/** Signs one profile out, or all of them. A machine without any keychain service has nothing to remove. */
export async function signOut(all: boolean, scope: Scope, ports: Ports): Promise<SignedOut> {
  const interruption = catchInterruption();
  try {
    // Before the lock, whose folder a container may not be able to make.
    await requireKeychain(ports);
    const keychain = await ports.keychain();
    const names = all ? await profileNames(keychain) : [scope.profile];
    let result = NOTHING;
    let leftMs = REVOKE_MS;
    for (const name of names) {
      const profile = openProfile(keychain, name, ports.digest);
      const started = performance.now();
      const limit = { ms: leftMs, interrupt: interruption.signal };
      result = merge(result, await withProfileLock(name, ports, () => signOutProfile(profile, ports, limit)));
      leftMs = Math.max(0, leftMs - (performance.now() - started));
    }
    return { ...result, interrupted: interruption.signal.aborted };
  } catch (error) {
    if (!hasCode(error, "E_KEYCHAIN_UNAVAILABLE")) throw error;
    ports.note("this machine has no keychain service, so nothing was stored on it");
    return NOTHING;
  } finally {
    interruption.end();
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

interface RevokeLimit {
  readonly ms: number;
  readonly interrupt: AbortSignal;
}

/** Under the lock, so that a refresh in another process can neither outlive nor undo it. */
async function signOutProfile(profile: Profile, ports: Ports, within: RevokeLimit): Promise<SignedOut> {
  const stored = await readable(profile, ports, within.interrupt);
  const session = stored.refresh_token ?? stored.access_token;
  const limit = startTimeLimit(within.ms, within.interrupt);
  const revoking = revokeStored(stored, ports, limit.signal).finally(limit.clear);
  const revoked = session !== undefined && (await ports.busy("Revoking", revoking));
  const removed = await profile.clear();
  return {
    profiles: removed ? [profile.name] : [],
    revoked,
    revokeFailed: session !== undefined && !revoked,
    apiKeyRemoved: stored.api_key !== undefined,
    interrupted: false,
  };
}

/** What can be read: an entry that is not text is removed with the others, and must not keep them. */
async function readable(profile: Profile, ports: Ports, interrupt: AbortSignal): Promise<StoredProfile> {
  const read = async (fields: readonly ProfileField[]): Promise<StoredProfile | null> => {
    try {
      const first = await profile.read(fields);
      // Of a sign-in in progress nothing goes to the server before it.
      const isWhole = fields === PROFILE_FIELDS;
      return (isWhole ? await readSettled(profile, ports, { first, fields, locked: true, interrupt }) : first)
        .stored;
    } catch (error) {
      if (hasCode(error, "E_MALFORMED")) return null;
      throw error;
    }
  };
  const whole = await read(PROFILE_FIELDS);
  if (whole) return whole;
  let found: StoredProfile = {};
  for (const field of PROFILE_FIELDS) found = { ...found, ...(await read([field])) };
  return found;
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
    interrupted: a.interrupted || b.interrupted,
  };
}
