/** Text tables for people: aligned, no borders, nothing that a terminal could misread, no wider than the terminal. */
import { clean } from "../core/errors.ts";
import { columnsOf } from "../os/streams/terminal.ts";
import { outputStyle } from "./style.ts";
import { wrapped } from "./wrap.ts";

const GAP = "  ";
/** A column is not made narrower than its longest word, or than this where the word is longer. */
const NARROWEST = 20;

/** `Label  value` lines; a null or undefined value drops its line. */
export function facts(
  rows: readonly (readonly [string, string | null | undefined])[],
  limit = columnsOf(1),
): string {
  const shown = rows.flatMap(([label, value]) => (value ? [[label, clean(value)] as const] : []));
  const width = widest(shown.map(([label]) => label));
  const indent = " ".repeat(width) + GAP;
  return shown
    .map(([label, value]) => {
      const [first, ...others] = wrapped(value, limit - indent.length);
      return `${[padded(label, width) + GAP + first, ...others.map((line) => indent + line)].join("\n")}\n`;
    })
    .join("");
}

/** Rows under headings, each column as wide as its widest cell; cells are wrapped where the terminal is narrower. */
export function table(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  limit = columnsOf(1),
): string {
  const cells = rows.map((row) => row.map((cell) => clean(cell)));
  const widths = fitting([headings, ...cells], limit);
  if (widths === null) return cells.map((row) => record(headings, row, limit)).join("\n");
  const { heading } = outputStyle();
  const [head, ...body] = [headings, ...cells].map((row) => lines(row, widths));
  return `${[...(head ?? []).map(heading), ...body.flat()].join("\n")}\n`;
}

/** The columns' widths that fit, null where no table does. */
function fitting(cells: readonly (readonly string[])[], limit: number): readonly number[] | null {
  const columns = (cells[0] ?? []).map((_, column) => cells.map((row) => row[column] ?? ""));
  const widths = columns.map(widest);
  const least = columns.map((column) =>
    Math.min(NARROWEST, widest(column.flatMap((cell) => cell.split(" ")))),
  );
  const total = () => widths.reduce((sum, width) => sum + width, 0) + GAP.length * (widths.length - 1);
  while (total() > limit) {
    const room = widths.map((width, column) => width - (least[column] ?? 0));
    const most = Math.max(...room);
    if (most <= 0) return null;
    const column = room.lastIndexOf(most);
    widths[column] =
      (widths[column] ?? 0) - Math.min(most, total() - limit, Math.max(1, Math.ceil(most / 2)));
  }
  return widths;
}

function lines(row: readonly string[], widths: readonly number[]): readonly string[] {
  const parts = widths.map((width, column) => wrapped(row[column] ?? "", Math.max(1, width)));
  return Array.from({ length: Math.max(...parts.map(({ length }) => length)) }, (_, at) =>
    parts
      .map((part, column) => padded(part[at] ?? "", widths[column] ?? 0))
      .join(GAP)
      .trimEnd(),
  );
}

/** A row on its own where the terminal has no room for columns. */
function record(headings: readonly string[], row: readonly string[], limit: number): string {
  const [first = "", ...others] = row;
  const more = others.map((cell, index) => [headings[index + 1] || "Note", cell] as const);
  const indented = facts(more, limit - GAP.length).replace(/^(?=.)/gm, GAP);
  return `${wrapped(first, limit).join("\n")}\n${indented}`;
}

/** In columns of a terminal: a Chinese character takes two, a combining accent none. */
function widest(texts: readonly string[]): number {
  return Math.max(0, ...texts.map((text) => Bun.stringWidth(text)));
}

function padded(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - Bun.stringWidth(text)));
}
