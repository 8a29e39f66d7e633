/** Renews the stored session before it expires, because somebody asked for it. */
import { gumloop } from "../../plugins/gumloop/index.ts";
import { sameOrigin } from "../core/base-url.ts";
import { fail, hasCode } from "../core/errors.ts";
import { openProfile } from "../gumloop/profile.ts";
import { refreshSession } from "../gumloop/session.ts";
import { readSettled } from "../gumloop/settled.ts";
import { PROFILE_FIELDS, storedBaseUrl } from "../gumloop/stored.ts";
import { isoTime } from "../resolve/lifetime.ts";
import { deniedError } from "../resolve/policy.ts";
import type { Ports, Scope } from "../resolve/ports.ts";
import { endKept } from "./kept.ts";

export interface Renewed {
  readonly baseUrl: string;
  /** ISO 8601; null when unknown. */
  readonly expiresAt: string | null;
}

/**
 * Renews the profile's session now, and ends what is kept of a policy's sources. Throws E_NOT_SIGNED_IN where there is none to renew, E_BASE_URL_MISMATCH where
 * another server is asked for, the policy's refusal, and what a refresh throws.
 */
export async function renewSession(scope: Scope, ports: Ports): Promise<Renewed> {
  const denied = deniedError(await ports.policy(), gumloop.id, scope.teamId);
  if (denied) throw denied;
  await endKept(ports);
  const profile = openProfile(await ports.keychain(), scope.profile, ports.digest);
  const current = await readSettled(profile, ports, { fields: PROFILE_FIELDS }).catch((error: unknown) => {
    // Where there is no keychain at all, nothing is stored.
    if (hasCode(error, "E_KEYCHAIN_UNAVAILABLE")) throw nothingToRenew(false, false);
    throw error;
  });
  const { access_token: token, refresh_token: refreshToken, api_key: key } = current.stored;
  if (!token || !refreshToken) throw nothingToRenew(token !== undefined, key !== undefined);
  const server = storedBaseUrl(current.stored);
  if (scope.baseUrl && !sameOrigin(server, scope.baseUrl)) {
    throw fail(
      "E_BASE_URL_MISMATCH",
      `the stored session was issued for ${server.origin} and is not renewed at ${scope.baseUrl.origin}`,
    );
  }
  const fresh = await refreshSession(profile, current, ports);
  if (!fresh.stored.access_token) {
    throw fail("E_NOT_SIGNED_IN", "another program signed out while the session was renewed");
  }
  const { expiresAtMs } = fresh;
  return {
    baseUrl: storedBaseUrl(fresh.stored).href,
    expiresAt: expiresAtMs === null ? null : isoTime(expiresAtMs),
  };
}

function nothingToRenew(hasToken: boolean, hasKey: boolean) {
  const login = "run 'gum-cred login' to sign in";
  if (hasToken)
    return fail("E_NOT_SIGNED_IN", "the stored access token has no refresh token to renew it", login);
  const why = hasKey ? "an API key is stored, which does not expire" : "no session is stored";
  return fail("E_NOT_SIGNED_IN", `there is nothing to renew: ${why}`, login);
}
