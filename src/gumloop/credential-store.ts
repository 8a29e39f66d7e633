/**
 * Writes and clears the keychain entries of one profile in an order that survives being killed at any
 * moment: what signs in goes first when clearing and comes last when storing, with nothing of the old
 * credential left beside the new base URL. So what a later run finds is the old credential, the new one, or
 * "signed out" (docs/sessions.md).
 */
import type { Digest } from "../core/environment.ts";
import { type Secret, secret } from "../core/secret.ts";
import type { Keychain } from "../keychain/keychain.ts";
import { OWN_SERVICE } from "../keychain/keychain.ts";
import { expiryAccount, expiryNote } from "./expiry.ts";
import { GUMLOOP_SERVICE, type ProfileField } from "./stored.ts";

/** A verified credential to keep. */
export type NewCredential =
  | {
      readonly method: "oauth";
      readonly accessToken: Secret;
      readonly refreshToken: Secret | null;
      /** Milliseconds since 1970; null when the server did not say. */
      readonly expiresAtMs: number | null;
      readonly baseUrl: string;
    }
  | {
      readonly method: "api_key";
      readonly apiKey: Secret;
      readonly userId: string;
      readonly baseUrl: string;
    };

/** What signs in first, then what a token or key is nothing without. The base URL of the old goes with it. */
const CREDENTIAL: readonly ProfileField[] = ["access_token", "api_key", "refresh_token", "user_id"];

/** Puts a new sign-in in the place of whatever the profile held. */
export async function storeCredential(
  keychain: Keychain,
  profile: string,
  next: NewCredential,
  digest: Digest,
): Promise<void> {
  // A base URL stays or is written before anything that belongs to it: readers take a profile that has one and
  // no credential for a sign-in at work, and look again once it is done.
  await removeFields(keychain, profile, CREDENTIAL);
  await writeField(keychain, profile, "base_url", secret(next.baseUrl));
  if (next.method === "api_key") {
    await keychain.remove(OWN_SERVICE, expiryAccount(profile));
    await writeField(keychain, profile, "user_id", secret(next.userId));
    return writeField(keychain, profile, "api_key", next.apiKey);
  }
  if (next.refreshToken) await writeField(keychain, profile, "refresh_token", next.refreshToken);
  await writeExpiry(keychain, profile, next.accessToken, next.expiresAtMs, digest);
  return writeField(keychain, profile, "access_token", next.accessToken);
}

/** Removes every entry of a profile, the ones that sign in first. True when there was any. */
export async function clearCredential(keychain: Keychain, profile: string): Promise<boolean> {
  const removed = await removeFields(keychain, profile, [...CREDENTIAL, "base_url"]);
  await keychain.remove(OWN_SERVICE, expiryAccount(profile));
  return removed;
}

/** Removes a session that is over. An API key beside it is another credential, and stays with what it needs. */
export async function clearSession(keychain: Keychain, profile: string): Promise<void> {
  const key = `${profile}:api_key`;
  if (!(await keychain.read(GUMLOOP_SERVICE, [key])).has(key)) {
    await clearCredential(keychain, profile);
    return;
  }
  await removeFields(keychain, profile, ["access_token", "refresh_token"]);
  await keychain.remove(OWN_SERVICE, expiryAccount(profile));
}

/**
 * Notes when a token expires, which takes the place of `replaced`; without knowledge an older note goes, which its
 * hash makes void anyway.
 */
export async function writeExpiry(
  keychain: Keychain,
  profile: string,
  token: Secret,
  expiresAtMs: number | null,
  digest: Digest,
  replaced: Secret | null = null,
): Promise<void> {
  const account = expiryAccount(profile);
  if (expiresAtMs === null) await keychain.remove(OWN_SERVICE, account);
  else await keychain.write(OWN_SERVICE, account, expiryNote(token, expiresAtMs, digest, replaced));
}

/** Writes one entry of the official CLI's in place. */
export function writeField(
  keychain: Keychain,
  profile: string,
  field: ProfileField,
  value: Secret,
): Promise<void> {
  return keychain.write(GUMLOOP_SERVICE, `${profile}:${field}`, value);
}

async function removeFields(
  keychain: Keychain,
  profile: string,
  fields: readonly ProfileField[],
): Promise<boolean> {
  let removed = false;
  for (const field of fields) {
    removed = (await keychain.remove(GUMLOOP_SERVICE, `${profile}:${field}`)) || removed;
  }
  return removed;
}
