/** Plain text tables for people: aligned, no borders, nothing that a terminal could misread. */
import { clean } from "../core/errors.ts";

/** `Label  value` lines; a null or undefined value drops its line. */
export function facts(rows: readonly (readonly [string, string | null | undefined])[]): string {
  const shown = rows.flatMap(([label, value]) => (value ? [[label, clean(value)] as const] : []));
  const width = Math.max(...shown.map(([label]) => label.length));
  return shown.map(([label, value]) => `${label.padEnd(width)}  ${value}\n`).join("");
}

/** Rows under headings, each column as wide as its widest cell. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [headings, ...rows.map((row) => row.map((cell) => clean(cell)))];
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  return `${cells.map(line).join("\n")}\n`;
}
