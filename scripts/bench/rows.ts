/** What was measured, row by row: a value, what it is held against, and the ratio that was promised. */
import type { Timing } from "./measure.ts";

export interface Row {
  readonly what: string;
  /** With its unit; a reason where it could not be measured. */
  readonly value: string;
  readonly against: string;
  /** How many times the other value it is; null where it could not be measured. */
  readonly ratio: number | null;
  /** The highest ratio that is promised; null where nothing is. */
  readonly limit: number | null;
}

export interface Section {
  readonly title: string;
  /** What was done, in a sentence or two. */
  readonly about: string;
  readonly rows: readonly Row[];
}

/** One command's time against another's: the ratio is that of the least times. */
export function timeRow(what: Timing, against: Timing, limit: number | null = null): Row {
  return {
    what: what.name,
    value: milliseconds(what),
    against: `${against.name}: ${milliseconds(against)}`,
    ratio: what.least / against.least,
    limit,
  };
}

/** What could not be measured on this machine, and why. */
export function absentRow(what: string, why: string): Row {
  return { what, value: `not here: ${why}`, against: "", ratio: null, limit: null };
}

export type Verdict = "kept" | "MISSED" | "not measured" | "";

/** Whether the promise of a row is kept; empty where there is none. */
export function verdict({ ratio, limit }: Row): Verdict {
  if (limit === null) return "";
  if (ratio === null) return "not measured";
  return ratio <= limit ? "kept" : "MISSED";
}

/** The rows whose promise is not kept, or could not be looked at, each called by its section and name. */
export function missed(sections: readonly Section[]): readonly (Row & { readonly called: string })[] {
  return sections.flatMap(({ title, rows }) =>
    rows
      .filter((row) => row.limit !== null && verdict(row) !== "kept")
      .map((row) => ({ ...row, called: `${title}: ${row.what}` })),
  );
}

export const HEAD = ["what", "least (median)", "against", "ratio", "at most", ""] as const;

/** The cells of a row, under {@link HEAD}. */
export function cells(row: Row): readonly string[] {
  const { what, value, against, ratio, limit } = row;
  const digits = (number: number | null) => number?.toFixed(2) ?? "";
  return [what, value, against, digits(ratio), digits(limit), verdict(row)];
}

function milliseconds({ least, median }: Timing): string {
  return `${round(least)} ms (${round(median)})`;
}

function round(value: number): string {
  return value < 100 ? value.toFixed(2) : value.toFixed(0);
}
