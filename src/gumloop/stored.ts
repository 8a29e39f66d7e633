/**
 * The entries of a profile by name, and which server they belong to. Pure, and part of every start; reading and
 * writing them is profile.ts, classifying them stored-candidates.ts.
 */
import { type BaseUrl, parseBaseUrl } from "../core/base-url.ts";
import { DIGITS, LOWER, madeOf } from "../core/characters.ts";
import { fail } from "../core/errors.ts";
import { reveal, type Secret } from "../core/secret.ts";

/** Keychain service of the official `gumloop` CLI; account `<profile>:<field>`, value plain UTF-8. */
export const GUMLOOP_SERVICE = "gumloop-cli";

/** The fields of one profile under {@link GUMLOOP_SERVICE}, as the official CLI writes them. */
export const PROFILE_FIELDS = ["access_token", "refresh_token", "api_key", "user_id", "base_url"] as const;
export type ProfileField = (typeof PROFILE_FIELDS)[number];

/** The entries of one profile that were found. The refresh token is read only to refresh or revoke. */
export type StoredProfile = Readonly<Partial<Record<ProfileField, Secret>>>;

/** How messages name an entry. */
export const entryOf = (profile: string, field: ProfileField): string =>
  `${GUMLOOP_SERVICE}/${profile}:${field}`;

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
      "a profile name is made of a-z, 0-9, '_' and '-', starts with a letter or digit, and has at most 64 characters",
      "choose another --profile or GUM_CRED_PROFILE",
    );
  }
  return name;
}

/** The base URL a profile was issued for. Throws E_INCOMPLETE when missing, E_MALFORMED when unusable. */
export function storedBaseUrl(stored: StoredProfile): BaseUrl {
  if (stored.base_url === undefined) {
    throw fail("E_INCOMPLETE", "the stored credential has no base_url, so it is not sent anywhere");
  }
  try {
    return parseBaseUrl(reveal(stored.base_url));
  } catch {
    throw fail(
      "E_MALFORMED",
      "the stored base_url is not an https URL, so the credential is not sent anywhere",
      "run 'gum-cred login' to store the complete credential again",
    );
  }
}
