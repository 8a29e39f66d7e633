/**
 * Becomes another program: same process id, terminal, limits and open files, as if the caller had started it
 * itself. Only the named environment variables differ; every other one keeps its bytes, because the C
 * library's own environment is changed in place instead of being rebuilt from decoded strings.
 */
import type { RawEnvironment } from "../../core/environment.ts";
import { clean, fail } from "../../core/errors.ts";
import { reveal } from "../../core/secret.ts";
import { systemCode } from "../../core/system-error.ts";
import { ptr } from "../native/ffi.ts";
import { cString, type ExecCalls, errno, errnoName, execCalls } from "../native/libc.ts";
import { findProgram } from "./find-program.ts";
import { softenProcess } from "./harden.ts";
import {
  childEnvironment,
  type Program,
  refuseLostBytes,
  refuseReturnInArgument,
  startFailure,
  variableValue,
} from "./program.ts";
import { rawArguments } from "./raw-arguments.ts";

/** Whether it is done by native calls: without them the caller's open files do not go on to the program. */
export function canReplace(): boolean {
  return execCalls() !== null;
}

/**
 * Does not return. Throws E_COMMAND_NOT_FOUND, E_NOT_EXECUTABLE, or E_OWN_FAILURE where it cannot be tried
 * and E_UNSAFE_VALUE for a value with a NUL byte. After a throw our own environment has changed already.
 */
export function replaceProcess(program: Program): never {
  const { command, args, set, unset } = program;
  const c = execCalls();
  if (!c) return replaceByNode(program);
  const argv = rawArguments([command, ...args]);
  const path = pathFor(program);
  if (mayHaveReturn(c, command, path)) refuseReturnInArgument(command, path);
  changeEnvironment(c, set, unset);
  softenProcess();
  c.execvp(argv[0] ?? cString(""), pointersTo(argv));
  throw startFailure(command, errnoName(errno()), process.env["PATH"]);
}

/** Where native calls are refused. Variables whose bytes are not UTF-8 are altered here, which is not refused. */
function replaceByNode(program: Program): never {
  const { command, args } = program;
  refuseLostBytes(program);
  const env = childEnvironment(program);
  const found = findProgram(command, env["PATH"]);
  if (typeof found === "string") throw startFailure(command, found, env["PATH"]);
  refuseReturnInArgument(command, env["PATH"]);
  const code = execve(found.path, [command, ...args], env);
  if (code !== "ENOEXEC") throw startFailure(command, code, env["PATH"]);
  throw startFailure(command, execve("/bin/sh", ["/bin/sh", found.path, ...args], env));
}

/** Does not return where it succeeds; else the code of the system, such as `ENOENT`. */
function execve(path: string, argv: readonly string[], env: RawEnvironment): string | null {
  const set: Record<string, string> = {};
  for (const name in env) if (env[name] !== undefined) set[name] = env[name];
  try {
    process.execve?.(path, argv, set);
  } catch (error) {
    return systemCode(error);
  }
  return null;
}

/** The PATH that execvp(3) will look in. */
function pathFor({ set, unset }: Program): string | undefined {
  const given = set.get("PATH");
  if (given) return reveal(given);
  return unset.includes("PATH") ? undefined : process.env["PATH"];
}

const NUMBER_SIGN = 0x23;
const EXCLAMATION_MARK = 0x21;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
/** Read only, and without waiting for a FIFO's writer (`<fcntl.h>`: O_NONBLOCK). */
const LOOK = process.platform === "darwin" ? 4 : 0o4000;

/** Whether the first file of that name looks like a script of Windows': one look, because every `exec` pays for it. */
function mayHaveReturn(c: ExecCalls, command: string, path = ""): boolean {
  const folders = command.includes("/") ? [""] : path.split(":");
  for (const folder of folders) {
    const fd = c.open(cString(folder === "" ? command : `${folder}/${command}`), LOOK);
    if (fd < 0) continue;
    const bytes = new Uint8Array(128);
    const count = c.read(fd, bytes, bytes.length);
    c.close(fd);
    if (count < 2 || bytes[0] !== NUMBER_SIGN || bytes[1] !== EXCLAMATION_MARK) return false;
    return bytes[bytes.indexOf(LINE_FEED) - 1] === CARRIAGE_RETURN;
  }
  return false;
}

function changeEnvironment(c: ExecCalls, set: Program["set"], unset: readonly string[]): void {
  for (const name of unset) unsetVariable(c, name);
  for (const [name, value] of set) {
    // setenv(3) changes the first of several entries of one name only, and programs differ in which they read.
    unsetVariable(c, name);
    const bytes = cString(variableValue(name, value));
    const result = c.setenv(cString(name), bytes, 1);
    bytes.fill(0);
    if (result !== 0) throw fail("E_OWN_FAILURE", `the variable ${clean(name)} cannot be set`);
  }
}

function unsetVariable(c: ExecCalls, name: string): void {
  if (c.unsetenv(cString(name)) !== 0)
    throw fail("E_OWN_FAILURE", `${clean(name)} is not a valid variable name`);
}

/**
 * `char *argv[]`, with its closing null. The strings must be kept alive by the caller. In halves, the lower one first as
 * on every machine we build for: the first bigint of a run takes a quarter of a megabyte.
 */
function pointersTo(strings: readonly Uint8Array[]): Uint32Array {
  const halves = new Uint32Array(2 * (strings.length + 1));
  for (let at = 0; at < strings.length; at++) {
    const place = ptr(strings[at] as Uint8Array) as number;
    halves[2 * at] = place;
    halves[2 * at + 1] = place / 2 ** 32;
  }
  return halves;
}
