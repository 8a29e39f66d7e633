/** What can stand where on a command line, read from the declarations; each shell's script is made of this. Pure. */
import { type Command, type FlagSpec, GLOBAL_FLAGS } from "../command.ts";

/** What a value or argument can be: these words, what gum-cred lists when asked, a file, or anything. */
export type Values =
  | { readonly kind: "words"; readonly words: readonly string[] }
  | { readonly kind: "list"; readonly list: List }
  | { readonly kind: "files" }
  | { readonly kind: "anything" };

/** What `gum-cred completion LIST` prints, one a line. */
export const LISTS = ["profiles", "providers"] as const;
export type List = (typeof LISTS)[number];

export interface CompletedFlag {
  /** With its dashes: `--format`. */
  readonly name: string;
  /** With its dash; null when it has none. */
  readonly short: string | null;
  readonly summary: string;
  readonly placeholder: string;
  /** Null for a switch. */
  readonly values: Values | null;
}

export interface CompletedCommand {
  /** `login`, `keys set` */
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly CompletedFlag[];
  readonly args: readonly { readonly name: string; readonly values: Values; readonly many: boolean }[];
  /** Takes another command behind `--`. */
  readonly rest: boolean;
}

/** A first word that needs a second one. */
export interface Group {
  readonly name: string;
  readonly summary: string;
  readonly members: readonly { readonly name: string; readonly summary: string }[];
}

export interface Model {
  readonly commands: readonly CompletedCommand[];
  readonly groups: readonly Group[];
  readonly globals: readonly CompletedFlag[];
  /** What can be the first word. */
  readonly first: readonly { readonly name: string; readonly summary: string }[];
}

export function completionModel(commands: readonly Command[]): Model {
  const names = commands
    .filter(({ name }) => name.includes(" "))
    .map(({ name }) => name.split(" ", 1)[0] ?? "");
  const groups = [...new Set(names)].map((name) => group(name, commands));
  // A group's name can be a command too.
  const alone = commands.filter(({ name }) => !name.includes(" ") && !names.includes(name));
  return {
    commands: commands.map(completed),
    groups,
    globals: GLOBAL_FLAGS.map((flag) => completedFlag(flag)),
    first: [...alone.map(({ name, summary }) => ({ name, summary })), ...groups],
  };
}

function group(name: string, commands: readonly Command[]): Group {
  const members = commands
    .filter((command) => command.name.startsWith(`${name} `))
    .map((command) => ({ name: command.name.slice(name.length + 1), summary: command.summary }));
  return { name, summary: members.map((member) => member.name).join(", "), members };
}

function completed({ name, summary, flags, args, rest }: Command): CompletedCommand {
  return {
    name,
    summary,
    flags: flags.map((flag) => completedFlag(flag)),
    args: args.map((spec) => ({
      name: spec.name,
      values: valuesOf(spec.name, name),
      many: spec.many ?? false,
    })),
    rest: rest !== undefined,
  };
}

function completedFlag({ name, short, summary, value, choices }: FlagSpec): CompletedFlag {
  const listed = name === "profile" ? ({ kind: "list", list: "profiles" } as const) : null;
  const chosen = choices ? ({ kind: "words", words: choices } as const) : null;
  return {
    name: `--${name}`,
    short: short ? `-${short}` : null,
    summary,
    placeholder: value ?? "",
    values: value === undefined ? null : (listed ?? chosen ?? valuesOf(value, name)),
  };
}

/** A placeholder says what it stands for: `PROVIDER`, `FILE`, or its own choices as `bash|zsh`. */
function valuesOf(placeholder: string, owner: string): Values {
  if (placeholder.includes("|")) return { kind: "words", words: placeholder.split("|") };
  if (placeholder === "FILE") return { kind: "files" };
  const provider = placeholder === "PROVIDER" || (placeholder === "ID" && owner === "providers");
  return provider ? { kind: "list", list: "providers" } : { kind: "anything" };
}
