/** How long a server asks to wait (RFC 9110 §10.2.3: seconds, or a date), in words. Pure. */

/** Longer than this is not believed to the second. */
const LONGEST_S = 86_400;

/** `30 s`, `5 min`, `more than a day`; null where the answer says nothing that can be understood, or not to wait. */
export function askedWait(headers: { get(name: string): string | null }, nowMs: number): string | null {
  const seconds = askedSeconds(headers, nowMs);
  if (seconds === null || seconds <= 0) return null;
  if (seconds > LONGEST_S) return "more than a day";
  if (seconds <= 120) return `${seconds} s`;
  if (seconds <= 7_200) return `${Math.ceil(seconds / 60)} min`;
  return `${Math.ceil(seconds / 3_600)} hours`;
}

/** A message of such an answer with the wait, and its hint; as they are where there is none. */
export function withWait(
  message: string,
  hint: string | undefined,
  headers: { get(name: string): string | null },
  nowMs: number,
): readonly [message: string, hint: string | undefined] {
  const wait = askedWait(headers, nowMs);
  return wait === null
    ? [message, hint]
    : [`${message}; it asks to wait ${wait}`, `try again in ${wait}; nothing stored was changed`];
}

function askedSeconds(headers: { get(name: string): string | null }, nowMs: number): number | null {
  const value = headers.get("retry-after")?.trim() ?? "";
  if (/^\d+$/.test(value)) return Number(value);
  // Only a date as HTTP writes it: Date.parse takes much else for one, "1e9" and "-1" among it.
  if (!/^(?:[A-Z][a-z]{2,8}), /.test(value)) return null;
  // By the server's own clock, where it says: this machine's may be wrong.
  const server = Date.parse(headers.get("date") ?? "");
  const seconds = (Date.parse(value) - (Number.isNaN(server) ? nowMs : server)) / 1_000;
  return Number.isNaN(seconds) ? null : Math.ceil(seconds);
}
