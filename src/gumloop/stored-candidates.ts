/**
 * Reads the keychain candidates of one resolution: the profile's entries once, at the first candidate that
 * needs them, refreshed first when the access token has expired and somebody is going to use it. Another
 * process's sign-in is seen before it or after it, never halfway.
 */
import { fail, GumCredError } from "../core/errors.ts";
import type { Keychain } from "../keychain/keychain.ts";
import type { Candidate, Finding } from "../resolve/plan.ts";
import type { Ports, Scope } from "../resolve/ports.ts";
import { unreadable } from "../resolve/sources/stored-keys.ts";
import { judgeReading, type ProfileReading, readProfile } from "./profile.ts";
import { alone, needsRefresh, refreshSession } from "./session.ts";
import type { StoredProfile } from "./stored.ts";

/** Reads one keychain candidate. */
export type StoredReader = (candidate: Candidate) => Promise<Finding>;

/**
 * A reader of keychain candidates. With `mayRefresh` an expired session is refreshed; without, it counts as
 * found as long as it could be, so that `explain` and `status` change nothing.
 */
export function storedReader(scope: Scope, ports: Ports, mayRefresh: boolean): StoredReader {
  let reading: Promise<StoredReader> | undefined;
  const begin = async (): Promise<StoredReader> => {
    try {
      const keychain = await ports.keychain();
      const profile = await settled(keychain);
      return (candidate) => judgeCandidate(candidate, keychain, profile);
    } catch (error) {
      const finding = unreadable(error);
      return async () => finding;
    }
  };

  /** The profile; when it looks as if somebody were writing it, as it is once they are done. */
  async function settled(keychain: Keychain): Promise<ProfileReading> {
    const read = () => readProfile(keychain, scope.profile, ports.digest);
    const reading = await read();
    return isHalfWritten(reading.stored) ? alone(scope.profile, ports, read) : reading;
  }

  async function judgeCandidate(
    candidate: Candidate,
    keychain: Keychain,
    profile: ProfileReading,
  ): Promise<Finding> {
    const finding = judgeReading(candidate, profile, scope.baseUrl);
    const expired =
      finding.state === "found" && candidate.spec.method === "oauth" && needsRefresh(profile, ports.now());
    if (!expired) return finding;
    try {
      if (!mayRefresh) return (await canRefresh(keychain)) ? finding : EXPIRED;
      const fresh = await refreshSession(keychain, scope.profile, profile, ports);
      return judgeReading(candidate, fresh, scope.baseUrl);
    } catch (error) {
      if (error instanceof GumCredError) return { state: "expired", error };
      throw error;
    }
  }

  async function canRefresh(keychain: Keychain): Promise<boolean> {
    const { stored } = await readProfile(keychain, scope.profile, ports.digest, ["refresh_token"]);
    return stored.refresh_token !== undefined;
  }

  return async (candidate) => {
    reading ??= begin();
    return (await reading)(candidate);
  };
}

/** A sign-in writes the credential itself last and a sign-out removes it first; so does a crash leave them. */
function isHalfWritten(stored: StoredProfile): boolean {
  return !stored.access_token && !stored.api_key && (stored.base_url ?? stored.user_id) !== undefined;
}

const EXPIRED: Finding = {
  state: "expired",
  error: fail("E_EXPIRED", "the stored access token has expired and there is no refresh token"),
};
