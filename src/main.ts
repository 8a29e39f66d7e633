/**
 * gum-cred: argv in, exit code out. The one handler at the top decides what a failure prints: our own errors
 * as they are, anything else as a bug without its message, which could quote a secret.
 */
import type { Command, Input, Output } from "./cli/command.ts";
import { makeContext, readGlobals } from "./cli/context.ts";
import { guessCommand, parse } from "./cli/parse.ts";
import { COMMANDS } from "./cli/program.ts";
import { renderError, renderOutput } from "./cli/render.ts";
import { ERRORS, fail, GumCredError } from "./core/errors.ts";
import { hardenProcess } from "./os/harden-process.ts";
import { writeErr, writeOut } from "./os/standard-streams.ts";
import { colorAllowed } from "./os/terminal.ts";
import { VERSION, versionLine } from "./version.ts";

async function main(argv: readonly string[]): Promise<number> {
  hardenProcess();
  try {
    const { command, input } = await parse(argv, COMMANDS);
    if (input.has("version")) return say(versionLine());
    if (input.has("help") || !command) return say(await help(command));
    const globals = readGlobals(input, process.env);
    const output = await command.run(makeContext(input, globals, process.env), input);
    await writeOut(renderOutput(output, globals.json));
    return failureIn(output, command, input, globals.color);
  } catch (error) {
    return report(error, argv);
  }
}

async function say(text: string): Promise<number> {
  await writeOut(text);
  return 0;
}

async function help(command: Command | null): Promise<string> {
  const { commandHelp, overview } = await import("./cli/help.ts");
  return command ? commandHelp(command) : overview(COMMANDS, VERSION);
}

/** A command can show what it found and still have failed, as `status` does when nobody is signed in. */
function failureIn(output: Output, command: Command, input: Input, color: boolean): number {
  if (output.kind !== "data" || !output.error) return 0;
  const exitCode = command.failureExitCode ?? output.error.exitCode;
  writeErr(renderError(output.error, exitCode, input.has("json"), color));
  return exitCode;
}

/** Says what went wrong, on stdout too where the command's consumer must notice; gives the exit code. */
async function report(error: unknown, argv: readonly string[]): Promise<number> {
  const known =
    error instanceof GumCredError ? error : fail("E_INTERNAL", "something went wrong inside gum-cred");
  const command = guessCommand(argv, COMMANDS);
  const exitCode = exitCodeOf(known, command);
  const failure = command?.failure?.(exitCode, argv);
  if (failure) await writeOut(failure);
  const own = argv.includes("--") ? argv.slice(0, argv.indexOf("--")) : argv;
  writeErr(renderError(known, exitCode, own.includes("--json"), colorAllowed(process.env, 2)));
  if (known !== error && own.includes("--debug")) writeErr(frames(error));
  return exitCode;
}

function exitCodeOf(error: GumCredError, command: Command | null): number {
  const runsAnother = error.code === "E_NOT_EXECUTABLE" || error.code === "E_COMMAND_NOT_FOUND";
  const ownWay = runsAnother || error.code === "E_INTERRUPTED";
  return ownWay ? ERRORS[error.code].exit : (command?.failureExitCode ?? error.exitCode);
}

/** Where an unexpected error was thrown, without its message. */
function frames(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  const lines = stack.split("\n").filter((line) => line.trimStart().startsWith("at "));
  return lines.map((line) => `debug: ${line.trim()}\n`).join("");
}

process.exit(await main(process.argv.slice(2)));
