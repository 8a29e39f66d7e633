/**
 * Starts a program as a child, with the caller's limits and a changed environment. Its environment is made of
 * JavaScript's strings: bytes that are not UTF-8 are lost from other variables, and refused in arguments.
 */
import { readdirSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import type { RawEnvironment } from "../../core/environment.ts";
import { clean } from "../../core/errors.ts";
import { systemCode } from "../../core/system-error.ts";
import { libc } from "../native/libc.ts";
import { tooFewFiles } from "../native/open-files.ts";
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
import { replaceProcess } from "./replace.ts";

/** The child's standard streams: descriptors of ours, or a pseudo-terminal for all three. */
export type Streams =
  | { readonly stdin: "inherit"; readonly stdout: number; readonly stderr: number }
  | { readonly terminal: Bun.TerminalOptions };

/** Which of the caller's open files the child gets, from 3 on. */
export type MayKeep = (fd: number) => boolean;

export type Start = (streams: Streams) => Bun.Subprocess;

/**
 * Throws E_COMMAND_NOT_FOUND, E_NOT_EXECUTABLE, or E_OWN_FAILURE where it cannot be tried and E_UNSAFE_VALUE for a
 * value with a NUL byte.
 */
export function startProgram(
  program: Program,
  streams: Streams,
  mayKeep: MayKeep = () => true,
): Bun.Subprocess {
  refuseLostBytes(program);
  const { command, args } = program;
  const env = childEnvironment(program);
  const found = findProgram(command, env["PATH"]);
  if (typeof found === "string") throw startFailure(command, found, env["PATH"]);
  refuseReturnInArgument(command, env["PATH"]);
  softenProcess();
  try {
    return spawn(found.path, [command, ...args], env, streamOptions(streams, mayKeep));
  } catch (error) {
    const code = systemCode(error);
    const few = tooFewFiles(`'${clean(command, 100)}' cannot be run`, code, inheritedFiles().length);
    throw few ?? startFailure(command, code, env["PATH"]);
  } finally {
    hardenProcess();
  }
}

/** From 3 on, the caller's open files: execve(2) hands them on too. The gaps stay closed. */
export function inheritedFiles(mayKeep: MayKeep = () => true): (number | null)[] {
  const open: (number | null)[] = [];
  for (const name of listed("/proc/self/fd") ?? listed("/dev/fd") ?? []) {
    const fd = Number(name);
    if (fd > 2 && isInherited(fd) && mayKeep(fd)) open[fd - 3] = fd;
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
function spawn(
  path: string,
  command: readonly string[],
  env: RawEnvironment,
  streams: ReturnType<typeof streamOptions>,
) {
  const options = { env: { ...env }, ...streams };
  const ignored = ignoredSignals();
  if (ignored.length > 0) {
    const again = { ...options.env, [IGNORED]: ignored.join(",") };
    return Bun.spawn([process.execPath, ...command], { ...options, env: again, argv0: "gum-cred" });
  }
  try {
    return Bun.spawn([path, ...command.slice(1)], { ...options, argv0: command[0] ?? "" });
  } catch (error) {
    if (systemCode(error) !== "ENOEXEC") throw error;
    return Bun.spawn(["/bin/sh", path, ...command.slice(1)], options);
  }
}

function streamOptions(streams: Streams, mayKeep: MayKeep) {
  const files = inheritedFiles(mayKeep);
  if ("terminal" in streams) {
    // The pseudo-terminal takes the place of the first three.
    return { ...streams, stdio: [null, null, null, ...files] as unknown as [null, null, null] };
  }
  const { stdin, stdout, stderr } = streams;
  return { stdio: [stdin, stdout, stderr, ...files] as unknown as ["inherit", number, number] };
}

/** Holds the numbers of ignored signals, and is gone before anything else reads the environment. */
const IGNORED = "GUM_CRED_IGNORED_SIGNALS";

const SIG_IGN = 1;
/** Bun's own, to learn of its children's end. */
const { SIGCHLD } = constants.signals;

/** Signals that the caller ignores, as nohup(1) and a shell's `&` have it; none where the system does not tell. Linux only. */
function ignoredSignals(): readonly number[] {
  if (process.platform !== "linux" || !libc()) return [];
  let mask = 0n;
  try {
    const status = readFileSync("/proc/self/status", "latin1");
    mask = BigInt(`0x${/^SigIgn:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`);
  } catch {
    // No /proc.
  }
  const numbers: number[] = [];
  for (let number = 1; number < 32; number++) {
    if ((mask >> BigInt(number - 1)) & 1n && number !== SIGCHLD) numbers.push(number);
  }
  return numbers;
}

/**
 * The second start through which a child with ignored signals goes: Bun gives its children every signal's default action, so
 * the child is this program once more, which ignores them again and becomes what was to be started. `argv` is the program and
 * its arguments. Does not return. Throws what {@link replaceProcess} throws.
 */
export function becomeIgnoring(numbers: string, [command = "", ...args]: readonly string[]): never {
  for (const number of numbers.split(",")) libc()?.signal(Number(number), SIG_IGN);
  return replaceProcess({ command, args, set: new Map(), unset: [IGNORED] });
}
