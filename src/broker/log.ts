/**
 * The log of a run: one JSON line a request, and the numbers for the summary. Never a value, a header, a query or
 * a body. The file is made with mode 0600.
 */
import { closeSync, constants, openSync, writeSync } from "node:fs";
import { clean, fail } from "../core/errors.ts";

export interface LogEntry {
  /** ISO 8601, when the request came. */
  readonly ts: string;
  readonly run: string;
  readonly provider: string | null;
  readonly level: string | null;
  readonly method: string;
  /** Without query. */
  readonly path: string;
  readonly status: number;
  readonly first_byte_ms: number | null;
  readonly total_ms: number;
  readonly bytes_up: number;
  readonly bytes_down: number;
  readonly model?: string;
  readonly tokens_in?: number;
  readonly tokens_out?: number;
  readonly refused?: string;
  /** Why the broker itself closed a WebSocket. */
  readonly closed?: string;
}

export interface Log {
  add(entry: LogEntry): void;
  /** One line for people, without the program's name. */
  summary(): string;
  close(): void;
}

/** `path` null keeps the numbers only. Throws E_FILE_UNREADABLE when the file cannot be written to. */
export function openLog(path: string | null, now: () => number = () => performance.now()): Log {
  let fd = path === null ? null : open(path);
  const started = now();
  const total = { requests: 0, refused: 0, tokensIn: 0, tokensOut: 0 };
  return {
    add: (entry) => {
      if (entry.refused === undefined) total.requests += 1;
      else total.refused += 1;
      total.tokensIn += entry.tokens_in ?? 0;
      total.tokensOut += entry.tokens_out ?? 0;
      if (fd !== null) append(fd, `${JSON.stringify(entry)}\n`);
    },
    summary: () => {
      const { requests, refused, tokensIn, tokensOut } = total;
      const tokens = tokensIn + tokensOut > 0 ? `, ${tokensIn} tokens in, ${tokensOut} out` : "";
      const time = ((now() - started) / 1000).toFixed(1);
      return `broker: ${requests} request${requests === 1 ? "" : "s"}, ${refused} refused${tokens}, ${time} s`;
    },
    close: () => {
      if (fd !== null) closeSync(fd);
      fd = null;
    },
  };
}

function open(path: string): number {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, 0o600);
  } catch {
    throw fail("E_FILE_UNREADABLE", `the log ${clean(path)} cannot be written to`);
  }
}

/** A full disk ends the log, not the requests. */
function append(fd: number, line: string): void {
  try {
    writeSync(fd, line);
  } catch {}
}
