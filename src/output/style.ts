/**
 * How wide lines may be, and what colour means: headings, states and errors. Nothing is coloured where a person said
 * so (NO_COLOR, --no-color, TERM=dumb) or where there is no terminal. Pure but for what it asks of the terminal.
 */
import { colorAllowed } from "../os/streams/terminal.ts";

export interface Style {
  heading(text: string): string;
  good(text: string): string;
  bad(text: string): string;
  warning(text: string): string;
  faint(text: string): string;
}

const paint = (code: number) => (text: string) => `\u001b[${code}m${text}\u001b[0m`;
const same = (text: string): string => text;

const COLOURED: Style = {
  heading: paint(1),
  good: paint(32),
  bad: paint(31),
  warning: paint(33),
  faint: paint(2),
};
export const PLAIN: Style = { heading: same, good: same, bad: same, warning: same, faint: same };

/** The style of a stream. `argv` is the command line, of which only the words before `--` count. */
export function styleOf(fd: 1 | 2, argv: readonly string[] = process.argv.slice(2)): Style {
  const end = argv.indexOf("--");
  const own = end < 0 ? argv : argv.slice(0, end);
  return !own.includes("--no-color") && colorAllowed(process.env, fd) ? COLOURED : PLAIN;
}

/** Stands for an escape character in what a command returns, until everything else in it was made safe to print. */
const MARK = "\ue1b1";
const mark = (code: number) => (text: string) => `${MARK}${code}m${text}${MARK}0m`;
const MARKED: Style = { heading: mark(1), good: mark(32), bad: mark(31), warning: mark(33), faint: mark(2) };

/** The style of a command's output, to be coloured by {@link coloured} when it is printed. */
export const outputStyle = (): Style => (styleOf(1) === PLAIN ? PLAIN : MARKED);

/** An output that is safe to print, with the colours that {@link outputStyle} marked; without them where it is plain. */
export function coloured(text: string): string {
  if (!text.includes(MARK)) return text;
  const sequence = styleOf(1) === PLAIN ? "" : "\u001b[$1";
  return text.replace(/\ue1b1(\d{1,2}m)/g, sequence);
}

/** The style of what is said on stderr. */
export const stderrStyle = (): Style => styleOf(2);
