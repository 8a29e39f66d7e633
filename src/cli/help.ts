/** Help texts, made from the same declarations that the parser reads. */
import { type Command, type FlagSpec, GLOBAL_FLAGS } from "./command.ts";

const INDENT = "  ";

/** The overview: every command with its summary. */
export function overview(commands: readonly Command[], version: string): string {
  const rows = commands.map((command) => [command.name, command.summary] as const);
  return [
    `gum-cred ${version}: credentials for Gumloop and LLM vendors, kept in the OS keychain`,
    "",
    "Usage: gum-cred COMMAND [FLAGS]",
    "",
    "Commands:",
    ...columns(rows),
    "",
    "Flags of every command:",
    ...columns(GLOBAL_FLAGS.map(flagRow)),
    "",
    "Try:",
    ...columns([
      ["gum-cred login", "sign in to Gumloop and keep the credential in the OS keychain"],
      ["eval $(gum-cred env)", "put what resolves into this shell"],
      ["gum-cred COMMAND --help", "flags and examples of one command"],
    ]),
    "",
  ].join("\n");
}

/** One command's help. */
export function commandHelp(command: Command): string {
  const lines = [`${command.summary}`, "", `Usage: ${usage(command)}`];
  if (command.details) lines.push("", command.details);
  if (command.args.length > 0) {
    lines.push("", "Arguments:", ...columns(command.args.map((spec) => [spec.name, spec.summary] as const)));
  }
  if (command.flags.length > 0) lines.push("", "Flags:", ...columns(command.flags.map(flagRow)));
  lines.push("", "Flags of every command:", ...columns(GLOBAL_FLAGS.map(flagRow)));
  lines.push("", "Examples:");
  for (const example of command.examples)
    lines.push(`${INDENT}# ${example.about}`, `${INDENT}${example.line}`);
  return `${lines.join("\n")}\n`;
}

function usage(command: Command): string {
  const args = command.args.map((spec) => {
    const name = spec.many ? `${spec.name}…` : spec.name;
    return spec.required ? name : `[${name}]`;
  });
  const flags = command.flags.length > 0 ? ["[FLAGS]"] : [];
  const rest = command.rest ? [`-- ${command.rest}`] : [];
  return ["gum-cred", command.name, ...args, ...flags, ...rest].join(" ");
}

function flagRow(flag: FlagSpec): readonly [string, string] {
  const short = flag.short ? `-${flag.short}, ` : "";
  const value = flag.choices ? ` ${flag.choices.join("|")}` : flag.value ? ` ${flag.value}` : "";
  return [`${short}--${flag.name}${value}`, flag.summary];
}

const WIDEST = 30;

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.min(WIDEST, Math.max(...rows.map(([left]) => left.length)));
  return rows.map(([left, right]) =>
    left.length > width
      ? `${INDENT}${left}\n${INDENT}${" ".repeat(width)}  ${right}`
      : `${INDENT}${left.padEnd(width)}  ${right}`,
  );
}
