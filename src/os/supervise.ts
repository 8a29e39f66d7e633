/**
 * Runs a program as a child and stands in for it: its output goes through filters, signals are forwarded, and its
 * end becomes ours. Where all three standard streams are a terminal of ours, the child gets a pseudo-terminal
 * (supervise-terminal.ts); else it gets pipes, and our own standard input.
 */
import { constants } from "node:os";
import { clean, fail, type GumCredError } from "../core/errors.ts";
import { reveal, type Secret } from "../core/secret.ts";
import type { ByteFilter } from "./byte-filter.ts";
import { hardenProcess, softenProcess } from "./harden-process.ts";
import { type JobControl, jobControl } from "./job-control.ts";
import { cString } from "./libc.ts";
import { rawArguments } from "./raw-arguments.ts";
import { superviseThroughPipes } from "./supervise-pipes.ts";
import { superviseOnTerminal } from "./supervise-terminal.ts";
import { isTerminal } from "./terminal.ts";

export interface Supervision {
  /** Looked for in PATH, unless it has a slash. */
  readonly command: string;
  /** Its arguments; `command` and these must be the last arguments of our own. */
  readonly args: readonly string[];
  readonly set: ReadonlyMap<string, Secret>;
  readonly unset: readonly string[];
  /** A filter for each stream of output. */
  filter(): ByteFilter;
}

/** A started child as the two ways of supervising need it. */
export interface Child {
  readonly exited: Promise<number>;
  kill(signal: NodeJS.Signals): void;
}

type SpawnOptions = Pick<
  Bun.SpawnOptions.OptionsObject<"inherit", number, number>,
  "stdin" | "stdout" | "stderr"
>;

/** Starts the child; whatever it throws is ours to report. */
export type Start = (options: SpawnOptions | { readonly terminal: Bun.TerminalOptions }) => Bun.Subprocess;

const FORWARDED = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGWINCH"] as const;
/** What the terminal itself sends to every process in front of it, the child among them. */
const FROM_KEYBOARD: ReadonlySet<string> = new Set(["SIGINT", "SIGQUIT", "SIGWINCH"]);

/**
 * Does not return: exits with the child's status, or dies of the child's signal. Throws what
 * {@link replaceProcess} throws when the child cannot be started.
 */
export async function supervise(supervision: Supervision): Promise<never> {
  if (process.platform === "win32") throw fail("E_OWN_FAILURE", "exec does not work on Windows yet");
  refuseLostBytes(supervision);
  const control = jobControl();
  const onTerminal = [0, 1, 2].every((fd) => isTerminal(fd) && control.hasKeyboard(fd));
  const way = onTerminal ? superviseOnTerminal : superviseThroughPipes;
  let child: Bun.Subprocess | undefined;
  // Before the child is there, so that no signal falls in between.
  forwardSignals(control, onTerminal, (signal) => child?.kill(signal));
  await way(
    (options) => {
      child = start(supervision, options);
      return child;
    },
    supervision.filter,
    control,
  );
  await child?.exited;
  return endLike(child, control);
}

/** JavaScript's strings cannot hold bytes that are not UTF-8, and nothing may run with other arguments. */
function refuseLostBytes({ command, args, set }: Supervision): void {
  const words = [command, ...args];
  const raw = rawArguments(words);
  if (words.some((word, index) => !Buffer.from(raw[index] ?? []).equals(cString(word)))) {
    throw fail("E_OWN_FAILURE", "an argument is not UTF-8 and cannot be passed on with --mask");
  }
  for (const [name, value] of set) {
    if (!reveal(value).includes("\0")) continue;
    throw fail("E_UNSAFE_VALUE", `the value for ${clean(name)} holds a NUL byte`, "no variable can carry it");
  }
}

function start({ command, args, set, unset }: Supervision, options: Parameters<Start>[0]): Bun.Subprocess {
  const env = { ...process.env };
  for (const name of unset) delete env[name];
  for (const [name, value] of set) env[name] = reveal(value);
  softenProcess();
  try {
    return spawn([command, ...args], { env, ...options });
  } catch (error) {
    throw whyNot(error, command);
  } finally {
    hardenProcess();
  }
}

/** A script without `#!` is the shell's, as execvp(3) has it. */
function spawn(command: readonly string[], options: Bun.SpawnOptions.OptionsObject): Bun.Subprocess {
  try {
    return Bun.spawn([...command], options);
  } catch (error) {
    const script = codeOf(error) === "ENOEXEC" ? Bun.which(command[0] ?? "") : null;
    if (!script) throw error;
    return Bun.spawn(["/bin/sh", script, ...command.slice(1)], options);
  }
}

function whyNot(error: unknown, command: string): GumCredError {
  const name = `'${clean(command)}'`;
  const code = codeOf(error);
  if (code === "ENOENT") return fail("E_COMMAND_NOT_FOUND", `${name} was not found`);
  if (code === "EACCES") return fail("E_NOT_EXECUTABLE", `${name} is not executable`);
  return fail("E_NOT_EXECUTABLE", `${name} cannot be run${code ? ` (${code})` : ""}`);
}

function codeOf(error: unknown): string | null {
  const code = error instanceof Error && "code" in error ? error.code : null;
  return typeof code === "string" ? code : null;
}

function forwardSignals(
  control: JobControl,
  onTerminal: boolean,
  kill: (signal: NodeJS.Signals) => void,
): void {
  const shared = onTerminal ? [] : [0, 1, 2].filter((fd) => isTerminal(fd));
  for (const signal of FORWARDED) {
    if (control.isIgnored(constants.signals[signal])) continue;
    process.on(signal, () => {
      const hasItAlready = FROM_KEYBOARD.has(signal) && shared.some((fd) => control.hasKeyboard(fd));
      // Of a new size the pseudo-terminal tells its own.
      if (!hasItAlready && !(onTerminal && signal === "SIGWINCH")) kill(signal);
    });
  }
}

function endLike(child: Bun.Subprocess | undefined, control: JobControl): never {
  const signal = child?.signalCode;
  if (!signal) process.exit(child?.exitCode ?? 1);
  const number = constants.signals[signal];
  control.dieOf(number);
  process.exit(128 + number);
}
