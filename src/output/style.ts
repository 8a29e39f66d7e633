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
const PLAIN: Style = { heading: same, good: same, bad: same, warning: same, faint: same };

/** The style of a stream. `argv` is the command line, of which only the words before `--` count. */
export function styleOf(fd: 1 | 2, argv: readonly string[] = process.argv.slice(2)): Style {
  const end = argv.indexOf("--");
  const own = end < 0 ? argv : argv.slice(0, end);
  return !own.includes("--no-color") && colorAllowed(process.env, fd) ? COLOURED : PLAIN;
}

/** The style of what is said on stderr. */
export const stderrStyle = (): Style => styleOf(2);
