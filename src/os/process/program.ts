/**
 * A program that takes our place, or runs as our child: what it gets, and what it means when it cannot be started.
 * Starts nothing itself.
 */
import type { RawEnvironment } from "../../core/environment.ts";
import { clean, fail, type GumCredError } from "../../core/errors.ts";
import { reveal, type Secret } from "../../core/secret.ts";
import { cString } from "../native/libc.ts";
import { missingInterpreter, takesReturnForArgument } from "./find-program.ts";
import { rawArguments } from "./raw-arguments.ts";

export interface Program {
  /** Looked for in PATH, as execvp(3) does, unless it has a slash. */
  readonly command: string;
  /** Its arguments; `command` and these must be the last arguments of our own. */
  readonly args: readonly string[];
  readonly set: ReadonlyMap<string, Secret>;
  readonly unset: readonly string[];
}

/** Our environment with the program's changes, for a child. Throws E_UNSAFE_VALUE. */
export function childEnvironment({ set, unset }: Pick<Program, "set" | "unset">): RawEnvironment {
  const env = { ...process.env };
  for (const name of unset) delete env[name];
  for (const [name, value] of set) env[name] = variableValue(name, value);
  return env;
}

/** The value as it goes into a variable. Throws E_UNSAFE_VALUE for a value with a NUL byte. */
export function variableValue(name: string, value: Secret): string {
  const text = reveal(value);
  if (!text.includes("\0")) return text;
  throw fail(
    "E_UNSAFE_VALUE",
    `the value for ${clean(name)} contains a NUL byte`,
    "an environment variable cannot contain one",
  );
}

/**
 * The error for a program that cannot be started, by the code of the system call, such as `ENOENT`. The exit status
 * is as env(1) has it: 127 when there is no such file, 126 for every other reason. `searchPath` is the PATH in which it was
 * looked for.
 */
export function startFailure(command: string, code: string | null, searchPath?: string): GumCredError {
  const name = `'${clean(command, 100)}'`;
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
      return notFound(command, name, searchPath);
    case "EACCES":
      return fail("E_NOT_EXECUTABLE", `${name} is not executable`);
    case "E2BIG":
      return fail("E_NOT_EXECUTABLE", `${name} cannot be run: arguments and environment are too large`);
    default:
      return fail("E_NOT_EXECUTABLE", `${name} cannot be run${code === null ? "" : ` (${code})`}`);
  }
}

function notFound(command: string, name: string, searchPath: string | undefined): GumCredError {
  const interpreter = missingInterpreter(command, searchPath);
  if (interpreter === null) return fail("E_COMMAND_NOT_FOUND", `${name} was not found`);
  if (interpreter.endsWith("\r")) return endsInReturn(name);
  return fail(
    "E_NOT_EXECUTABLE",
    `${name} cannot be run: its interpreter '${clean(interpreter, 100)}' is missing`,
    "install the interpreter, or correct the first line of the script",
  );
}

/** Throws E_NOT_EXECUTABLE for a script that the kernel would run with a carriage return as part of an argument. */
export function refuseReturnInArgument(command: string, searchPath: string | undefined): void {
  if (takesReturnForArgument(command, searchPath)) throw endsInReturn(`'${clean(command, 100)}'`);
}

function endsInReturn(name: string): GumCredError {
  const message = `${name} cannot be run: its first line ends in a carriage return (CRLF), as Windows' editors write it`;
  return fail("E_NOT_EXECUTABLE", message, "convert its line ends, with dos2unix or sed -i 's/\\r$//'");
}

/** JavaScript's strings cannot hold bytes that are not UTF-8, and nothing may run with other arguments. */
export function refuseLostBytes({ command, args }: Program): void {
  const words = [command, ...args];
  const raw = rawArguments(words);
  if (words.some((word, index) => !Buffer.from(raw[index] ?? []).equals(cString(word)))) {
    throw fail("E_OWN_FAILURE", "an argument is not UTF-8 and cannot be passed on");
  }
}
