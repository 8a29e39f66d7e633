/**
 * gum-cred: argv in, exit code out. The one handler at the top decides what a failure prints: our own errors
 * as they are, anything else as a bug without its message, which could quote a secret.
 */
import type { Command, Output } from "./cli/command.ts";
import { makeContext, readGlobals } from "./cli/context.ts";
import { followable } from "./cli/hints.ts";
import { guessCommand, parse } from "./cli/parse.ts";
import { allCommands, PROGRAM } from "./cli/program.ts";
import { renderError, renderOutput } from "./cli/render.ts";
import { ERRORS, fail, GumCredError } from "./core/errors.ts";
import { hardenProcess } from "./os/process/harden.ts";
import { writeErr, writeOut } from "./os/streams/standard-streams.ts";
import { colorAllowed, columnsOf } from "./os/streams/terminal.ts";
import { VERSION, versionLine } from "./version.ts";

async function main(argv: readonly string[]): Promise<number> {
  hardenProcess();
  try {
    const { command, input, topic } = await parse(argv, PROGRAM);
    if (input.has("version")) return await say(versionLine());
    if (input.has("help") || !command) return await say(await help(command, topic));
    const globals = readGlobals(input);
    const output = await command.run(makeContext(input, globals, process.env), input);
    await writeOut(renderOutput(output, globals.json));
    return failureIn(output, command, argv);
  } catch (error) {
    return report(error, argv);
  }
}

async function say(text: string): Promise<number> {
  await writeOut(text);
  return 0;
}

async function help(command: Command | null, topic: string | null): Promise<string> {
  const width = columnsOf(1);
  if (topic?.startsWith("help ")) {
    const { TOPICS, topicHelp } = await import("./cli/help-topics.ts");
    const named = TOPICS.find((one) => topic === `help ${one}`);
    if (named) return topicHelp(named, width);
  }
  const { commandHelp, groupHelp, overview } = await import("./cli/help.ts");
  if (command) return commandHelp(command, width);
  const commands = await allCommands();
  return topic === null ? overview(commands, VERSION, width) : groupHelp(topic, commands, width);
}

/** A command can show what it found and still have failed, as `status` does when nobody is signed in. */
function failureIn(output: Output, command: Command, argv: readonly string[]): number {
  if (output.kind !== "data" || !output.error) return 0;
  const exitCode = command.failureExitCode ?? output.error.exitCode;
  complain(output.error, exitCode, argv);
  return exitCode;
}

/** The error on stderr, as the command line asks for it even where it does not parse. */
function complain(error: GumCredError, exitCode: number, argv: readonly string[]): void {
  const own = ownWords(argv);
  const color = !own.includes("--no-color") && colorAllowed(process.env, 2);
  const hint = followable(
    error.hint,
    argv,
    PROGRAM.map(({ name }) => name),
  );
  writeErr(
    renderError({ code: error.code, message: error.message, hint }, exitCode, own.includes("--json"), color),
  );
}

/** The words that are gum-cred's, not those of a command that it runs. */
function ownWords(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf("--");
  return end < 0 ? argv : argv.slice(0, end);
}

/** Says what went wrong, on stdout too where the command's consumer must notice; gives the exit code. */
async function report(error: unknown, argv: readonly string[]): Promise<number> {
  const known =
    error instanceof GumCredError ? error : fail("E_INTERNAL", "something went wrong inside gum-cred");
  const command = await guessCommand(argv, PROGRAM);
  const exitCode = exitCodeOf(known, command);
  const failure = command?.failure?.(exitCode, ownWords(argv));
  // Where stdout itself is what failed, stderr still says so.
  if (failure) await writeOut(failure).catch(() => {});
  complain(known, exitCode, argv);
  if (known !== error && ownWords(argv).includes("--debug")) writeErr(frames(error));
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

const argv = process.argv.slice(2);
// What is thrown outside the main run, by a callback or a forgotten promise, Bun would print with its values.
for (const event of ["uncaughtException", "unhandledRejection"]) {
  process.on(event, async (error: unknown) => process.exit(await report(error, argv)));
}
void main(argv).then((code) => process.exit(code));
