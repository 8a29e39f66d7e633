/** A time as people say it, beside the exact one. Pure. */

const UNITS: readonly (readonly [ms: number, name: string, names: string])[] = [
  [86_400_000, "day", "days"],
  [3_600_000, "hour", "hours"],
  [60_000, "min", "min"],
  [1_000, "s", "s"],
];

/** "in 58 min", "3 days ago"; "now" within a second. `iso` is a time as JSON has it. */
export function relativeTime(iso: string, nowMs: number): string {
  const distance = Date.parse(iso) - nowMs;
  if (Number.isNaN(distance)) return "";
  const unit = UNITS.find(([ms]) => Math.abs(distance) >= ms);
  if (!unit) return "now";
  const count = Math.floor(Math.abs(distance) / unit[0]);
  const text = `${count} ${count === 1 ? unit[1] : unit[2]}`;
  return distance > 0 ? `in ${text}` : `${text} ago`;
}

/** The exact time with the relative one behind it. */
export function timeAndDistance(iso: string, nowMs: number): string {
  const relative = relativeTime(iso, nowMs);
  return relative === "" ? iso : `${iso} (${relative})`;
}
