/**
 * Text tables for people: aligned, no borders, nothing that a terminal could misread, no wider than the terminal. No word
 * (a URL, a variable, an entry's name) is torn where another layout keeps it whole.
 */
import { clean } from "../core/errors.ts";
import { columnsOf } from "../os/streams/terminal.ts";
import { outputStyle } from "./style.ts";
import { wrapped } from "./wrap.ts";

const GAP = "  ";

/** `Label  value` lines; a null or undefined value drops its line. A value with a word too long for it goes below. */
export function facts(
  rows: readonly (readonly [string, string | null | undefined])[],
  limit = columnsOf(1),
): string {
  const shown = rows.flatMap(([label, value]) => (value ? [[label, clean(value)] as const] : []));
  const width = widest(shown.map(([label]) => label));
  return shown.map(([label, value]) => `${fact(label, value, width, limit).join("\n")}\n`).join("");
}

function fact(label: string, value: string, width: number, limit: number): readonly string[] {
  const indent = " ".repeat(width) + GAP;
  if (longestWord([value]) > limit - indent.length) return [label, ...below(value, GAP.length, limit)];
  const [first = "", ...others] = wrapped(value, limit - indent.length);
  return [padded(label, width) + GAP + first, ...others.map((line) => indent + line)];
}

/** A value on lines of its own, indented as far as its longest word allows. */
function below(value: string, indent: number, limit: number): readonly string[] {
  const room = limit - longestWord([value]);
  const blanks = " ".repeat([indent, GAP.length].find((one) => one <= room) ?? 0);
  return wrapped(value, limit - blanks.length).map((line) => blanks + line);
}

/**
 * Rows under headings, each column as wide as its widest cell; cells are wrapped where the terminal is narrower. Where
 * words would be torn, one column goes to a second line of each row; where that is not enough, each row is a list.
 */
export function table(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  limit = columnsOf(1),
): string {
  const cells = rows.map((row) => row.map((cell) => clean(cell)));
  const every = [headings, ...cells];
  const widths = fitting(every, limit);
  if (widths !== null) return printed(every.map((row) => lines(row, widths)));
  for (let moved = headings.length - 1; moved > 0; moved--) {
    const rest = every.map((row) => row.filter((_, column) => column !== moved));
    const narrower = fitting(rest, limit);
    const indent = Math.min(narrower?.[0] ?? 0, 2) + GAP.length;
    const second = every.map((row) => row[moved] ?? "");
    if (narrower === null || longestWord(second) > limit - indent) continue;
    return printed(
      rest.map((row, at) => [
        ...lines(row, narrower),
        ...(second[at] ? below(second[at], indent, limit) : []),
      ]),
    );
  }
  return cells.map((row) => record(headings, row, limit)).join("\n");
}

function printed([head = [], ...body]: readonly (readonly string[])[]): string {
  return `${[...head.map(outputStyle().heading), ...body.flat()].join("\n")}\n`;
}

/** The columns' widths that fit without tearing a word, null where no table does. */
function fitting(cells: readonly (readonly string[])[], limit: number): readonly number[] | null {
  const columns = (cells[0] ?? []).map((_, column) => cells.map((row) => row[column] ?? ""));
  const widths = columns.map(widest);
  const least = columns.map(longestWord);
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

/** A row on its own where the terminal has no room for columns. A first column without a name is part of the title. */
function record(headings: readonly string[], row: readonly string[], limit: number): string {
  const titles = headings[0] === "" ? 2 : 1;
  const title = row.slice(0, titles).filter(Boolean).join(" ");
  const more = row.flatMap((cell, at) =>
    at >= titles && cell ? [[headings[at] || "Note", cell] as const] : [],
  );
  const width = widest(more.map(([label]) => label));
  const body = more.flatMap(([label, cell]) =>
    GAP.length + width + GAP.length + longestWord([cell]) > limit
      ? [GAP + label, ...below(cell, 2 * GAP.length, limit)]
      : fact(label, cell, width, limit - GAP.length).map((line) => GAP + line),
  );
  return `${[...wrapped(title, limit), ...body].join("\n")}\n`;
}

function longestWord(texts: readonly string[]): number {
  return widest(texts.flatMap((text) => text.split(" ")));
}

/** In columns of a terminal: a Chinese character takes two, a combining accent none. */
function widest(texts: readonly string[]): number {
  return Math.max(0, ...texts.map((text) => Bun.stringWidth(text)));
}

function padded(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - Bun.stringWidth(text)));
}
