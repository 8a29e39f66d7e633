/**
 * Reads the command line strictly: unknown commands and flags are refused with a suggestion. Flags may
 * come before or after the command. The splitting itself is split-line.ts. Messages never quote a flag's value:
 * it may be a secret.
 */
import { fail, type GumCredError } from "../core/errors.ts";
import { isTopic, withFormatMeant, withoutAliases } from "./aliases.ts";
import {
  type Command,
  type Globals as CommandGlobals,
  commandOf,
  type Entry,
  GLOBAL_FLAGS,
  type Input,
} from "./command.ts";
import { isPositional, type Split, splitLine } from "./split-line.ts";
import { nearest, type Suggest, unknownCommand, unknownFlag } from "./suggest.ts";

export interface Globals extends CommandGlobals {
  readonly color: boolean;
  readonly help: boolean;
  readonly version: boolean;
}

/** What a command line says, as far as it can be understood. */
export interface Line {
  /** Null without a command; where the line is wrong, the command that it most likely means. */
  readonly command: Command | null;
  readonly input: Input;
  readonly globals: Globals;
  /** E_UNKNOWN_COMMAND, E_UNKNOWN_FLAG, E_USAGE or E_INVALID_VALUE; null for a correct line. */
  readonly problem: GumCredError | null;
  /** The group or topic that help was asked for, such as `keys` or `help exit-codes`. */
  readonly topic: string | null;
}

/** Reads a command line. A mistake is part of the answer, never thrown. */
export async function readLine(
  typed: readonly string[],
  program: readonly Entry[],
  suggest: Suggest = nearest,
): Promise<Line> {
  const argv = withoutAliases(typed, takesValue);
  if (argv[0] === "help") {
    const [word] = argv.slice(1).filter(isPositional);
    const line = await readLine(
      ["--help", ...(word && isTopic(word) ? [] : argv.slice(1))],
      program,
      suggest,
    );
    return word && isTopic(word) ? { ...line, topic: `help ${word}` } : line;
  }
  const end = argv.indexOf("--");
  const own = end < 0 ? argv : argv.slice(0, end);
  const rest = end < 0 ? null : argv.slice(end + 1);

  // Most lines begin with the command's name; only flags before it need a look of their own.
  const before: Split = own[0]?.startsWith("-")
    ? splitLine(own, GLOBAL_FLAGS, true)
    : { words: own, unknown: null, flags: new Map(), repeated: new Map(), problem: null };
  const found = await findCommand(before.words, program);
  const command = found ?? (await meantCommand(own, program));
  const all = command ? [...GLOBAL_FLAGS, ...command.flags] : GLOBAL_FLAGS;
  const split = withFormatMeant(command, splitLine(own, all, false));
  const args = found ? split.words.slice(found.name.includes(" ") ? 2 : 1) : [];
  const input = inputOf(command, split, args, rest);
  const globals = readGlobals(input);
  const topic = found ? null : groupIn(own, program);
  if (topic !== null) return { command: null, input, globals, problem: null, topic };
  let problem = before.problem;
  if (problem === null && found) {
    const unknown = before.unknown ?? split.unknown;
    problem = split.problem;
    if (problem === null && unknown !== null) problem = await unknownFlag(unknown, all, suggest);
    if (!globals.help) problem ??= argumentProblem(found, args, rest);
    problem ??= choiceProblem(found, input);
  } else if (problem === null) {
    if (before.unknown !== null) problem = await unknownFlag(before.unknown, GLOBAL_FLAGS, suggest);
    else if (before.words.length > 0)
      problem = await unknownCommand(before.words.filter(isPositional), program, suggest);
    else if (rest !== null) problem = fail("E_USAGE", "'--' needs a command before it");
    else if (!globals.help) problem = await commandAsValue(own, program);
  }
  return { command, input, globals, problem, topic: null };
}

/** The group that help was asked for; null for anything else. */
function groupIn(own: readonly string[], program: readonly Entry[]): string | null {
  const [group, ...more] = own.filter(isPositional);
  const asked = own.includes("--help") || own.includes("-h");
  const exists = program.some(({ name }) => name.startsWith(`${group} `));
  return asked && more.length === 0 && group !== undefined && exists ? group : null;
}

function readGlobals(input: Input): Globals {
  return {
    json: input.has("json"),
    quiet: input.has("quiet"),
    debug: input.has("debug"),
    noInput: input.has("no-input"),
    color: !input.has("no-color"),
    help: input.has("help"),
    version: input.has("version"),
  };
}

/**
 * The command that a wrong line most likely means. A word after an unknown flag may be that flag's value, and the
 * value of a global flag may be a command whose flag lacks one.
 */
async function meantCommand(argv: readonly string[], program: readonly Entry[]): Promise<Command | null> {
  const words: string[] = [];
  const taken: string[] = [];
  let possibleValues = 0;
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? "";
    if (takesValue(word)) taken.push(argv[++i] ?? "");
    else if (isPositional(word)) {
      if (possibleValues === words.length && isUnknownFlag(argv[i - 1] ?? "")) possibleValues++;
      words.push(word);
    }
  }
  for (let skipped = 0; skipped <= possibleValues; skipped++) {
    const command = await findCommand(words.slice(skipped), program);
    if (command) return command;
  }
  for (const word of taken) {
    const command = await findCommand([word], program);
    if (command) return command;
  }
  return null;
}

/** Whether a word is a flag, without a value of its own, that is not a global one. */
function isUnknownFlag(word: string): boolean {
  if (isPositional(word) || word.includes("=")) return false;
  return !GLOBAL_FLAGS.some(({ name, short }) => word === `--${name}` || word === `-${short}`);
}

/** Whether the next word is a global flag's value. */
function takesValue(word: string): boolean {
  for (const { name, value } of GLOBAL_FLAGS) if (value && word === `--${name}`) return true;
  return false;
}

/** The command that the first one or two words name; flags may stand among them. */
async function findCommand(words: readonly string[], program: readonly Entry[]): Promise<Command | null> {
  let one = "";
  let two = "";
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if (!isPositional(word)) {
      if (takesValue(word)) at++;
      continue;
    }
    if (one !== "") {
      two = `${one} ${word}`;
      break;
    }
    one = word;
  }
  let found: Entry | null = null;
  for (const entry of program) {
    if (entry.name === two) return commandOf(entry);
    if (entry.name === one) found = entry;
  }
  return found === null ? null : commandOf(found);
}

/** The mistake in `--profile env`, where the command's name was taken for the flag's value: E_USAGE. */
async function commandAsValue(
  own: readonly string[],
  program: readonly Entry[],
): Promise<GumCredError | null> {
  for (let at = 0; at < own.length; at++) {
    const word = own[at] ?? "";
    if (takesValue(word) && (await findCommand([own[++at] ?? ""], program))) {
      return fail("E_USAGE", `${word} needs a value before the command`, `write ${word} VALUE COMMAND`);
    }
  }
  return null;
}

function inputOf(
  command: Command | null,
  line: Split,
  positional: readonly string[],
  rest: readonly string[] | null,
): Input {
  const args: Record<string, string | null | readonly string[]> = {};
  const flags: Record<string, string | boolean | null> = {};
  if (command) {
    let at = 0;
    for (const { name, many } of command.args) {
      args[name.toLowerCase()] = many ? positional.slice(at) : (positional[at] ?? null);
      at++;
    }
    for (const { name, value } of command.flags)
      flags[name] = line.flags.get(name) ?? (value === undefined ? false : null);
  }
  return {
    positional,
    args,
    flags,
    rest,
    flag: (name) => {
      const value = line.flags.get(name);
      return typeof value === "string" ? value : null;
    },
    all: (name) => line.repeated.get(name) ?? [],
    has: (name) => line.flags.get(name) === true,
  };
}

function argumentProblem(
  command: Command,
  args: readonly string[],
  rest: readonly string[] | null,
): GumCredError | null {
  const help = `run 'gum-cred ${command.name} --help'`;
  if (rest !== null && !command.rest)
    return fail("E_USAGE", `'${command.name}' takes nothing after '--'`, help);
  if (command.rest && !command.restOptional && (rest === null || rest.length === 0)) {
    return fail(
      "E_USAGE",
      `'${command.name}' needs a command after '--'`,
      `write 'gum-cred ${command.name} -- CMD ARG…'`,
    );
  }
  let most = 0;
  for (const spec of command.args) {
    if (spec.required && args[most] === undefined) {
      return fail("E_USAGE", `'${command.name}' needs ${spec.name}`, help);
    }
    most = spec.many ? Number.POSITIVE_INFINITY : most + 1;
  }
  if (args.length > most) {
    return fail("E_USAGE", `'${command.name}' does not take that many arguments`, help);
  }
  return null;
}

function choiceProblem(command: Command, input: Input): GumCredError | null {
  for (const flag of command.flags) {
    const value = input.flag(flag.name);
    if (value !== null && flag.choices && !flag.choices.includes(value)) {
      return fail("E_INVALID_VALUE", `--${flag.name} takes one of: ${flag.choices.join(", ")}`);
    }
  }
  return null;
}
