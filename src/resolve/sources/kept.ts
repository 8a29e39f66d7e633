/**
 * A source's value as it is kept in the keychain: bound to the hash of the policy that named the source, so that any
 * change of the policy ends it. Pure.
 */

import { parseJsonObject } from "../../core/json.ts";
import { reveal, type Secret, secret } from "../../core/secret.ts";
import { isMoment, LONGEST_LIFE_S } from "../lifetime.ts";
import type { ConfiguredSource } from "../policy.ts";

/** A value with its times, in milliseconds since 1970. */
export interface Kept {
  readonly value: Secret;
  /** When the source gave it. */
  readonly at: number;
  /** When it ends by its own nature, as a token does; null for a key that does not. */
  readonly expiresAt: number | null;
}

/** First part of every account of kept values, under gum-cred's own service. */
export const KEPT = "source:";

/** Milliseconds before the end of a token at which another is fetched: a command may use it for some time. */
const SLACK_MS = 60_000;
/** A token that lives for less than four times the slack is kept for three quarters of its life. */
const SLACK_PART = 4;

/** The account of a kept value. The same for all profiles: an organisation's key is nobody's own. */
export function keptAccount(level: "organization" | "team", provider: string, teamId: string | null): string {
  return level === "team" ? `${KEPT}team:${teamId}:${provider}` : `${KEPT}organization:${provider}`;
}

/** Whether values of this source are kept at all. A vendor's token always is, unless it does not say how long it lives. */
export function isKept(source: ConfiguredSource): boolean {
  return source.kind === "federation" || (source.cacheS ?? 0) > 0 || (source.staleOkS ?? 0) > 0;
}

/** Until when the value is used without asking the source again. Milliseconds since 1970. */
export function freshUntil(kept: Kept, source: ConfiguredSource): number {
  const cached = kept.at + (source.cacheS ?? 0) * 1000;
  if (kept.expiresAt === null) return source.kind === "federation" ? kept.at : cached;
  const usable = kept.expiresAt - Math.min(SLACK_MS, (kept.expiresAt - kept.at) / SLACK_PART);
  return source.cacheS === undefined ? usable : Math.min(usable, cached);
}

/** Until when the value stands in for a source that cannot be reached. Milliseconds since 1970. */
export function staleUntil(kept: Kept, source: ConfiguredSource): number {
  const allowed = freshUntil(kept, source) + (source.staleOkS ?? 0) * 1000;
  return kept.expiresAt === null ? allowed : Math.min(allowed, kept.expiresAt);
}

/** Whether a value can be of use after it was fetched. */
export function worthKeeping(kept: Kept, source: ConfiguredSource): boolean {
  return staleUntil(kept, source) > kept.at;
}

/** What is stored. */
export function writeKept(kept: Kept, policyHash: string): Secret {
  const { value, at, expiresAt } = kept;
  return secret(JSON.stringify({ policy: policyHash, at, expires_at: expiresAt, value: reveal(value) }));
}

/**
 * What was stored; null when it is malformed, another policy's, or from the future: a clock that was set back would
 * keep it for ever.
 */
export function readKept(stored: Secret | null, policyHash: string, now: number): Kept | null {
  if (stored === null) return null;
  try {
    const { policy, at, expires_at, value } = JSON.parse(reveal(stored)) as Readonly<Record<string, unknown>>;
    if (policy !== policyHash || !isMoment(at) || at > now) return null;
    if (typeof value !== "string" || !/^[\x21-\x7e]+$/.test(value)) return null;
    if (expires_at !== null && !isLife(expires_at, at)) return null;
    return { value: secret(value), at, expiresAt: expires_at };
  } catch {
    return null;
  }
}

/** Whether what was stored is of another policy than this one, or of none. */
export function isAnotherPolicys(stored: Secret, policyHash: string): boolean {
  return parseJsonObject(reveal(stored))?.["policy"] !== policyHash;
}

/** Whether a value of this time may end then: an end that no token has would keep it for ever. */
function isLife(end: unknown, at: number): end is number {
  return isMoment(end) && end - at <= LONGEST_LIFE_S * 1000;
}
