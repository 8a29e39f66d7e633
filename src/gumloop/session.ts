/**
 * Keeps a stored OAuth session usable: refreshes an expired access token before use, under a lock between
 * processes, and never loses a rotated refresh token that could have been saved.
 *
 * The official `gumloop` CLI writes the same entries without our lock, so the keychain is read again inside
 * the lock, after the server's answer, after the writes, and before a refused refresh token is believed to be
 * dead (docs/sessions.md).
 */
import { fail, GumCredError } from "../core/errors.ts";
import { reveal, type Secret } from "../core/secret.ts";
import type { Keychain } from "../keychain/keychain.ts";
import type { Ports } from "../resolve/ports.ts";
import { clearSession, writeExpiry, writeField } from "./credential-store.ts";
import { expiryOf, isExpired } from "./expiry.ts";
import type { TokenSet } from "./oauth/token-endpoint.ts";
import { type ProfileReading, readProfile } from "./profile.ts";
import { revokeStored } from "./revoke.ts";
import { PROFILE_FIELDS, type ProfileField, type StoredProfile, storedBaseUrl } from "./stored.ts";

/** Longer than one refresh may take, so that a queue of waiting processes moves on. */
const LOCK_WAIT_MS = 20_000;
/** When another program rotated first, its writes may still be on their way. */
const SECOND_LOOKS_MS = [0, 100, 400];
/** The keychain may hiccup when it holds the only copy of what the server will not give twice. */
const RETRIES_MS = [50, 250];
/** No access token lives longer than ten years; a note that says so was written while the clock was wrong. */
const LONGEST_LIFE_MS = 10 * 366 * 24 * 3600 * 1000;

/** True when the reading's access token should be refreshed before it is used. */
export function needsRefresh({ stored, expiresAtMs }: ProfileReading, nowMs: number): boolean {
  const token = stored.access_token;
  if (token === undefined || expiresAtMs === null) return false;
  if (isExpired(expiresAtMs, nowMs)) return true;
  // A JWT's own word is the server's, whatever our clock was; only our note can be wrong.
  return expiresAtMs - nowMs > LONGEST_LIFE_MS && expiresAtMs !== expiryOf(token, undefined, () => "");
}

/** Runs `work` alone among all gum-cred processes of this profile. Throws E_LOCK_TIMEOUT, E_UNSAFE_FILE. */
export async function alone<T>(profile: string, ports: Ports, work: () => Promise<T>): Promise<T> {
  const waiting = ports.lock(lockName(profile, ports), LOCK_WAIT_MS);
  const lock = await ports.busy("Waiting for another gum-cred", waiting);
  try {
    return await work();
  } finally {
    lock.release();
  }
}

/** The lock of a profile's session. Another program may have named a profile what no file can be named. */
export function lockName(profile: string, { digest }: Pick<Ports, "digest">): string {
  return /^[a-z0-9_-]{1,64}$/.test(profile) ? `session-${profile}` : `session.${digest(profile)}`;
}

/** The runs that have sent their one refresh request. */
const spent = new WeakSet<Ports>();

/**
 * Refreshes the session that `stale` shows and returns the profile as it stands then. If someone else
 * refreshed or signed out meanwhile, that is what is returned. At most one request is sent in a run.
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
    const { stored } = current;
    const rotated = changed(stale.stored, stored, "access_token") && !needsRefresh(current, ports.now());
    if (!stored.access_token || rotated || changed(stale.stored, stored, "base_url") || spent.has(ports)) {
      ports.debug("refresh: not needed any more");
      return current;
    }
    const { refresh_token: refreshToken } = stored;
    if (!refreshToken) {
      throw fail("E_EXPIRED", "the access token has expired and there is no refresh token");
    }
    spent.add(ports);
    const { holdingSignals } = await import("../os/process/hold-signals.ts");
    const renewed = holdingSignals(() => renew({ keychain, profile, ports }, stored, refreshToken));
    return ports.busy("Refreshing the session", renewed);
  });
}

/** Whose session is worked on, and with what. */
interface Place {
  readonly keychain: Keychain;
  readonly profile: string;
  readonly ports: Ports;
}

async function renew(place: Place, stored: StoredProfile, refreshToken: Secret): Promise<ProfileReading> {
  const { isInvalidGrant, refresh } = await import("./oauth/token-endpoint.ts");
  let tokens: TokenSet;
  try {
    tokens = await refresh(storedBaseUrl(stored), refreshToken);
  } catch (error) {
    if (!isInvalidGrant(error)) throw error;
    return secondLook(place, stored);
  }
  return keep(place, stored, tokens);
}

/** Stores a refreshed pair: the rotated refresh token first, because losing it loses the session. */
async function keep(place: Place, before: StoredProfile, tokens: TokenSet): Promise<ProfileReading> {
  const { keychain, profile, ports } = place;
  const now = await insist(() => read(place));
  if (!now.stored.access_token) return undo(place, before, tokens);
  if (changed(before, now.stored, "refresh_token") || changed(before, now.stored, "base_url")) {
    // Somebody without our lock signed in or rotated while the server answered. Theirs stands.
    ports.debug("refresh: the stored session changed meanwhile; it is left alone");
    return now;
  }
  // Whoever's access token stands there now: the refresh token beside it is the one just used up.
  const { refreshToken, accessToken } = tokens;
  if (refreshToken) await insist(() => writeField(keychain, profile, "refresh_token", refreshToken));
  if (changed(before, now.stored, "access_token")) return now;
  const expiresAtMs = tokens.expiresIn === null ? null : ports.now() + tokens.expiresIn * 1000;
  const note = () =>
    writeExpiry(keychain, profile, accessToken, expiresAtMs, ports.digest, before.access_token);
  // At every moment what is read says that the old token is over: by a note on the new one that names it, or, where
  // nothing is known of the new one, by the old note.
  if (expiresAtMs !== null) await note();
  await writeField(keychain, profile, "access_token", accessToken);
  if (expiresAtMs === null) await note();
  const after = await read(place);
  const theirs =
    after.stored.access_token && changed({ access_token: accessToken }, after.stored, "access_token");
  const whole = after.stored.access_token && after.stored.refresh_token;
  if (theirs || (whole && !changed(before, after.stored, "base_url"))) return after;
  return undo(place, before, tokens);
}

/**
 * Somebody without our lock signed out while the server answered or while the pair was written, or put another
 * base URL beside it: nothing of it may stay, neither here nor alive at the server.
 */
async function undo(place: Place, before: StoredProfile, tokens: TokenSet): Promise<ProfileReading> {
  const { keychain, profile, ports } = place;
  ports.debug("refresh: signed out meanwhile");
  await clearSession(keychain, profile);
  const pair = tokens.refreshToken ? { refresh_token: tokens.refreshToken } : {};
  await revokeStored({ ...before, access_token: tokens.accessToken, ...pair }, ports);
  return read(place);
}

/** The server calls the refresh token dead. Unless someone else rotated it meanwhile, the session is over. */
async function secondLook(place: Place, refused: StoredProfile): Promise<ProfileReading> {
  let now: ProfileReading | undefined;
  for (const pauseMs of SECOND_LOOKS_MS) {
    await Bun.sleep(pauseMs);
    now = await read(place);
    if (changed(refused, now.stored, "access_token")) return now;
  }
  if (!now || changed(refused, now.stored, "refresh_token")) {
    throw fail(
      "E_LOCK_TIMEOUT",
      "another program renewed this session and has not stored the whole of it",
      "run the command again",
    );
  }
  await clearSession(place.keychain, place.profile);
  throw fail("E_EXPIRED", "the session has ended: the server no longer accepts its refresh token");
}

function read({ keychain, profile, ports }: Place): Promise<ProfileReading> {
  return readProfile(keychain, profile, ports.digest, PROFILE_FIELDS);
}

/** Tries again what must not fail. */
async function insist<T>(operation: () => Promise<T>): Promise<T> {
  for (const pauseMs of RETRIES_MS) {
    try {
      return await operation();
    } catch (error) {
      if (!(error instanceof GumCredError)) throw error;
      await Bun.sleep(pauseMs);
    }
  }
  return operation();
}

function changed(a: StoredProfile, b: StoredProfile, field: ProfileField): boolean {
  const text = (value: Secret | undefined) => (value ? reveal(value) : null);
  return text(a[field]) !== text(b[field]);
}
