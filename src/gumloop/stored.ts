/**
 * What the keychain entries of one profile amount to: a usable credential, nothing, or something that must
 * be reported. Pure; reading the entries is src/gumloop/profile.ts.
 */
import { type BaseUrl, parseBaseUrl, sameOrigin } from "../core/base-url.ts";
import { DIGITS, LOWER, madeOf } from "../core/characters.ts";
import { fail, GumCredError } from "../core/errors.ts";
import { reveal, type Secret } from "../core/secret.ts";
import { type Candidate, type Finding, foundAt } from "../resolve/plan.ts";

/** Keychain service of the official `gumloop` CLI; account `<profile>:<field>`, value plain UTF-8. */
export const GUMLOOP_SERVICE = "gumloop-cli";

/** The fields of one profile under {@link GUMLOOP_SERVICE}, as the official CLI writes them. */
export const PROFILE_FIELDS = ["access_token", "refresh_token", "api_key", "user_id", "base_url"] as const;
export type ProfileField = (typeof PROFILE_FIELDS)[number];

/** The entries of one profile that were found. The refresh token is read only to refresh or revoke. */
export type StoredProfile = Readonly<Partial<Record<ProfileField, Secret>>>;

const LETTERS = LOWER + DIGITS;
const LONGEST_NAME = 64;

/** Checks a profile name (contract: `[a-z0-9][a-z0-9_-]{0,63}`). Throws E_INVALID_VALUE. */
export function profileName(name: string): string {
  const first = name.charAt(0);
  if (
    first === "" ||
    !LETTERS.includes(first) ||
    !madeOf(name, `${LETTERS}_-`) ||
    name.length > LONGEST_NAME
  ) {
    throw fail(
      "E_INVALID_VALUE",
      "a profile name is made of a-z, 0-9, '_' and '-', starts with a letter or digit, and has at most 64",
      "choose another --profile or GUM_CRED_PROFILE",
    );
  }
  return name;
}

/** Judges one keychain candidate of Gumloop. `override` is the base URL asked for by flag or variable. */
export function judgeStored(
  candidate: Candidate,
  stored: StoredProfile,
  override: BaseUrl | null,
  expiresAt: string | null,
): Finding {
  const value = stored[candidate.spec.field as ProfileField];
  if (value === undefined) return { state: "absent" };
  try {
    const baseUrl = storedBaseUrl(stored);
    if (override && !sameOrigin(baseUrl, override)) {
      const error = fail(
        "E_BASE_URL_MISMATCH",
        `the stored credential was issued for ${baseUrl.origin} and is not sent to ${override.origin}`,
      );
      return { state: "blocked", error };
    }
    return foundAt(candidate, value, {
      userId: companion(candidate, stored),
      baseUrl: (override ?? baseUrl).href,
      expiresAt,
    });
  } catch (error) {
    if (!(error instanceof GumCredError)) throw error;
    return { state: "invalid", error };
  }
}

/** The base URL a profile was issued for. Throws E_INCOMPLETE when missing, E_MALFORMED when unusable. */
export function storedBaseUrl(stored: StoredProfile): BaseUrl {
  if (stored.base_url === undefined) {
    throw fail("E_INCOMPLETE", "the stored credential has no base_url beside it, so it is sent nowhere");
  }
  try {
    return parseBaseUrl(reveal(stored.base_url));
  } catch {
    throw fail(
      "E_MALFORMED",
      "the stored base_url is not an https URL, so the credential is sent nowhere",
      "run 'gum-cred login' to store the whole credential again",
    );
  }
}

function companion(candidate: Candidate, stored: StoredProfile): string | null {
  if (candidate.spec.companions.length === 0) return null;
  if (stored.user_id === undefined) {
    throw fail("E_INCOMPLETE", "the stored API key has no user_id beside it");
  }
  return reveal(stored.user_id);
}
