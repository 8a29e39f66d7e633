/**
 * Runs a program to its end where it cannot be put in our place: on Windows, and where native calls are refused and the
 * caller has more files open than the standard streams, which process.execve() closes. The program has our terminal and
 * streams, and we end as it ends.
 */
import { constants } from "node:os";
import type { RawEnvironment } from "../../core/environment.ts";
import { systemCode } from "../../core/system-error.ts";
import { isTerminal } from "../streams/is-terminal.ts";
import { childEnvironment, type Program, startFailure } from "./program.ts";
import { startProgram } from "./spawn.ts";

/** Does not return. Throws E_COMMAND_NOT_FOUND, E_NOT_EXECUTABLE, and E_UNSAFE_VALUE. */
export async function waitForProgram(program: Program): Promise<never> {
  const env = childEnvironment(program);
  // Ctrl-C reaches the program as well: what it means there is the program's to decide.
  process.on("SIGINT", () => {});
  const child = start([program.command, ...program.args], env);
  process.exit(await child.exited);
}

const FORWARDED = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const;

/** The same on Linux and macOS, without native calls. Does not return. Throws what {@link startProgram} throws. */
export async function waitForChild(program: Program): Promise<never> {
  let child: Bun.Subprocess | undefined;
  // The keyboard's signals reach the program by themselves.
  const onKeyboard = [0, 1, 2].some(isTerminal);
  for (const signal of FORWARDED) {
    process.on(signal, () => {
      if (!onKeyboard || (signal !== "SIGINT" && signal !== "SIGQUIT")) child?.kill(signal);
    });
  }
  child = startProgram(program, { stdin: "inherit", stdout: 1, stderr: 2 });
  await child.exited;
  const { signalCode } = child;
  if (typeof signalCode !== "string") process.exit(signalCode ? 128 + signalCode : (child.exitCode ?? 1));
  process.removeAllListeners(signalCode);
  process.kill(process.pid, signalCode);
  // Not every signal ends a process, and none that is not its own ends process 1 of a container.
  await Bun.sleep(100);
  process.exit(128 + constants.signals[signalCode]);
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
