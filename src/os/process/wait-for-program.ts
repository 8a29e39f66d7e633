/**
 * Runs a program to its end where the operating system cannot put one process in another's place: Windows. The
 * program has our console and streams, and its exit code becomes ours.
 */
import type { RawEnvironment } from "../../core/environment.ts";
import { systemCode } from "../../core/system-error.ts";
import { childEnvironment, type Program, startFailure } from "./program.ts";

/** Does not return. Throws E_COMMAND_NOT_FOUND, E_NOT_EXECUTABLE, and E_UNSAFE_VALUE. */
export async function waitForProgram(program: Program): Promise<never> {
  const env = childEnvironment(program);
  // Ctrl-C reaches the program as well: what it means there is the program's to decide.
  process.on("SIGINT", () => {});
  const child = start([program.command, ...program.args], env);
  process.exit(await child.exited);
}

function start(command: readonly string[], env: RawEnvironment) {
  try {
    return Bun.spawn([...command], {
      env: { ...env },
      stdin: "inherit",
      stdout: "inherit",
      stderr: "inherit",
    });
  } catch (error) {
    throw startFailure(command[0] ?? "", systemCode(error));
  }
}
