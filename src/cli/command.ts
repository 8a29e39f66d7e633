/**
 * How a command is declared: what it takes and says, eagerly, and what it does, lazily. Help, completions and
 * the parser all read the same declaration. A command never prints: it returns what there is to say.
 */

import type { Level } from "../core/credential.ts";
import type { GumCredError } from "../core/errors.ts";
import type { Ports, Scope } from "../resolve/ports.ts";

export interface FlagSpec {
  /** Without the dashes: `callback-port`. */
  readonly name: string;
  /** Placeholder of the value in help; a flag without one is a switch. */
  readonly value?: string;
  readonly summary: string;
  /** The only values it takes. */
  readonly choices?: readonly string[];
  /** One letter, without the dash. */
  readonly short?: string;
}

export interface ArgumentSpec {
  readonly name: string;
  readonly summary: string;
  readonly required?: boolean;
  readonly many?: boolean;
}

export interface Example {
  readonly line: string;
  readonly about: string;
}

/** The parsed command line of one command. */
export interface Input {
  /** The arguments as they come, after the command's name. */
  readonly positional: readonly string[];
  /** Arguments by their declared name in small letters. */
  readonly args: Readonly<Record<string, string | null | readonly string[]>>;
  /** Flags by name: whether a switch was given, or the value of one that takes a value. */
  readonly flags: Readonly<Record<string, string | boolean | null>>;
  /** What stands after `--`; null without one. */
  readonly rest: readonly string[] | null;
  /** A flag's value, null when it was not given. */
  flag(name: string): string | null;
  /** Every value of a flag that may be given several times, in order. */
  all(name: string): readonly string[];
  /** Whether a switch was given. */
  has(name: string): boolean;
}

/** Everything a command may use. */
export interface Context {
  readonly ports: Ports;
  readonly scope: Scope;
  readonly globals: Globals;
}

export interface Globals {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly debug: boolean;
  readonly noInput: boolean;
}

/** What a command has to say: one data object that feeds both people and programs, or raw text for scripts. */
export type Output =
  | {
      readonly kind: "data";
      /** Keys in snake_case; never a secret. Printed with `--json`. */
      readonly data: Readonly<Record<string, unknown>>;
      readonly human: string;
      /** A value or a file's text: on a terminal its lines are not wrapped, and it is no advice to who reads it. */
      readonly exact?: true;
      /** Reported after the data: what it shows is true and still a failure. */
      readonly error?: GumCredError | undefined;
    }
  | { readonly kind: "raw"; readonly text: string };

/** What a command takes and does; its name and summary stand in the table of all (program.ts). */
export interface Declaration {
  readonly args: readonly ArgumentSpec[];
  readonly flags: readonly FlagSpec[];
  /** More lines for `--help`, below the summary. */
  readonly details?: string;
  readonly examples: readonly Example[];
  /** Takes `-- CMD ARG…`; the text is its usage. */
  readonly rest?: string;
  /** Whether it can also be run without `-- CMD`. */
  readonly restOptional?: boolean;
  /** What stdout gets when it fails, before the error goes to stderr. The line may be wrong. */
  failure?(exitCode: number, line: { readonly input: Input; readonly globals: Globals }): string;
  /** The exit code a failure of its own turns into, for commands that run another program. */
  readonly failureExitCode?: number;
  run(context: Context, input: Input): Promise<Output>;
}

/** A declaration under its name. */
export interface Command extends Declaration {
  /** As typed: `login`, `keys set`. */
  readonly name: string;
  readonly summary: string;
}

/** A row of the table of all commands. */
export interface Entry {
  /** As typed: `login`, `keys set`. */
  readonly name: string;
  /** One line, which the overview shows without loading the declaration. */
  readonly summary: string;
  load(): Promise<Declaration>;
}

/** The command of an entry, with its declaration. */
export async function commandOf({ name, summary, load }: Entry): Promise<Command> {
  return { name, summary, ...(await load()) };
}

type FlagValue<F extends FlagSpec> = F extends { readonly choices: readonly (infer Choice)[] }
  ? Choice | null
  : F extends { readonly value: string }
    ? string | null
    : boolean;

type ArgumentValue<A extends ArgumentSpec> = A extends { readonly many: true }
  ? readonly string[]
  : A extends { readonly required: true }
    ? string
    : string | null;

/** An input whose flags and arguments have the types that their declarations say. */
export type TypedInput<A extends readonly ArgumentSpec[], F extends readonly FlagSpec[]> = Omit<
  Input,
  "args" | "flags"
> & {
  readonly args: { readonly [S in A[number] as Lowercase<S["name"]>]: ArgumentValue<S> };
  readonly flags: { readonly [S in F[number] as S["name"]]: FlagValue<S> };
};

/** Declares a command; what `run` gets follows from the flags and arguments. The parser has checked them. */
export function defineCommand<const A extends readonly ArgumentSpec[], const F extends readonly FlagSpec[]>(
  spec: Omit<Declaration, "args" | "flags" | "run"> & {
    readonly args: A;
    readonly flags: F;
    run(context: Context, input: TypedInput<A, F>): Promise<Output>;
  },
): Declaration {
  return spec;
}

/** The level of an LLM key, for the commands that take one. */
export const LEVEL_FLAG = {
  name: "level",
  value: "LEVEL",
  choices: ["personal", "team", "organization"],
  summary: "LLM keys of one level only",
} as const satisfies FlagSpec;

/** What `--level` says; null when it was not given. The parser has checked the choice. */
export function levelIn(input: Input): Level | null {
  return input.flag("level") as Level | null;
}

/** Flags that every command takes, before or after its name. */
export const GLOBAL_FLAGS: readonly FlagSpec[] = [
  { name: "profile", value: "NAME", summary: "set of stored credentials to use (default: default)" },
  { name: "base-url", value: "URL", summary: "Gumloop API to talk to (or GUMLOOP_BASE_URL)" },
  { name: "team-id", value: "ID", summary: "team to scope requests and keys to (or GUMLOOP_TEAM_ID)" },
  { name: "json", summary: "print one JSON object; errors too, on stderr" },
  { name: "quiet", summary: "no notes on stderr, only warnings and errors" },
  { name: "debug", summary: "say on stderr where things were looked for; never a value" },
  { name: "no-input", summary: "never ask, neither here nor through a keychain dialog" },
  { name: "no-color", summary: "plain text (or NO_COLOR)" },
  { name: "help", short: "h", summary: "show help" },
  { name: "version", short: "V", summary: "show the version" },
];
