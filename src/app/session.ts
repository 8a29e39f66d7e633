/**
 * Keeps a stored OAuth session usable: refreshes an expired access token before use, under a lock between
 * processes, and never loses a rotated refresh token that could have been saved.
 *
 * The official `gumloop` CLI writes the same entries without our lock, so the keychain is read again inside
 * the lock, after the server's answer, and before a refused refresh token is believed to be dead.
 */
import { fail } from "../core/errors.ts";
import { isExpired } from "../core/expiry.ts";
import { reveal, type Secret } from "../core/secret.ts";
import { GUMLOOP_SERVICE, PROFILE_FIELDS, type StoredProfile, storedBaseUrl } from "../core/stored.ts";
import type { Keychain } from "../keychain/keychain.ts";
import type { TokenSet } from "../oauth/token-endpoint.ts";
import { type ProfileReading, readProfile } from "../sources/keychain.ts";
import { clearCredential, writeExpiry } from "./credential-store.ts";
import type { Ports } from "./ports.ts";
import { revokeStored } from "./revoke.ts";

/** Longer than one refresh may take, so that a queue of waiting processes moves on. */
const LOCK_WAIT_MS = 25_000;
/** When another program rotated first, its writes may still be on their way. */
const SECOND_LOOKS_MS = [0, 50, 150];

/** True when the reading's access token should be refreshed before it is used. */
export function needsRefresh(reading: ProfileReading, nowMs: number): boolean {
  return reading.stored.access_token !== undefined && isExpired(reading.expiresAtMs, nowMs);
}

/** Runs `work` alone among all gum-cred processes of this profile. Throws E_LOCK_TIMEOUT, E_UNSAFE_FILE. */
export async function alone<T>(profile: string, ports: Ports, work: () => Promise<T>): Promise<T> {
  const lock = await ports.lock(`session-${profile}`, LOCK_WAIT_MS);
  try {
    return await work();
  } finally {
    lock.release();
  }
}

/**
 * Refreshes the session that `stale` shows and returns the profile as it stands then. If someone else
 * refreshed or signed out meanwhile, that is what is returned. At most one request is sent.
 *
 * Throws E_EXPIRED when there is no refresh token or the server ended the session (its entries are then
 * removed), and E_NETWORK, E_TIMEOUT, E_SERVER and their kin with every entry untouched.
 */
export async function refreshSession(
  keychain: Keychain,
  profile: string,
  stale: ProfileReading,
  ports: Ports,
): Promise<ProfileReading> {
  return alone(profile, ports, async () => {
    const current = await readProfile(keychain, profile, ports.digest, PROFILE_FIELDS);
    if (changed(stale.stored, current.stored, "access_token") && !needsRefresh(current, ports.now())) {
      ports.debug("refresh: another process did it");
      return current;
    }
    const refreshToken = current.stored.refresh_token;
    if (!current.stored.access_token) return current;
    if (!refreshToken) throw fail("E_EXPIRED", "the access token has expired and there is no refresh token");
    const { isInvalidGrant, refresh } = await import("../oauth/token-endpoint.ts");
    try {
      const tokens = await refresh(storedBaseUrl(current.stored), refreshToken);
      return await keep(keychain, profile, current.stored, tokens, ports);
    } catch (error) {
      if (!isInvalidGrant(error)) throw error;
      return await secondLook(keychain, profile, current.stored, ports);
    }
  });
}

/** Stores a refreshed pair: the rotated refresh token first, because losing it loses the session. */
async function keep(
  keychain: Keychain,
  profile: string,
  before: StoredProfile,
  tokens: TokenSet,
  ports: Ports,
): Promise<ProfileReading> {
  const now = await readProfile(keychain, profile, ports.digest, PROFILE_FIELDS);
  if (!now.stored.access_token || changed(before, now.stored, "refresh_token")) {
    // Somebody without our lock signed out or in while the server answered. Theirs stands.
    ports.debug("refresh: the stored session changed meanwhile; it is left alone");
    if (!now.stored.access_token) await discard(before, tokens, ports);
    return now;
  }
  if (tokens.refreshToken) {
    await keychain.write(GUMLOOP_SERVICE, `${profile}:refresh_token`, tokens.refreshToken);
  }
  const expiresAtMs = tokens.expiresIn === null ? null : ports.now() + tokens.expiresIn * 1000;
  await writeExpiry(keychain, profile, tokens.accessToken, expiresAtMs, ports.digest);
  await keychain.write(GUMLOOP_SERVICE, `${profile}:access_token`, tokens.accessToken);
  return { stored: { ...now.stored, access_token: tokens.accessToken }, expiresAtMs };
}

/** Revokes a pair that nobody will keep: after a sign-out a refresh must not leave a session alive. */
async function discard(before: StoredProfile, tokens: TokenSet, ports: Ports): Promise<void> {
  const pair = tokens.refreshToken ? { refresh_token: tokens.refreshToken } : {};
  await revokeStored({ ...before, access_token: tokens.accessToken, ...pair }, ports);
}

/** The server calls the refresh token dead. Unless someone else rotated it meanwhile, the session is over. */
async function secondLook(
  keychain: Keychain,
  profile: string,
  refused: StoredProfile,
  ports: Ports,
): Promise<ProfileReading> {
  for (const pauseMs of SECOND_LOOKS_MS) {
    await Bun.sleep(pauseMs);
    const now = await readProfile(keychain, profile, ports.digest, PROFILE_FIELDS);
    if (changed(refused, now.stored, "access_token") || changed(refused, now.stored, "refresh_token")) {
      return now;
    }
  }
  await clearCredential(keychain, profile);
  throw fail("E_EXPIRED", "the session has ended: the server no longer accepts its refresh token");
}

function changed(a: StoredProfile, b: StoredProfile, field: "access_token" | "refresh_token"): boolean {
  const text = (value: Secret | undefined) => (value ? reveal(value) : null);
  return text(a[field]) !== text(b[field]);
}
