/** Plain text tables for people: aligned, no borders, nothing that a terminal could misread. */
import { clean } from "../core/errors.ts";

/** `Label  value` lines; a null or undefined value drops its line. */
export function facts(rows: readonly (readonly [string, string | null | undefined])[]): string {
  const shown = rows.flatMap(([label, value]) => (value ? [[label, clean(value)] as const] : []));
  const width = widest(shown.map(([label]) => label));
  return shown.map(([label, value]) => `${padded(label, width)}  ${value}\n`).join("");
}

/** Rows under headings, each column as wide as its widest cell. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [headings, ...rows.map((row) => row.map((cell) => clean(cell)))];
  const widths = headings.map((_, column) => widest(cells.map((row) => row[column] ?? "")));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => padded(cell, widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  return `${cells.map(line).join("\n")}\n`;
}

/** In columns of a terminal: a Chinese character takes two, a combining accent none. */
function widest(texts: readonly string[]): number {
  return Math.max(0, ...texts.map((text) => Bun.stringWidth(text)));
}

function padded(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - Bun.stringWidth(text)));
}
