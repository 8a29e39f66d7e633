/**
 * Starts a program as a child, with the caller's limits and a changed environment. Its environment is made of
 * JavaScript's strings: what is not UTF-8 in other variables is lost, and refused in arguments.
 */
import { clean, fail, type GumCredError } from "../../core/errors.ts";
import { reveal, type Secret } from "../../core/secret.ts";
import { cString } from "../native/libc.ts";
import { hardenProcess, softenProcess } from "./harden.ts";
import { rawArguments } from "./raw-arguments.ts";

export interface Program {
  /** Looked for in PATH, unless it has a slash. */
  readonly command: string;
  /** Its arguments; `command` and these must be the last arguments of our own. */
  readonly args: readonly string[];
  readonly set: ReadonlyMap<string, Secret>;
  readonly unset: readonly string[];
}

/** The child's standard streams: descriptors of ours, or a pseudo-terminal for all three. */
export type Streams =
  | { readonly stdin: "inherit"; readonly stdout: number; readonly stderr: number }
  | { readonly terminal: Bun.TerminalOptions };

export type Start = (streams: Streams) => Bun.Subprocess;

/**
 * Throws E_COMMAND_NOT_FOUND, E_NOT_EXECUTABLE, or E_OWN_FAILURE where it cannot be tried and E_UNSAFE_VALUE for a
 * value with a NUL byte.
 */
export function startProgram(program: Program, streams: Streams): Bun.Subprocess {
  refuseLostBytes(program);
  const { command, args, set, unset } = program;
  const env = { ...process.env };
  for (const name of unset) delete env[name];
  for (const [name, value] of set) env[name] = reveal(value);
  softenProcess();
  try {
    return spawn([command, ...args], env, streams);
  } catch (error) {
    throw whyNot(error, command);
  } finally {
    hardenProcess();
  }
}

/** JavaScript's strings cannot hold bytes that are not UTF-8, and nothing may run with other arguments. */
function refuseLostBytes({ command, args, set }: Program): void {
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

/** A script without `#!` is the shell's, as execvp(3) has it. */
function spawn(command: readonly string[], env: NodeJS.ProcessEnv, streams: Streams): Bun.Subprocess {
  try {
    return Bun.spawn([...command], { env, ...streams });
  } catch (error) {
    const script = codeOf(error) === "ENOEXEC" ? Bun.which(command[0] ?? "") : null;
    if (!script) throw error;
    return Bun.spawn(["/bin/sh", script, ...command.slice(1)], { env, ...streams });
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
