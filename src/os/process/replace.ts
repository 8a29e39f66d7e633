/**
 * Becomes another program: same process id, terminal, limits and open files, as if the caller had started it
 * itself. Only the named environment variables differ; every other one keeps its bytes, because the C
 * library's own environment is changed in place instead of being rebuilt from decoded strings.
 */
import { ptr } from "bun:ffi";
import { clean, fail, type GumCredError } from "../../core/errors.ts";
import { reveal, type Secret } from "../../core/secret.ts";
import { cString, ERRNO, type Libc, libc } from "../native/libc.ts";
import { softenProcess } from "./harden.ts";
import { rawArguments } from "./raw-arguments.ts";

export interface Replacement {
  /** Looked for in PATH as execvp(3) does, unless it has a slash. */
  readonly command: string;
  /** Its arguments; `command` and these must be the last arguments of our own. */
  readonly args: readonly string[];
  readonly set: Readonly<Record<string, Secret>>;
  readonly unset: readonly string[];
}

const SIG_DFL = null;
/** The signals that Bun ignores from its start; a program inherits what is ignored, and nothing else. */
const IGNORED_BY_BUN = [13 /* SIGPIPE */, 25 /* SIGXFSZ */];

/**
 * Does not return. Throws E_COMMAND_NOT_FOUND, E_NOT_EXECUTABLE, or E_OWN_FAILURE where it cannot be tried
 * and E_UNSAFE_VALUE for a value with a NUL byte. After a throw our own environment has changed already.
 */
export function replaceProcess({ command, args, set, unset }: Replacement): never {
  const c = libc();
  if (!c) throw fail("E_OWN_FAILURE", "this system cannot replace a process");
  const argv = rawArguments([command, ...args]);
  changeEnvironment(c, set, unset);
  softenProcess();
  for (const signal of IGNORED_BY_BUN) c.signal(signal, SIG_DFL);
  c.execvp(argv[0] ?? cString(""), pointersTo(argv));
  throw failure(c.errno(), command);
}

function changeEnvironment(c: Libc, set: Replacement["set"], unset: readonly string[]): void {
  for (const name of unset) unsetVariable(c, name);
  for (const [name, value] of Object.entries(set)) {
    if (reveal(value).includes("\0")) {
      throw fail(
        "E_UNSAFE_VALUE",
        `the value for ${clean(name)} holds a NUL byte`,
        "no variable can carry it",
      );
    }
    // setenv(3) changes the first of several entries of one name only, and programs differ in which they read.
    unsetVariable(c, name);
    const bytes = cString(reveal(value));
    const result = c.setenv(cString(name), bytes, 1);
    bytes.fill(0);
    if (result !== 0) throw fail("E_OWN_FAILURE", `the variable ${clean(name)} cannot be set`);
  }
}

function unsetVariable(c: Libc, name: string): void {
  if (c.unsetenv(cString(name)) !== 0) throw fail("E_OWN_FAILURE", `${clean(name)} is no variable name`);
}

/** `char *argv[]`, with its closing null. The strings must be kept alive by the caller. */
function pointersTo(strings: readonly Uint8Array[]): BigUint64Array {
  return BigUint64Array.from([...strings.map((bytes) => BigInt(ptr(bytes))), 0n]);
}

/** The exit status follows env(1): 127 when there is no such file, 126 for every other reason. */
function failure(errno: number, command: string): GumCredError {
  const name = `'${clean(command)}'`;
  switch (errno) {
    case ERRNO.ENOENT:
      return fail("E_COMMAND_NOT_FOUND", `${name} was not found`);
    case ERRNO.EACCES:
      return fail("E_NOT_EXECUTABLE", `${name} is not executable`);
    case ERRNO.E2BIG:
      return fail("E_NOT_EXECUTABLE", `${name} cannot be run: arguments and environment are too large`);
    default:
      return fail("E_NOT_EXECUTABLE", `${name} cannot be run (errno ${errno})`);
  }
}
