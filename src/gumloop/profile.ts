/**
 * A profile's five keychain entries, and the note about them, as one thing. Every write is in an order that survives
 * being killed at any moment: what signs in goes first when clearing and comes last when storing, with nothing of
 * the old credential left beside a new base URL. So a later run finds the old credential, the new one, or "signed
 * out" (docs/sessions.md).
 */
import type { Digest } from "../core/environment.ts";
import { reveal, type Secret, secret } from "../core/secret.ts";
import type { Keychain } from "../keychain/keychain.ts";
import { OWN_SERVICE } from "../keychain/keychain.ts";
import {
  DOCUMENTED_LIFE_MS,
  EXPIRY_SLACK_MS,
  expiryAccount,
  expiryNote,
  expiryOf,
  isTooLate,
  keyNote,
  notesKey,
  pastMoment,
  readNote,
} from "./expiry.ts";
import { GUMLOOP_SERVICE, PROFILE_FIELDS, type ProfileField, type StoredProfile } from "./stored.ts";

/** The entries of a profile as they are now, and what is known about them. */
export interface ProfileReading {
  readonly stored: StoredProfile;
  /** When the access token expires in milliseconds since 1970; null: unknown. */
  readonly expiresAtMs: number | null;
  /** How long before that it counts as expired. */
  readonly slackMs: number;
  /** True when gum-cred's note says that the token belongs to another base URL than the one beside it. */
  readonly otherServer: boolean;
  /**
   * When each entry was written, in milliseconds since 1970, as exactly as the keychain says; null where the note
   * shows that the entries are of one sign-in, or nobody knows.
   */
  readonly modifiedAt: ReadonlyMap<ProfileField, number> | null;
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
  /**
   * Reads some fields and, where the access token is among them, its expiry. When the entries were written is asked
   * only where no note speaks of the token, and where the base URL is among the fields.
   */
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
  noteExpiry(token: Secret, expiresAtMs: number | null, details: ExpiryDetails): Promise<void>;
  /** Whether gum-cred stored this API key with this user id and base URL. */
  notedKey(stored: StoredProfile): Promise<boolean>;
}

/** What a note says besides: whom it replaces, and the base URL entry that it was stored with. */
export interface ExpiryDetails {
  readonly replaced?: Secret | undefined;
  readonly server: Secret | undefined;
}

/** What resolving reads of a profile: all but the refresh token, which stays where it is until it is needed. */
export const RESOLVED_FIELDS = [
  "access_token",
  "api_key",
  "user_id",
  "base_url",
] as const satisfies ProfileField[];

/** Lets the next read of the keychain, whatever it is for, bring what resolving this profile will need. */
export function foreseeProfile(keychain: Keychain, name: string): void {
  const accounts: string[] = [];
  for (const field of RESOLVED_FIELDS) accounts.push(`${name}:${field}`);
  keychain.foresee(GUMLOOP_SERVICE, accounts);
  keychain.foresee(OWN_SERVICE, [expiryAccount(name)]);
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
      if (fields.includes("access_token")) keychain.foresee(OWN_SERVICE, [note]);
      const accounts: string[] = [];
      for (const field of fields) accounts.push(account(field));
      const found = await keychain.read(GUMLOOP_SERVICE, accounts);
      const stored: Partial<Record<ProfileField, Secret>> = {};
      for (const field of fields) {
        const value = found.get(account(field));
        // An empty entry is none: no credential is, and deleting is not what every program can do.
        if (value && reveal(value) !== "") stored[field] = value;
      }
      const token = stored.access_token;
      const modifiedAt = () => (fields.includes("base_url") ? times(keychain, name, stored) : null);
      const reading = { stored, expiresAtMs: null, slackMs: EXPIRY_SLACK_MS, otherServer: false };
      if (!token) return { ...reading, modifiedAt: stored.api_key ? await modifiedAt() : null };
      const noteFound = (await keychain.read(OWN_SERVICE, [note])).get(note);
      const noted = readNote(token, stored.base_url, noteFound, digest);
      if (noted) {
        const { slackMs, sameServer } = noted;
        const isKnown = !isTooLate(noted, Date.now());
        const expiresAtMs = isKnown ? noted.expiresAtMs : expiryOf(token, undefined, digest);
        const known = { ...reading, expiresAtMs, slackMs };
        if (sameServer !== false) return { ...known, modifiedAt: null };
        return { ...known, otherServer: true, modifiedAt: await modifiedAt() };
      }
      const written = await modifiedAt();
      const byAge = pastMoment(written?.get("access_token"), Date.now());
      const expiresAtMs =
        expiryOf(token, undefined, digest) ?? (byAge === undefined ? null : byAge + DOCUMENTED_LIFE_MS);
      return { ...reading, expiresAtMs, modifiedAt: written };
    },
    store: (next) => storeCredential(profile, keychain, next, digest),
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
    noteExpiry: async (token, expiresAtMs, { replaced, server }) => {
      if (expiresAtMs === null) {
        await keychain.remove(OWN_SERVICE, note);
        return;
      }
      const details = { server, lifeMs: expiresAtMs - Date.now() };
      const text = expiryNote(token, expiresAtMs, digest, replaced ?? null, details);
      await keychain.write(OWN_SERVICE, note, text);
    },
    notedKey: async ({ api_key: key, user_id: userId, base_url: server }) => {
      if (!key || !userId || !server) return false;
      const notes = await keychain.read(OWN_SERVICE, [note]);
      return notesKey({ key, userId, server }, notes.get(note), digest);
    },
  };

  return profile;
}

async function times(
  keychain: Keychain,
  name: string,
  stored: StoredProfile,
): Promise<ReadonlyMap<ProfileField, number> | null> {
  const fields = PROFILE_FIELDS.filter((field) => stored[field] !== undefined);
  const accounts = fields.map((field) => `${name}:${field}`);
  const found = await keychain.modifiedAt(GUMLOOP_SERVICE, accounts);
  if (found.size === 0) return null;
  return new Map(fields.map((field) => [field, found.get(`${name}:${field}`) ?? 0]));
}

/**
 * Stores a sign-in. Over one of the same server and method every entry is overwritten in place, so that no moment is
 * without a credential; over anything else what was there goes first, so that nothing of it is ever beside a base
 * URL, user id or method that it was not issued for.
 */
async function storeCredential(
  profile: Profile,
  keychain: Keychain,
  next: NewCredential,
  digest: Digest,
): Promise<void> {
  const { stored } = await profile.read();
  const method = stored.access_token ? "oauth" : "api_key";
  const sameServer = stored.base_url !== undefined && reveal(stored.base_url) === next.baseUrl;
  const inPlace = sameServer && method === next.method;
  // A base URL stays or is written before anything that belongs to it: readers take a profile that has one and
  // no credential for a sign-in in progress, and read again once it is done.
  if (!inPlace) await remove(keychain, profile.name, CREDENTIAL);
  const server = secret(next.baseUrl);
  if (!inPlace) await profile.write("base_url", server);
  if (next.method === "api_key") {
    const userId = secret(next.userId);
    await remove(keychain, profile.name, ["refresh_token"]);
    const text = keyNote(next.apiKey, userId, server, digest);
    await keychain.write(OWN_SERVICE, expiryAccount(profile.name), text);
    if (!stored.user_id || !inPlace || reveal(stored.user_id) !== next.userId) {
      await profile.write("user_id", userId);
    }
    return profile.write("api_key", next.apiKey);
  }
  // The old access token beside the new refresh token is of no harm; the other way round it would be lost or wrong.
  if (next.refreshToken) await profile.write("refresh_token", next.refreshToken);
  else await remove(keychain, profile.name, ["refresh_token"]);
  await profile.noteExpiry(next.accessToken, next.expiresAtMs, { server });
  await profile.write("access_token", next.accessToken);
  await remove(keychain, profile.name, ["api_key", "user_id"]);
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
