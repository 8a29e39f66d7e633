/** What was measured, as a table, and whether it is what was promised. */
import type { Timing } from "./measure.ts";

/** One measured command against another. */
export interface Comparison {
  readonly what: Timing;
  readonly against: Timing;
  /** The highest ratio that is allowed; null where nothing is promised. */
  readonly target: number | null;
}

/** True when every promise is kept. */
export function kept(comparisons: readonly Comparison[]): boolean {
  return comparisons.every((comparison) => verdict(comparison) !== "FAIL");
}

/** Lines of equal columns, ready to print. */
export function table(comparisons: readonly Comparison[]): string {
  const rows = comparisons.map((comparison) => {
    const { what, against, target } = comparison;
    return [
      what.name,
      `${what.median.toFixed(2)} ms`,
      against.name,
      `${against.median.toFixed(2)} ms`,
      ratio(comparison).toFixed(2),
      target === null ? "" : `<= ${target.toFixed(2)}`,
      verdict(comparison),
    ];
  });
  const all = [["command", "median", "against", "median", "ratio", "target", ""], ...rows];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? [];
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function ratio({ what, against }: Comparison): number {
  return what.median / against.median;
}

function verdict(comparison: Comparison): "" | "ok" | "FAIL" {
  if (comparison.target === null) return "";
  return ratio(comparison) <= comparison.target ? "ok" : "FAIL";
}
