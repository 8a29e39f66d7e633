/** What a run may use: requests, tokens and time, counted over all routes. Pure but for the clock it is given. */
import { fail } from "../core/errors.ts";
import { type AllowRule, isAllowed } from "./allow.ts";
import type { Refusal } from "./route.ts";

export interface LimitSettings {
  readonly allow: readonly AllowRule[];
  readonly maxRequests: number | null;
  readonly maxTokens: number | null;
  /** Milliseconds. */
  readonly forMs: number | null;
}

export interface Limits {
  /** Why a request may not go out; null when it may, and then it is counted. */
  admit(method: string, paths: readonly string[], policy: readonly (readonly AllowRule[])[]): Refusal | null;
  /** Tokens that an answer reported. */
  spend(tokens: number): void;
  /** Why what is under way may not go on: time or tokens are used up; null while it may. */
  exceeded(): Refusal | null;
  /** Milliseconds until the time is over; null without such a limit. */
  remainingMs(): number | null;
}

export function createLimits(settings: LimitSettings, now: () => number = () => performance.now()): Limits {
  const endsAt = settings.forMs === null ? null : now() + settings.forMs;
  let requests = 0;
  let tokens = 0;
  const late = () =>
    endsAt !== null && now() >= endsAt ? refused("time", "the time of this run is over (--for)") : null;
  const spent = () =>
    settings.maxTokens !== null && tokens >= settings.maxTokens
      ? refused("tokens", `this run has used its ${settings.maxTokens} tokens (--max-tokens)`)
      : null;
  return {
    admit: (method, paths, policy) => {
      const over = late();
      if (over) return over;
      if (settings.allow.length > 0 && !isAllowed(settings.allow, method, paths)) {
        return refused("allow", `${method} on this path is not among what --allow lets through`);
      }
      if (!policy.every((rules) => isAllowed(rules, method, paths))) {
        return refused("policy", `${method} on this path is not among what the organisation's policy allows`);
      }
      if (settings.maxRequests !== null && requests >= settings.maxRequests) {
        return refused("requests", `this run has made its ${settings.maxRequests} requests (--max-requests)`);
      }
      const used = spent();
      if (used) return used;
      requests += 1;
      return null;
    },
    spend: (count) => {
      tokens += count;
    },
    exceeded: () => late() ?? spent(),
    remainingMs: () => (endsAt === null ? null : Math.max(0, endsAt - now())),
  };
}

function refused(limit: string, message: string): Refusal {
  return { kind: "refused", reason: `limit: ${limit}`, message };
}

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** setTimeout's own bound is 24 days; a run that lasts a year is a service. */
const LONGEST_MS = 366 * 86_400_000;

/** Milliseconds of `90s`, `30m`, `8h`, `2d`. Throws E_INVALID_VALUE. */
export function parseDuration(text: string): number {
  const [, number = "", unit = ""] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  const ms = Number(number) * (UNITS[unit] ?? 0);
  if (ms <= 0 || ms > LONGEST_MS) {
    throw fail("E_INVALID_VALUE", "--for takes a time such as 90s, 30m, 8h or 2d");
  }
  return ms;
}

/** A count of at least one. Throws E_INVALID_VALUE. */
export function parseCount(text: string, flag: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) {
    throw fail("E_INVALID_VALUE", `--${flag} takes a whole number of at least 1`);
  }
  return Number(text);
}
