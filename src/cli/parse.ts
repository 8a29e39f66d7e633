/**
 * The command line, judged strictly: unknown commands and flags are refused with a suggestion. Flags may
 * stand before or after the command. The splitting itself is split-line.ts. Messages never quote a flag's value:
 * it may be a secret.
 */
import { clean, fail, type GumCredError } from "../core/errors.ts";
import { formatMeant, withoutAliases } from "./aliases.ts";
import { type Command, type FlagSpec, GLOBAL_FLAGS, type Input } from "./command.ts";
import type { Entry } from "./program.ts";
import { isPositional, type Line, splitLine } from "./split-line.ts";

export interface Parsed {
  /** Null when only global flags were given. */
  readonly command: Command | null;
  readonly input: Input;
  /** The group or topic that help was asked for, such as `keys` or `exit-codes`. */
  readonly topic: string | null;
}

type Suggest = (word: string, known: readonly string[]) => Promise<string | null>;

/** Splits and checks a command line. Throws E_UNKNOWN_COMMAND, E_UNKNOWN_FLAG, E_USAGE, E_INVALID_VALUE. */
export async function parse(
  typed: readonly string[],
  program: readonly Entry[],
  suggest: Suggest = nearest,
): Promise<Parsed> {
  const argv = withoutAliases(typed, takesValue);
  if (argv[0] === "help") {
    const [word] = argv.slice(1).filter(isPositional);
    if (TOPICS.includes(word ?? "")) {
      return {
        command: null,
        topic: `help ${word}`,
        input: inputOf(splitLine(["--help"], GLOBAL_FLAGS, true), [], null),
      };
    }
    return parse(["--help", ...argv.slice(1)], program, suggest);
  }
  const end = argv.indexOf("--");
  const own = end < 0 ? argv : argv.slice(0, end);
  const rest = end < 0 ? null : argv.slice(end + 1);

  // Most lines begin with the command's name; only flags before it need a look of their own.
  const before = own[0]?.startsWith("-")
    ? splitLine(own, GLOBAL_FLAGS, true)
    : { words: own, unknown: null, flags: new Map(), repeated: new Map() };
  const command = await findCommand(before.words, program);
  if (!command) {
    const topic = groupIn(own, program);
    if (topic !== null)
      return { command: null, topic, input: inputOf(splitLine(own, GLOBAL_FLAGS, true), [], null) };
    if (before.unknown !== null) throw await unknownFlag(before.unknown, GLOBAL_FLAGS, suggest);
    if (before.words.length > 0)
      throw await unknownCommand(before.words.filter(isPositional), program, suggest);
    if (rest !== null) throw fail("E_USAGE", "'--' needs a command before it");
    await refuseCommandAsValue(own, program);
    return { command: null, topic: null, input: inputOf(before, [], null) };
  }
  const all = [...GLOBAL_FLAGS, ...command.flags];
  const line = withFormatMeant(command, splitLine(own, all, false));
  const unknown = before.unknown ?? line.unknown;
  if (unknown !== null) throw await unknownFlag(unknown, all, suggest);
  const args = line.words.slice(command.name.includes(" ") ? 2 : 1);
  const input = inputOf(line, args, rest);
  if (!input.has("help")) checkArguments(command, args, rest);
  checkChoices(command, input);
  return { command, topic: null, input };
}

/** What `help` explains beside commands; help-topics.ts has the texts. */
const TOPICS: readonly string[] = ["environment", "exit-codes", "plugins"];

/** The group that help was asked for; null for anything else. */
function groupIn(own: readonly string[], program: readonly Entry[]): string | null {
  const [group, ...more] = own.filter(isPositional);
  const asked = own.includes("--help") || own.includes("-h");
  const exists = program.some(({ name }) => name.startsWith(`${group} `));
  return asked && more.length === 0 && group !== undefined && exists ? group : null;
}

/**
 * The command that a line most likely means, for what must be said even when parsing failed. A word after an
 * unknown flag may be that flag's value, and the value of a global flag may be a command whose flag lacks one.
 */
export async function guessCommand(
  typed: readonly string[],
  program: readonly Entry[],
): Promise<Command | null> {
  const argv = withoutAliases(typed, takesValue);
  const words: string[] = [];
  const taken: string[] = [];
  let possibleValues = 0;
  for (let i = 0; i < argv.length && argv[i] !== "--"; i++) {
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
    if (entry.name === two) return entry.load();
    if (entry.name === one) found = entry;
  }
  return found === null ? null : found.load();
}

/** Refuses `--profile env`, where the command's name was taken for the flag's value. Throws E_USAGE. */
async function refuseCommandAsValue(own: readonly string[], program: readonly Entry[]): Promise<void> {
  for (let at = 0; at < own.length; at++) {
    const word = own[at] ?? "";
    if (takesValue(word) && (await findCommand([own[++at] ?? ""], program))) {
      throw fail("E_USAGE", `${word} needs a value before the command`, `write ${word} VALUE COMMAND`);
    }
  }
}

function inputOf(line: Line, args: readonly string[], rest: readonly string[] | null): Input {
  return {
    args,
    rest,
    flag: (name) => {
      const value = line.flags.get(name);
      return typeof value === "string" ? value : null;
    },
    all: (name) => line.repeated.get(name) ?? [],
    has: (name) => line.flags.get(name) === true,
  };
}

function checkArguments(command: Command, args: readonly string[], rest: readonly string[] | null): void {
  const help = `run 'gum-cred ${command.name} --help'`;
  if (rest !== null && !command.rest)
    throw fail("E_USAGE", `'${command.name}' takes nothing after '--'`, help);
  if (command.rest && (rest === null || rest.length === 0)) {
    throw fail(
      "E_USAGE",
      `'${command.name}' needs a command after '--'`,
      `gum-cred ${command.name} -- CMD ARG…`,
    );
  }
  let most = 0;
  for (const spec of command.args) {
    if (spec.required && args[most] === undefined) {
      throw fail("E_USAGE", `'${command.name}' needs ${spec.name}`, help);
    }
    most = spec.many ? Number.POSITIVE_INFINITY : most + 1;
  }
  if (args.length > most) {
    throw fail("E_USAGE", `'${command.name}' does not take that many arguments`, help);
  }
}

function withFormatMeant({ flags }: Command, line: Line): Line {
  const value = line.flags.get("format");
  const choices = flags.find(({ name }) => name === "format")?.choices;
  if (typeof value !== "string" || !choices || choices.includes(value)) return line;
  return { ...line, flags: new Map([...line.flags, ["format", formatMeant(value, choices)]]) };
}

function checkChoices(command: Command, input: Input): void {
  for (const flag of command.flags) {
    const value = input.flag(flag.name);
    if (value !== null && flag.choices && !flag.choices.includes(value)) {
      throw fail("E_INVALID_VALUE", `--${flag.name} takes one of: ${flag.choices.join(", ")}`);
    }
  }
}

async function unknownFlag(
  word: string,
  known: readonly FlagSpec[],
  suggest: Suggest,
): Promise<GumCredError> {
  const name = word.split("=", 1)[0] ?? word;
  const guess = await suggest(
    name,
    known.map((flag) => `--${flag.name}`),
  );
  return fail(
    "E_UNKNOWN_FLAG",
    `there is no flag ${clean(name, 40)} here`,
    guess ? `did you mean ${guess}?` : undefined,
  );
}

async function unknownCommand(
  words: readonly string[],
  program: readonly Entry[],
  suggest: Suggest,
): Promise<GumCredError> {
  const word = words[0] ?? "";
  const group = program.filter(({ name }) => name.startsWith(`${word} `));
  if (group.length > 0) {
    const list = group.map(({ name }) => name.slice(word.length + 1)).join(", ");
    const second = words[1];
    return second === undefined
      ? fail("E_USAGE", `'${word}' needs one of: ${list}`, `run 'gum-cred ${word} --help'`)
      : fail("E_UNKNOWN_COMMAND", `'${word}' has no '${clean(second, 40)}'`, `it has: ${list}`);
  }
  const guess = await suggest(word, [...new Set(program.map(({ name }) => name.split(" ", 1)[0] ?? ""))]);
  const hint = guess ? `did you mean 'gum-cred ${guess}'?` : undefined;
  return fail("E_UNKNOWN_COMMAND", `there is no command '${clean(word, 40)}'`, hint);
}

/** The known word nearest to a mistyped one; null when none is near. */
async function nearest(word: string, known: readonly string[]): Promise<string | null> {
  const { default: leven } = await import("leven");
  const ranked = known.map((candidate) => ({ candidate, distance: leven(word.toLowerCase(), candidate) }));
  ranked.sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best && best.distance <= Math.max(2, best.candidate.length / 3) ? best.candidate : null;
}
