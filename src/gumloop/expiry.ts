/**
 * When an access token expires, as far as anyone knows: the note gum-cred keeps beside it, else the `exp`
 * claim where the token is a JWT (RFC 7519 §4.1.4), else {@link DOCUMENTED_LIFE_MS} after its entry was written,
 * else unknown. Pure.
 *
 * The note is bound to a hash of its token, so that a token which the official CLI refreshed meanwhile is
 * not described by a stale note, and to one of the base URL, so that it also says which server the token is for.
 */
import type { Digest } from "../core/environment.ts";
import { type JsonObject, parseJsonObject } from "../core/json.ts";
import { reveal, type Secret, secret } from "../core/secret.ts";
import { isoTime, LATEST_MS } from "../resolve/lifetime.ts";

/** A token counts as expired this long before it does: clocks differ and requests take time. */
export const EXPIRY_SLACK_MS = 30_000;

/** How long Gumloop's access tokens live (docs.gumloop.com/api-reference/oauth). */
export const DOCUMENTED_LIFE_MS = 3600_000;

/** No more than this part of a token's life is slack, so that one that lives for seconds can be used at all. */
const LARGEST_SLACK = 1 / 4;

/** No access token lives longer than ten years; a note that says so was written while the clock was wrong. */
const LONGEST_LIFE_MS = 10 * 366 * 24 * 3600 * 1000;

/** A keychain rounds times to seconds. */
const ROUNDED_MS = 3_000;
/** Clocks are put right by less all the time. */
const LARGEST_DRIFT_MS = 60_000;

/** Account of the note under the service `gum-cred`. */
export function expiryAccount(profile: string): string {
  return `${profile}:expiry`;
}

/** What else a note may say of its token. */
export interface NoteDetails {
  /** The base URL entry that the token was stored with. */
  readonly server?: Secret | undefined;
  /** How long the token lives in milliseconds, from when it was issued. */
  readonly lifeMs?: number | undefined;
}

/**
 * The note to store for a token that expires at `expiresAtMs` (milliseconds since 1970). It is written before its
 * token: whoever reads in between, or after a crash in between, still finds the token that it `replaces`, and has to
 * know that this one has expired.
 */
export function expiryNote(
  token: Secret,
  expiresAtMs: number,
  digest: Digest,
  replaced: Secret | null = null,
  { server, lifeMs }: NoteDetails = {},
): Secret {
  return secret(
    JSON.stringify({
      token: tokenHash(token, digest),
      expires_at: isoTime(expiresAtMs),
      ...(lifeMs === undefined ? {} : { life_ms: Math.max(0, Math.round(Math.min(lifeMs, LATEST_MS))) }),
      ...(server === undefined ? {} : { server: tokenHash(server, digest) }),
      ...(replaced === null ? {} : { replaces: tokenHash(replaced, digest) }),
    }),
  );
}

/** The note beside an API key, which does not expire: whose it is and where. */
export function keyNote(key: Secret, userId: Secret, server: Secret, digest: Digest): Secret {
  const of = (value: Secret) => tokenHash(value, digest);
  return secret(JSON.stringify({ key: of(key), user_id: of(userId), server: of(server) }));
}

/** What a note says of the token that it is about. */
export interface Noted {
  readonly expiresAtMs: number;
  readonly slackMs: number;
  /** How long it lives in milliseconds, from when it was issued; null when the note does not say. */
  readonly lifeMs: number | null;
  /** Whether the base URL entry is the one that the token was stored with; null when the note does not say. */
  readonly sameServer: boolean | null;
}

/** What the note says of this token; null when it is about another one or unreadable. */
export function readNote(
  token: Secret,
  server: Secret | undefined,
  note: Secret | undefined,
  digest: Digest,
): Noted | null {
  const parsed = note && parseJsonObject(reveal(note));
  if (!parsed) return null;
  const hash = tokenHash(token, digest);
  const named = typeof parsed["server"] === "string" ? parsed["server"] : null;
  const sameServer = named === null || server === undefined ? null : named === tokenHash(server, digest);
  if (parsed["token"] !== hash) {
    // The token that the note's own replaces is over; what server it was for, the note does not say.
    return parsed["replaces"] === hash
      ? { expiresAtMs: 0, slackMs: 0, lifeMs: null, sameServer: null }
      : null;
  }
  const at = Date.parse(String(parsed["expires_at"]));
  const life = lifeIn(parsed);
  const slackMs = life === null ? EXPIRY_SLACK_MS : Math.min(EXPIRY_SLACK_MS, life * LARGEST_SLACK);
  return Number.isNaN(at) ? null : { expiresAtMs: at, slackMs, lifeMs: life, sameServer };
}

/** Whether the note was stored with this very key, user id and base URL. */
export function notesKey(
  { key, userId, server }: { readonly key: Secret; readonly userId: Secret; readonly server: Secret },
  note: Secret | undefined,
  digest: Digest,
): boolean {
  return note !== undefined && reveal(note) === reveal(keyNote(key, userId, server, digest));
}

/** When the token expires in milliseconds since 1970 by its note or its own `exp`; null when unknown. */
export function expiryOf(token: Secret, note: Secret | undefined, digest: Digest): number | null {
  return readNote(token, undefined, note, digest)?.expiresAtMs ?? fromJwt(token);
}

/** True when a token with this expiry should be refreshed before use. Unknown expiry is not expired. */
export function isExpired(
  expiresAtMs: number | null,
  nowMs: number,
  slackMs: number = EXPIRY_SLACK_MS,
): boolean {
  return expiresAtMs !== null && expiresAtMs - slackMs <= nowMs;
}

/** True when a token with this expiry should be refreshed before it is used. */
export function isDueForRefresh(
  token: Secret,
  { expiresAtMs, slackMs }: { readonly expiresAtMs: number; readonly slackMs: number },
  nowMs: number,
): boolean {
  if (isExpired(expiresAtMs, nowMs, slackMs)) return true;
  // The expiry in a JWT is the server's, whatever our clock was; only our note can be wrong.
  return expiresAtMs - nowMs > LONGEST_LIFE_MS && expiresAtMs !== fromJwt(token);
}

/** A token that would live on for longer than it ever does was noted while the clock was ahead, and the note says nothing. */
export function isTooLate({ expiresAtMs, lifeMs }: Noted, nowMs: number): boolean {
  return lifeMs !== null && expiresAtMs > nowMs + lifeMs + LARGEST_DRIFT_MS;
}

/** A moment that is still to come was noted while the clock was wrong, and says nothing. */
export function pastMoment(at: number | undefined, nowMs: number): number | undefined {
  return at !== undefined && at > nowMs + ROUNDED_MS ? undefined : at;
}

function tokenHash(token: Secret, digest: Digest): string {
  return digest(reveal(token)).slice(0, 32);
}

function lifeIn(note: JsonObject): number | null {
  const life = note["life_ms"];
  return typeof life === "number" && life >= 0 ? life : null;
}

function fromJwt(token: Secret): number | null {
  const [, payload, signature] = reveal(token).split(".");
  if (payload === undefined || signature === undefined || !/^[A-Za-z0-9_-]+$/.test(payload)) return null;
  try {
    const exp = parseJsonObject(atob(payload.replaceAll("-", "+").replaceAll("_", "/")))?.["exp"];
    return typeof exp === "number" && exp > 0 && exp * 1000 <= LATEST_MS ? exp * 1000 : null;
  } catch {
    return null;
  }
}
