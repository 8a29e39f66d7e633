/**
 * A profile's five keychain entries, and the note of when its access token expires, as one thing. Every write
 * is in an order that survives being killed at any moment: what signs in goes first when clearing and comes
 * last when storing, with nothing of the old credential left beside the new base URL. So a later run finds the
 * old credential, the new one, or "signed out" (docs/sessions.md).
 */
import type { Digest } from "../core/environment.ts";
import { reveal, type Secret, secret } from "../core/secret.ts";
import type { Keychain } from "../keychain/keychain.ts";
import { OWN_SERVICE } from "../keychain/keychain.ts";
import { expiryAccount, expiryNote, expiryOf } from "./expiry.ts";
import { GUMLOOP_SERVICE, PROFILE_FIELDS, type ProfileField, type StoredProfile } from "./stored.ts";

/** The entries of a profile as they are now, and when its access token expires (ms since 1970; null: unknown). */
export interface ProfileReading {
  readonly stored: StoredProfile;
  readonly expiresAtMs: number | null;
}

/** A verified credential to store. */
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

/** One profile in one keychain. Every method throws the keychain's errors. */
export interface Profile {
  readonly name: string;
  /** Reads some fields and, where the access token is among them, its expiry. */
  read(fields?: readonly ProfileField[]): Promise<ProfileReading>;
  /** Replaces whatever the profile held by a new sign-in. */
  store(next: NewCredential): Promise<void>;
  /** Overwrites one entry in place. */
  write(field: ProfileField, value: Secret): Promise<void>;
  /** Removes every entry. True when there was any. */
  clear(): Promise<boolean>;
  /** Removes a session that has ended. An API key beside it is another credential: it stays, with what it needs. */
  clearSession(): Promise<void>;
  /**
   * Notes when a token expires that takes the place of `replaced`. Null (unknown) removes the note of an older token,
   * which its hash makes void anyway.
   */
  noteExpiry(token: Secret, expiresAtMs: number | null, replaced?: Secret | null): Promise<void>;
}

/** The order of removal: first what signs in, then what a token or key is useless without. */
const CREDENTIAL: readonly ProfileField[] = ["access_token", "api_key", "refresh_token", "user_id"];

/** The profile of that name. Nothing is read before one of its methods is called. */
export function openProfile(keychain: Keychain, name: string, digest: Digest): Profile {
  const account = (field: ProfileField): string => `${name}:${field}`;
  const note = expiryAccount(name);

  const profile: Profile = {
    name,
    read: async (fields = PROFILE_FIELDS) => {
      const found = await keychain.read(GUMLOOP_SERVICE, fields.map(account));
      const stored: Partial<Record<ProfileField, Secret>> = {};
      for (const field of fields) {
        const value = found.get(account(field));
        // An empty entry is none: no credential is, and deleting is not what every program can do.
        if (value && reveal(value) !== "") stored[field] = value;
      }
      const token = stored.access_token;
      if (!token) return { stored, expiresAtMs: null };
      const notes = await keychain.read(OWN_SERVICE, [note]);
      return { stored, expiresAtMs: expiryOf(token, notes.get(note), digest) };
    },
    store: (next) => replaceCredential(profile, keychain, next),
    write: (field, value) => keychain.write(GUMLOOP_SERVICE, account(field), value),
    clear: async () => {
      const removed = await remove(keychain, name, [...CREDENTIAL, "base_url"]);
      await keychain.remove(OWN_SERVICE, note);
      return removed;
    },
    clearSession: async () => {
      const { stored } = await profile.read(["api_key"]);
      if (!stored.api_key) {
        await profile.clear();
        return;
      }
      await remove(keychain, name, ["access_token", "refresh_token"]);
      await keychain.remove(OWN_SERVICE, note);
    },
    noteExpiry: async (token, expiresAtMs, replaced = null) => {
      if (expiresAtMs === null) await keychain.remove(OWN_SERVICE, note);
      else await keychain.write(OWN_SERVICE, note, expiryNote(token, expiresAtMs, digest, replaced));
    },
  };

  return profile;
}

async function replaceCredential(profile: Profile, keychain: Keychain, next: NewCredential): Promise<void> {
  // A base URL stays or is written before anything that belongs to it: readers take a profile that has one and
  // no credential for a sign-in in progress, and read again once it is done.
  await remove(keychain, profile.name, CREDENTIAL);
  await profile.write("base_url", secret(next.baseUrl));
  if (next.method === "api_key") {
    await keychain.remove(OWN_SERVICE, expiryAccount(profile.name));
    await profile.write("user_id", secret(next.userId));
    return profile.write("api_key", next.apiKey);
  }
  if (next.refreshToken) await profile.write("refresh_token", next.refreshToken);
  await profile.noteExpiry(next.accessToken, next.expiresAtMs);
  return profile.write("access_token", next.accessToken);
}

async function remove(keychain: Keychain, name: string, fields: readonly ProfileField[]): Promise<boolean> {
  let removed = false;
  for (const field of fields) {
    removed = (await keychain.remove(GUMLOOP_SERVICE, `${name}:${field}`)) || removed;
  }
  return removed;
}

/** The names of the profiles that have entries, from the account names alone. Throws the keychain's errors. */
export async function profileNames(keychain: Keychain): Promise<readonly string[]> {
  const accounts = await keychain.list(GUMLOOP_SERVICE);
  const names = accounts.flatMap((account) => {
    const colon = account.lastIndexOf(":");
    const [profile, field] = [account.slice(0, Math.max(colon, 0)), account.slice(colon + 1)];
    return profile && PROFILE_FIELDS.some((known) => known === field) ? [profile] : [];
  });
  return [...new Set(names)];
}
