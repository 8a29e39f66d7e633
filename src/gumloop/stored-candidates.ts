/**
 * Reads the keychain candidates of one resolution: the profile's entries once, at the first candidate that
 * needs them, refreshed first when the access token has expired and is going to be used. Another process's
 * sign-in is seen before it or after it, never halfway.
 */
import { type BaseUrl, sameOrigin } from "../core/base-url.ts";
import { fail, GumCredError } from "../core/errors.ts";
import { reveal } from "../core/secret.ts";
import { type Finding, foundAt } from "../resolve/finding.ts";
import { isoTime } from "../resolve/lifetime.ts";
import type { Candidate } from "../resolve/plan.ts";
import type { Ports, Scope } from "../resolve/ports.ts";
import { unreadable } from "../resolve/sources/stored-keys.ts";
import { valueProblem } from "../resolve/sources/usable-value.ts";
import { openProfile, type Profile, type ProfileReading } from "./profile.ts";
import { needsRefresh, refreshSession } from "./session.ts";
import { readSettled } from "./settled.ts";
import { type ProfileField, type StoredProfile, storedBaseUrl } from "./stored.ts";

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
      const profile = openProfile(await ports.keychain(), scope.profile, ports.digest);
      const settled = await readSettled(profile, ports);
      return (candidate) => readCandidate(candidate, profile, settled);
    } catch (error) {
      const finding = unreadable(error);
      return async () => finding;
    }
  };

  async function readCandidate(
    candidate: Candidate,
    profile: Profile,
    settled: ProfileReading,
  ): Promise<Finding> {
    const finding = classifyStored(candidate, settled, scope.baseUrl);
    const isToken = finding.state === "found" && candidate.spec.method === "oauth";
    if (!isToken) return finding;
    // A token of which nothing is known, not even its age, is refreshed where it can be.
    const isUnknown = settled.expiresAtMs === null;
    if (!isUnknown && !needsRefresh(settled, ports.now())) return finding;
    try {
      const refreshable = (mayRefresh && !isUnknown) || (await canRefresh(profile));
      if (!refreshable) return isUnknown ? finding : EXPIRED;
      if (!mayRefresh) return finding;
      const first = await refreshSession(profile, settled, ports);
      const fresh = await readSettled(profile, ports, { first });
      return classifyStored(candidate, fresh, scope.baseUrl);
    } catch (error) {
      if (error instanceof GumCredError) return { state: "expired", error };
      throw error;
    }
  }

  return async (candidate) => {
    reading ??= begin();
    return (await reading)(candidate);
  };
}

async function canRefresh(profile: Profile): Promise<boolean> {
  const { stored } = await profile.read(["refresh_token"]);
  return stored.refresh_token !== undefined;
}

const EXPIRED: Finding = {
  state: "expired",
  error: fail("E_EXPIRED", "the stored access token has expired and there is no refresh token"),
};

/** What a profile's entries are for one candidate. `override` is the base URL asked for by flag or variable. */
function classifyStored(candidate: Candidate, reading: ProfileReading, override: BaseUrl | null): Finding {
  const { stored, expiresAtMs, otherServer } = reading;
  const value = stored[candidate.spec.field as ProfileField];
  if (value === undefined) return { state: "absent" };
  try {
    const baseUrl = storedBaseUrl(stored);
    if (otherServer && candidate.spec.method === "oauth") {
      throw fail("E_INCOMPLETE", "the stored access token was issued for another server than its base_url");
    }
    if (override && !sameOrigin(baseUrl, override)) {
      const error = fail(
        "E_BASE_URL_MISMATCH",
        `the stored credential was issued for ${baseUrl.origin} and is not sent to ${override.origin}`,
      );
      return { state: "blocked", error };
    }
    const expires = candidate.spec.method === "oauth" && expiresAtMs !== null;
    return foundAt(candidate, value, {
      userId: companion(candidate, stored),
      baseUrl: (override ?? baseUrl).href,
      expiresAt: expires ? isoTime(expiresAtMs) : null,
    });
  } catch (error) {
    if (!(error instanceof GumCredError)) throw error;
    return { state: "invalid", error };
  }
}

function companion(candidate: Candidate, stored: StoredProfile): string | null {
  if (candidate.spec.companions.length === 0) return null;
  if (stored.user_id === undefined) {
    throw fail("E_INCOMPLETE", "the stored API key has no user_id beside it");
  }
  const problem = valueProblem(stored.user_id, "the stored user_id");
  if (problem) throw problem;
  return reveal(stored.user_id);
}
