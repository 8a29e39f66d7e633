/**
 * Runs a program to its end where the operating system cannot put one process in another's place: Windows. The
 * program has our console and streams, and its exit code becomes ours.
 */
import { clean, fail, type GumCredError } from "../../core/errors.ts";
import { reveal } from "../../core/secret.ts";
import type { Replacement } from "./replace.ts";

/** Does not return. Throws E_COMMAND_NOT_FOUND and E_NOT_EXECUTABLE. */
export async function waitForProgram({ command, args, set, unset }: Replacement): Promise<never> {
  const env = { ...process.env };
  for (const name of unset) delete env[name];
  for (const [name, value] of Object.entries(set)) env[name] = reveal(value);
  // Ctrl-C reaches the program as well: what it means there is the program's to decide.
  process.on("SIGINT", () => {});
  const child = start([command, ...args], env);
  process.exit(await child.exited);
}

function start(command: readonly string[], env: Record<string, string | undefined>) {
  try {
    return Bun.spawn([...command], { env, stdin: "inherit", stdout: "inherit", stderr: "inherit" });
  } catch (error) {
    throw failure(error, clean(command[0] ?? "", 100));
  }
}

function failure(error: unknown, name: string): GumCredError {
  const code = error instanceof Error && "code" in error ? error.code : "";
  return code === "ENOENT"
    ? fail("E_COMMAND_NOT_FOUND", `there is no command '${name}'`)
    : fail("E_NOT_EXECUTABLE", `'${name}' cannot be executed`);
}
