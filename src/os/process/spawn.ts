/**
 * Starts a program as a child, with the caller's limits and a changed environment. Its environment is made of
 * JavaScript's strings: bytes that are not UTF-8 are lost from other variables, and refused in arguments.
 */
import type { RawEnvironment } from "../../core/environment.ts";
import { fail } from "../../core/errors.ts";
import { systemCode } from "../../core/system-error.ts";
import { cString } from "../native/libc.ts";
import { hardenProcess, softenProcess } from "./harden.ts";
import { childEnvironment, type Program, startFailure } from "./program.ts";
import { rawArguments } from "./raw-arguments.ts";

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
  const { command, args } = program;
  const env = childEnvironment(program);
  softenProcess();
  try {
    return spawn([command, ...args], env, streams);
  } catch (error) {
    throw startFailure(command, systemCode(error));
  } finally {
    hardenProcess();
  }
}

/** JavaScript's strings cannot hold bytes that are not UTF-8, and nothing may run with other arguments. */
function refuseLostBytes({ command, args }: Program): void {
  const words = [command, ...args];
  const raw = rawArguments(words);
  if (words.some((word, index) => !Buffer.from(raw[index] ?? []).equals(cString(word)))) {
    throw fail("E_OWN_FAILURE", "an argument is not UTF-8 and cannot be passed on with --mask");
  }
}

/** A script without `#!` is the shell's, as execvp(3) has it. */
function spawn(command: readonly string[], env: RawEnvironment, streams: Streams): Bun.Subprocess {
  try {
    return Bun.spawn([...command], { env: { ...env }, ...streams });
  } catch (error) {
    const script = systemCode(error) === "ENOEXEC" ? Bun.which(command[0] ?? "") : null;
    if (!script) throw error;
    return Bun.spawn(["/bin/sh", script, ...command.slice(1)], { env: { ...env }, ...streams });
  }
}
