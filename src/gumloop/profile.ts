/**
 * Reads Gumloop's candidates from the keychain entries of one profile. One read for all of them; the
 * refresh token stays where it is.
 */
import type { BaseUrl } from "../core/base-url.ts";
import type { Digest } from "../core/environment.ts";
import type { Secret } from "../core/secret.ts";
import type { Keychain } from "../keychain/keychain.ts";
import { OWN_SERVICE } from "../keychain/keychain.ts";
import type { Candidate, Finding } from "../resolve/plan.ts";
import { expiryAccount, expiryOf } from "./expiry.ts";
import {
  GUMLOOP_SERVICE,
  judgeStored,
  PROFILE_FIELDS,
  type ProfileField,
  type StoredProfile,
} from "./stored.ts";

/** The entries of a profile as they stand now, and when its access token expires (ms since 1970). */
export interface ProfileReading {
  readonly stored: StoredProfile;
  readonly expiresAtMs: number | null;
}

const WITHOUT_REFRESH_TOKEN = PROFILE_FIELDS.filter((field) => field !== "refresh_token");

/** Reads fields of a profile; by default all but the refresh token. Throws the keychain's errors. */
export async function readProfile(
  keychain: Keychain,
  profile: string,
  digest: Digest,
  fields: readonly ProfileField[] = WITHOUT_REFRESH_TOKEN,
): Promise<ProfileReading> {
  const accounts = fields.map((field) => `${profile}:${field}`);
  const found = await keychain.read(GUMLOOP_SERVICE, accounts);
  const stored: Partial<Record<ProfileField, Secret>> = {};
  for (const field of fields) {
    const value = found.get(`${profile}:${field}`);
    if (value) stored[field] = value;
  }
  const token = stored.access_token;
  if (!token) return { stored, expiresAtMs: null };
  const account = expiryAccount(profile);
  const note = (await keychain.read(OWN_SERVICE, [account])).get(account);
  return { stored, expiresAtMs: expiryOf(token, note, digest) };
}

/** What a profile's reading says about one candidate. */
export function judgeReading(
  candidate: Candidate,
  reading: ProfileReading,
  override: BaseUrl | null,
): Finding {
  const expiresAt = reading.expiresAtMs === null ? null : new Date(reading.expiresAtMs).toISOString();
  return judgeStored(
    candidate,
    reading.stored,
    override,
    candidate.spec.method === "oauth" ? expiresAt : null,
  );
}
