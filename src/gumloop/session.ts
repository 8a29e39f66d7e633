/**
 * Keeps a stored OAuth session usable: refreshes an expired access token before use, under a lock between
 * processes, and never loses a rotated refresh token that could have been saved.
 *
 * The official `gumloop` CLI writes the same entries without our lock, so the keychain is read again inside
 * the lock, after the server's response, after the writes, and before a refused refresh token is believed to be
 * dead (docs/sessions.md).
 */
import { fail, GumCredError } from "../core/errors.ts";
import { reveal, type Secret } from "../core/secret.ts";
import type { Ports, Voice } from "../resolve/ports.ts";
import { valueProblem } from "../resolve/sources/usable-value.ts";
import { DOCUMENTED_LIFE_MS, isDueForRefresh } from "./expiry.ts";
import type { TokenSet } from "./oauth/token-endpoint.ts";
import { tellOfWaiting } from "./oauth/waiting.ts";
import type { Profile, ProfileReading } from "./profile.ts";
import { type ProfileLockPorts, withProfileLock } from "./profile-lock.ts";
import { revokeStored } from "./revoke.ts";
import { readSettled } from "./settled.ts";
import { entryOf, PROFILE_FIELDS, type ProfileField, type StoredProfile, storedBaseUrl } from "./stored.ts";

/** What refreshing needs: the lock, the clock, a voice, and whether this run has sent its one request. */
type RefreshPorts = ProfileLockPorts &
  Pick<Ports, "now" | "memory" | "processes" | "raw"> &
  Pick<Voice, "debug" | "note">;

/** When another program rotated first, its writes may still be in progress. */
const REREAD_MS = 500;
/** The keychain may fail for a moment while it holds the only copy of what the server will not send twice. */
const RETRY_PAUSES_MS = [50, 250];

/** True when the reading's access token should be refreshed before it is used. */
export function needsRefresh({ stored, expiresAtMs, slackMs }: ProfileReading, nowMs: number): boolean {
  const token = stored.access_token;
  if (token === undefined || expiresAtMs === null) return false;
  return isDueForRefresh(token, { expiresAtMs, slackMs }, nowMs);
}

/**
 * Refreshes the session that `stale` shows, entries of one sign-in (settled.ts), and returns the profile as it is then. If another process
 * refreshed or signed out meanwhile, that is what is returned. At most one request is sent in a run.
 *
 * Throws E_EXPIRED when there is no refresh token or the server ended the session (its entries are then
 * removed), and E_NETWORK, E_TIMEOUT, E_SERVER and the like with every entry untouched.
 */
export async function refreshSession(
  profile: Profile,
  stale: ProfileReading,
  ports: RefreshPorts,
): Promise<ProfileReading> {
  return withProfileLock(profile.name, ports, async () => {
    const isOver = (reading: ProfileReading) =>
      ports.memory.refreshSent || movedOn(stale, reading, ports.now());
    const cannotRefresh = ({ stored }: ProfileReading) => stored.refresh_token === undefined;
    const isSettled = (reading: ProfileReading) => isOver(reading) || cannotRefresh(reading);
    // Of many processes that have waited for the lock all but one are done here, without a look at other processes.
    let current = await profile.read();
    if (!isSettled(current)) {
      const { readBesideOfficialClient } = await import("./official-client.ts");
      current = await readBesideOfficialClient(profile, isSettled, ports);
    }
    // Another program may be writing what is new, and none of its tokens goes to the server before it.
    const isNew = changed(stale.stored, current.stored, "access_token");
    if (isNew)
      current = await readSettled(profile, ports, { first: current, fields: PROFILE_FIELDS, locked: true });
    if (isOver(current)) {
      ports.debug("refresh: no longer needed");
      return current;
    }
    const { stored } = current;
    const { refresh_token: refreshToken } = stored;
    if (!refreshToken) {
      throw fail("E_EXPIRED", "the access token has expired and there is no refresh token");
    }
    const problem = valueProblem(refreshToken, entryOf(profile.name, "refresh_token"));
    if (problem) throw problem;
    ports.memory.refreshSent = true;
    const { holdingSignals } = await import("../os/process/hold-signals.ts");
    const renewed = holdingSignals(() => renew(profile, stored, refreshToken, ports));
    return ports.busy("Refreshing the session", tellOfWaiting(renewed, ports.note));
  });
}

/** Whether another program signed out, in, or refreshed since `stale` was read. */
function movedOn(stale: ProfileReading, current: ProfileReading, nowMs: number): boolean {
  const { stored } = current;
  const rotated = changed(stale.stored, stored, "access_token") && !needsRefresh(current, nowMs);
  return !stored.access_token || rotated || changed(stale.stored, stored, "base_url");
}

async function renew(
  profile: Profile,
  stored: StoredProfile,
  refreshToken: Secret,
  ports: RefreshPorts,
): Promise<ProfileReading> {
  const { isInvalidGrant, refresh } = await import("./oauth/token-endpoint.ts");
  let tokens: TokenSet;
  try {
    tokens = await refresh(storedBaseUrl(stored), refreshToken);
  } catch (error) {
    if (!isInvalidGrant(error)) throw error;
    return afterInvalidGrant(profile, stored, error, ports);
  }
  return storeRotatedTokens(profile, stored, tokens, ports);
}

/** Stores a refreshed pair: the rotated refresh token first, because losing it loses the session. */
async function storeRotatedTokens(
  profile: Profile,
  before: StoredProfile,
  tokens: TokenSet,
  ports: RefreshPorts,
): Promise<ProfileReading> {
  const current = await retry(() => profile.read());
  if (!current.stored.access_token) return discardTokens(profile, before, tokens, ports);
  if (changed(before, current.stored, "refresh_token") || changed(before, current.stored, "base_url")) {
    // A program without our lock signed in or rotated while the server responded. Its session is kept.
    ports.debug("refresh: the stored session changed meanwhile; it is kept as it is");
    return current;
  }
  // Whichever access token is there now: the refresh token beside it is the one just used up.
  const { refreshToken, accessToken } = tokens;
  if (refreshToken) await retry(() => profile.write("refresh_token", refreshToken));
  if (changed(before, current.stored, "access_token")) return current;
  const lifeMs = tokens.expiresIn === null ? DOCUMENTED_LIFE_MS : tokens.expiresIn * 1000;
  // At every moment what is read says that the old token has expired: the note on the new one names it.
  const details = { replaced: before.access_token, server: before.base_url };
  await profile.noteExpiry(accessToken, ports.now() + lifeMs, details);
  await profile.write("access_token", accessToken);
  const after = await profile.read();
  const replacedByOthers =
    after.stored.access_token && changed({ access_token: accessToken }, after.stored, "access_token");
  const isWhole = after.stored.access_token && after.stored.refresh_token;
  if (replacedByOthers || (isWhole && !changed(before, after.stored, "base_url"))) return after;
  return discardTokens(profile, before, tokens, ports);
}

/**
 * A program without our lock signed out while the server responded or while the pair was written, or put another
 * base URL beside it: nothing of the pair may stay, neither here nor valid at the server.
 */
async function discardTokens(
  profile: Profile,
  before: StoredProfile,
  tokens: TokenSet,
  ports: Pick<Voice, "debug">,
): Promise<ProfileReading> {
  ports.debug("refresh: signed out meanwhile");
  await profile.clearSession();
  const pair = tokens.refreshToken ? { refresh_token: tokens.refreshToken } : {};
  await revokeStored({ ...before, access_token: tokens.accessToken, ...pair }, ports);
  return profile.read();
}

/** The server calls the refresh token invalid, which is `error`. Unless another program rotated it meanwhile, the session has ended. */
async function afterInvalidGrant(
  profile: Profile,
  refused: StoredProfile,
  error: unknown,
  ports: RefreshPorts,
): Promise<ProfileReading> {
  const { readBesideOfficialClient } = await import("./official-client.ts");
  const isRotated = ({ stored }: ProfileReading) => changed(refused, stored, "access_token");
  // What is waited for is on the screen already.
  const quiet = { ...ports, busy: <T>(_: string, work: Promise<T>) => work };
  const current = await readBesideOfficialClient(profile, isRotated, quiet, { atLeastMs: REREAD_MS });
  if (isRotated(current)) return current;
  if (changed(refused, current.stored, "refresh_token")) {
    throw fail(
      "E_LOCK_TIMEOUT",
      "another program refreshed this session and has not stored all of it",
      "run the command again",
    );
  }
  await profile.clearSession();
  throw error;
}

/** Tries again, twice, what must not fail. */
async function retry<T>(operation: () => Promise<T>): Promise<T> {
  for (const pauseMs of RETRY_PAUSES_MS) {
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
