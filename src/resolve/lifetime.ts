/** How long a token may be said to live, and which moments there are: what servers and notes say is not trusted. Pure. */

/** Ten years, in seconds. No token lives longer: whoever says so is wrong. */
export const LONGEST_LIFE_S = 10 * 365 * 24 * 3600;

/** The last moment that a JavaScript date can hold, in milliseconds since 1970. */
export const LATEST_MS = 8.64e15;

/** Seconds that a token lives, by what a server says; null where that is no life: missing, no number, or over ten years. */
export function lifeSeconds(value: unknown): number | null {
  return typeof value === "number" && value > 0 && value <= LONGEST_LIFE_S ? value : null;
}

/** Whether a number can be a moment, in milliseconds since 1970. */
export function isMoment(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= LATEST_MS;
}

/** ISO 8601 of milliseconds since 1970; the nearest time that a date can hold. */
export function isoTime(milliseconds: number): string {
  return new Date(Math.min(Math.max(milliseconds, 0), LATEST_MS)).toISOString();
}
