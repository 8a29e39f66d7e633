/**
 * When an access token expires, as far as anyone knows: the note gum-cred keeps beside it, else the `exp`
 * claim where the token is a JWT (RFC 7519 §4.1.4), else unknown. Pure.
 *
 * The note is bound to a hash of its token, so that a token which the official CLI refreshed meanwhile is
 * not described by a stale note.
 */
import type { Digest } from "../core/environment.ts";
import { parseJsonObject } from "../core/json.ts";
import { reveal, type Secret, secret } from "../core/secret.ts";

/** A token counts as expired this long before it does: clocks differ and requests take time. */
export const EXPIRY_SLACK_MS = 30_000;

/** Last moment that a JavaScript date can hold; also far beyond any token's life. */
const LATEST_MS = 8.64e15;

/** Account of the note under the service `gum-cred`. */
export function expiryAccount(profile: string): string {
  return `${profile}:expiry`;
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
): Secret {
  const bounded = Math.min(Math.max(expiresAtMs, 0), LATEST_MS);
  const note = { token: tokenHash(token, digest), expires_at: new Date(bounded).toISOString() };
  return secret(JSON.stringify(replaced ? { ...note, replaces: tokenHash(replaced, digest) } : note));
}

/** When the token expires in milliseconds since 1970; null when unknown. */
export function expiryOf(token: Secret, note: Secret | undefined, digest: Digest): number | null {
  return fromNote(token, note, digest) ?? fromJwt(token);
}

/** True when a token with this expiry should be refreshed before use. Unknown expiry is not expired. */
export function isExpired(expiresAtMs: number | null, nowMs: number): boolean {
  return expiresAtMs !== null && expiresAtMs - EXPIRY_SLACK_MS <= nowMs;
}

function tokenHash(token: Secret, digest: Digest): string {
  return digest(reveal(token)).slice(0, 32);
}

function fromNote(token: Secret, note: Secret | undefined, digest: Digest): number | null {
  const parsed = note && parseJsonObject(reveal(note));
  if (!parsed) return null;
  const hash = tokenHash(token, digest);
  if (parsed["token"] !== hash) return parsed["replaces"] === hash ? 0 : null;
  const at = Date.parse(String(parsed["expires_at"]));
  return Number.isNaN(at) ? null : at;
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
