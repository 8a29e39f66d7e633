/**
 * Starts a program as a child, with the caller's limits and a changed environment. Its environment is made of
 * JavaScript's strings: bytes that are not UTF-8 are lost from other variables, and refused in arguments.
 */
import { readdirSync } from "node:fs";
import type { RawEnvironment } from "../../core/environment.ts";
import { systemCode } from "../../core/system-error.ts";
import { isInherited } from "../streams/descriptors.ts";
import { findProgram } from "./find-program.ts";
import { hardenProcess, softenProcess } from "./harden.ts";
import {
  childEnvironment,
  type Program,
  refuseLostBytes,
  refuseReturnInArgument,
  startFailure,
} from "./program.ts";

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
  const found = findProgram(command, env["PATH"]);
  if (typeof found === "string") throw startFailure(command, found, env["PATH"]);
  refuseReturnInArgument(command, env["PATH"]);
  softenProcess();
  try {
    return spawn(found.path, [command, ...args], env, streams);
  } catch (error) {
    throw startFailure(command, systemCode(error), env["PATH"]);
  } finally {
    hardenProcess();
  }
}

/** From 3 on, the caller's open files: execve(2) hands them on too. The gaps stay closed. */
export function inheritedFiles(): (number | null)[] {
  const open: (number | null)[] = [];
  for (const name of listed("/proc/self/fd") ?? listed("/dev/fd") ?? []) {
    const fd = Number(name);
    if (fd > 2 && isInherited(fd)) open[fd - 3] = fd;
  }
  return Array.from(open, (fd) => fd ?? null);
}

function listed(folder: string): readonly string[] | null {
  try {
    return readdirSync(folder);
  } catch {
    return null;
  }
}

/** A script without `#!` is the shell's, as execvp(3) has it. */
function spawn(path: string, command: readonly string[], env: RawEnvironment, streams: Streams) {
  const options = { env: { ...env }, ...streamOptions(streams) };
  try {
    return Bun.spawn([path, ...command.slice(1)], { ...options, argv0: command[0] ?? "" });
  } catch (error) {
    if (systemCode(error) !== "ENOEXEC") throw error;
    return Bun.spawn(["/bin/sh", path, ...command.slice(1)], options);
  }
}

function streamOptions(streams: Streams) {
  if ("terminal" in streams) {
    // The pseudo-terminal takes the place of the first three.
    return { ...streams, stdio: [null, null, null, ...inheritedFiles()] as unknown as [null, null, null] };
  }
  const { stdin, stdout, stderr } = streams;
  return { stdio: [stdin, stdout, stderr, ...inheritedFiles()] as unknown as ["inherit", number, number] };
}
