/** Help texts, made from the same declarations that the parser reads, as wide as the terminal. */
import { isTerminal } from "../os/streams/is-terminal.ts";
import { type Style, styleOf } from "../output/style.ts";
import { wrapped, wrappedCommand } from "../output/wrap.ts";
import { type Command, type FlagSpec, GLOBAL_FLAGS } from "./command.ts";

const INDENT = "  ";
const WIDEST = 30;
/** Below this a description stands under its term instead of beside it. */
const BESIDE_COLUMNS = 60;

/** The help of a group: its commands, with what is typed after their names. */
export function groupHelp(group: string, commands: readonly Command[], width: number): string {
  const own = commands.filter(({ name }) => name === group || name.startsWith(`${group} `));
  return finished([
    `Usage: gum-cred ${group} COMMAND [FLAGS]`,
    "",
    heading("Commands", styleOf(1)),
    ...columns(
      own.map((command) => [synopsis(command), command.summary] as const),
      width,
    ),
    "",
    ...wrapped(`'gum-cred ${group} COMMAND --help' has flags and examples of one.`, width),
  ]);
}

/** One command's help. */
export function commandHelp(command: Command, width: number): string {
  const style = styleOf(1);
  const lines = [
    ...wrapped(command.summary, width),
    "",
    ...wrapped(`Usage: gum-cred ${synopsis(command)}`, width, "  "),
  ];
  if (command.details) {
    for (const part of paragraphs(command.details)) lines.push("", ...wrapped(part, width));
  }
  if (command.args.length > 0) {
    const rows = command.args.map((spec) => [spec.name, spec.summary] as const);
    lines.push("", heading("Arguments", style), ...columns(rows, width));
  }
  if (command.flags.length > 0) {
    lines.push("", heading("Flags", style), ...columns(command.flags.map(flagRow), width));
  }
  lines.push("", heading("Flags of every command", style), ...columns(GLOBAL_FLAGS.map(flagRow), width));
  lines.push("", heading("Examples", style));
  for (const { about, line } of command.examples) {
    lines.push(...wrapped(`# ${about}`, width - INDENT.length, "# ").map((text) => INDENT + text));
    // Where it does not go to a terminal, a line is as it is typed.
    const room = isTerminal(1) ? width : Number.POSITIVE_INFINITY;
    lines.push(...line.split("\n").flatMap((one) => wrappedCommand(one, room, INDENT)));
  }
  return finished(lines);
}

/** Declarations break their lines for the source's sake; a blank line or a blank at the beginning is meant. */
function paragraphs(details: string): readonly string[] {
  return details.replace(/\n(?=[^\n ])/g, " ").split(/\n+/);
}

/** A title above a part of a page. */
export function heading(title: string, style: Style): string {
  return style.heading(`${title}:`);
}

/** The page of these lines. */
export function finished(lines: readonly string[]): string {
  return `${lines.map((line) => line.trimEnd()).join("\n")}\n`;
}

function synopsis(command: Command): string {
  const args = command.args.map((spec) => {
    const name = spec.many ? `${spec.name}…` : spec.name;
    return spec.required ? name : `[${name}]`;
  });
  const flags = command.flags.length > 0 ? ["[FLAGS]"] : [];
  const rest = command.rest ? [`-- ${command.rest}`] : [];
  return [command.name, ...args, ...flags, ...rest].join(" ");
}

/** A flag as help shows it, and what it is for. */
export function flagRow(flag: FlagSpec): readonly [string, string] {
  const short = flag.short ? `-${flag.short}, ` : "";
  const value = flag.choices ? ` ${flag.choices.join("|")}` : flag.value ? ` ${flag.value}` : "";
  return [`${short}--${flag.name}${value}`, flag.summary];
}

/** Terms with their descriptions, beside each other where there is room. */
export function columns(rows: readonly (readonly [string, string])[], width: number): string[] {
  const left = width < BESIDE_COLUMNS ? 2 : Math.min(WIDEST, Math.max(...rows.map(([term]) => term.length)));
  const indent = INDENT + " ".repeat(left) + INDENT;
  return rows.flatMap(([term, about]) => {
    const described = wrapped(about, width - indent.length).map((line) => indent + line);
    if (term.length > left) {
      const broken = wrapped(term.replaceAll("|", "| "), width - INDENT.length, INDENT);
      const whole =
        term.length <= width - INDENT.length ? [term] : broken.map((line) => line.replaceAll("| ", "|"));
      return [...whole.map((line) => INDENT + line), ...described];
    }
    const [first = "", ...others] = described;
    return [INDENT + term.padEnd(left) + first.slice(INDENT.length + left), ...others];
  });
}
