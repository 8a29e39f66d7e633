/**
 * Adds up what the broker's logs say (one JSON line a request, docs of `broker --log`): requests, refusals, failures,
 * tokens and bytes, by day, vendor and model. Pure: text lines in, rows out.
 */
import { parseJsonObject } from "../../core/json.ts";

/** What rows may be told apart by. Days are UTC's. */
export const USAGE_KEYS = ["day", "provider", "model"] as const;
export type UsageKey = (typeof USAGE_KEYS)[number];

export interface UsageRow {
  /** Null where the rows are not told apart by it, or the log does not say. */
  readonly day: string | null;
  readonly provider: string | null;
  readonly model: string | null;
  /** Those that were sent to the vendor. */
  readonly requests: number;
  /** Those that the broker refused. */
  readonly refused: number;
  /** Sent ones that the vendor answered with 400 or more. */
  readonly failed: number;
  readonly tokens_in: number;
  readonly tokens_out: number;
  readonly bytes_up: number;
  readonly bytes_down: number;
}

type Counts = { -readonly [Name in keyof UsageRow]: UsageRow[Name] };

export interface Usage {
  /** Takes one line of a log; false when it is not one. */
  add(line: string): boolean;
  /** By day, vendor and model. */
  rows(): readonly UsageRow[];
  total(): UsageRow;
}

/** An empty account, told apart by these. */
export function usageBy(keys: readonly UsageKey[]): Usage {
  const groups = new Map<string, Counts>();
  const total = counts(null, null, null);
  return {
    add: (line) => {
      const entry = parseJsonObject(line);
      if (entry === null) return false;
      const { ts, provider, model } = entry;
      const time = typeof ts === "string" ? Date.parse(ts) : Number.NaN;
      if (Number.isNaN(time) || typeof entry["status"] !== "number") return false;
      const names = {
        day: new Date(time).toISOString().slice(0, 10),
        provider: textOf(provider),
        model: textOf(model),
      };
      const [day, vendor, name] = USAGE_KEYS.map((key) => (keys.includes(key) ? names[key] : null));
      const id = JSON.stringify([day, vendor, name]);
      const group = groups.get(id) ?? counts(day ?? null, vendor ?? null, name ?? null);
      groups.set(id, group);
      for (const one of [group, total]) addTo(one, entry);
      return true;
    },
    rows: () => [...groups.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group),
    total: () => total,
  };
}

function counts(day: string | null, provider: string | null, model: string | null): Counts {
  return {
    day,
    provider,
    model,
    requests: 0,
    refused: 0,
    failed: 0,
    tokens_in: 0,
    tokens_out: 0,
    bytes_up: 0,
    bytes_down: 0,
  };
}

function addTo(group: Counts, entry: Readonly<Record<string, unknown>>): void {
  if (typeof entry["refused"] === "string") group.refused++;
  else {
    group.requests++;
    if (Number(entry["status"]) >= 400) group.failed++;
  }
  for (const name of ["tokens_in", "tokens_out", "bytes_up", "bytes_down"] as const) {
    const value = entry[name];
    if (typeof value === "number" && Number.isFinite(value) && value > 0) group[name] += value;
  }
}

function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value.slice(0, 200) : null;
}
