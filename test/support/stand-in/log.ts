/**
 * What the stand-in was asked, for tests to look at. Holds secrets as they came: it stays in memory.
 */
import type { Incoming } from "./http.ts";

export interface LogEntry {
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The parsed body, when it was a form. */
  readonly form: Readonly<Record<string, string>> | null;
  /** Null as long as there is no answer: still at work, hanging, or dropped. */
  status: number | null;
}

export interface RequestLog {
  /** Adds a request as it arrives; the caller sets its status when it is answered. */
  add(incoming: Incoming): LogEntry;
  /** Oldest first. */
  entries(): readonly LogEntry[];
  clear(): void;
}

export function createLog(now: () => number): RequestLog {
  const entries: LogEntry[] = [];
  return {
    add({ method, path, query, headers, form }) {
      const entry: LogEntry = {
        time: now(),
        method,
        path,
        query: Object.fromEntries(query),
        headers: Object.fromEntries(headers),
        form: form === null ? null : Object.fromEntries(form),
        status: null,
      };
      entries.push(entry);
      return entry;
    },
    entries: () => [...entries],
    clear: () => {
      entries.length = 0;
    },
  };
}
