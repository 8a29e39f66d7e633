/**
 * Reads the keychain candidates of one resolution: the profile's entries once, at the first candidate that
 * needs them, refreshed first when the access token has expired and somebody is going to use it.
 */
import { fail, GumCredError } from "../core/errors.ts";
import type { Candidate, Finding } from "../core/precedence.ts";
import type { Keychain } from "../keychain/keychain.ts";
import { judgeReading, type ProfileReading, readProfile, unreadable } from "../sources/keychain.ts";
import type { Ports, Scope } from "./ports.ts";
import { needsRefresh, refreshSession } from "./session.ts";

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
      const profile = await readProfile(keychain, scope.profile, ports.digest);
      return (candidate) => judgeCandidate(candidate, keychain, profile);
    } catch (error) {
      const finding = unreadable(error);
      return async () => finding;
    }
  };

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

const EXPIRED: Finding = {
  state: "expired",
  error: fail("E_EXPIRED", "the stored access token has expired and there is no refresh token"),
};
