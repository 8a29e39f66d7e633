/**
 * gum-cred: argv in, exit code out. The one handler at the top decides what a failure prints: our own errors
 * as they are, anything else as a bug without its message, which could quote a secret.
 */

import type { Command, Output } from "./cli/command.ts";
import { makeContext } from "./cli/context.ts";
import { advice, knowCommands } from "./cli/hints.ts";
import { type Line, readLine } from "./cli/line.ts";
import { overview } from "./cli/overview.ts";
import { allCommands, PROGRAM } from "./cli/program.ts";
import { renderError, renderOutput } from "./cli/render.ts";
import { errorSpecs, fail, GumCredError } from "./core/errors.ts";
import { LASTING_MS, waits } from "./os/deadline.ts";
import { hardenProcess } from "./os/process/harden.ts";
import { ENDING, isIgnored } from "./os/process/hold-signals.ts";
import { firstAnswer, writeErr, writeOut } from "./os/streams/standard-streams.ts";
import { colorAllowed, columnsOf } from "./os/streams/terminal.ts";
import { versionJson, versionLine } from "./version.ts";

async function main(argv: readonly string[]): Promise<number> {
  hardenProcess();
  try {
    const line = await readLine(argv, PROGRAM);
    const { command, input, globals, problem, topic } = line;
    if (problem) throw problem;
    if (firstAnswer.failure) throw firstAnswer.failure;
    if (globals.version) return await say(globals.json ? versionJson() : versionLine());
    if (globals.help || !command) return await say(await help(command, topic));
    if (command.failure) mindSignals(command, line);
    const output = await command.run(makeContext(input, globals, process.env), input);
    await writeOut(renderOutput(output, globals.json));
    return failureIn(output, command, line);
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
  if (!command && topic === null) return overview();
  const { commandHelp, groupHelp } = await import("./cli/help.ts");
  return command ? commandHelp(command, width) : groupHelp(topic ?? "", await allCommands(), width);
}

/** A command can show what it found and still have failed, as `status` does when nobody is signed in. */
function failureIn(output: Output, command: Command, line: Line): number {
  if (output.kind !== "data" || !output.error) return 0;
  const exitCode = command.failureExitCode ?? output.error.exitCode;
  complain(output.error, exitCode, line);
  return exitCode;
}

/** The error on stderr, as the command line asks for it even where it does not parse. */
function complain({ code, message, hint }: GumCredError, exitCode: number, { globals }: Line): void {
  const color = globals.color && colorAllowed(process.env, 2);
  writeErr(renderError({ code, message, hint: advice().hint(hint) }, exitCode, globals.json, color));
}

/** Says what went wrong, on stdout too where the command's consumer must notice; gives the exit code. */
async function report(error: unknown, argv: readonly string[]): Promise<number> {
  const line = await readLine(argv, PROGRAM);
  const { command } = line;
  const known = error instanceof GumCredError ? error : await unexpected(error, command);
  const exitCode = exitCodeOf(known, command, argv);
  const failure = command?.failure?.(exitCode, line);
  // Where stdout itself is what failed, stderr still says so.
  if (failure) await writeOut(failure).catch(() => {});
  complain(known, exitCode, line);
  if (known !== error && line.globals.debug) writeErr(frames(error));
  return exitCode;
}

/** A bug, or a machine that gives too little for what Bun does in one step. */
async function unexpected(error: unknown, command: Command | null): Promise<GumCredError> {
  const { systemCode } = await import("./core/system-error.ts");
  const { tooFewFiles } = await import("./os/native/open-files.ts");
  const code = command?.failureExitCode ? "E_OWN_FAILURE" : "E_INTERNAL";
  return (
    tooFewFiles("gum-cred cannot go on", systemCode(error), 0, code) ??
    fail("E_INTERNAL", "something went wrong inside gum-cred")
  );
}

function exitCodeOf(error: GumCredError, command: Command | null, argv: readonly string[]): number {
  // Without a program to run, as `broker --listen`, failures have their own codes.
  const runs = !command?.restOptional || argv.includes("--");
  const runsAnother = error.code === "E_NOT_EXECUTABLE" || error.code === "E_COMMAND_NOT_FOUND";
  const ownWay = runsAnother || error.code === "E_INTERRUPTED" || error.code === "E_ISOLATION";
  return ownWay
    ? errorSpecs()[error.code].exit
    : ((runs ? command?.failureExitCode : null) ?? error.exitCode);
}

/** Where an unexpected error was thrown, without its message. */
function frames(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  const lines = stack.split("\n").filter((line) => line.trimStart().startsWith("at "));
  return lines.map((line) => `debug: ${line.trim()}\n`).join("");
}

/**
 * A signal that ends a run which has lasted a while ends it with its failure statement: whoever evaluates what it prints would
 * take nothing for success.
 */
function mindSignals(command: Command, line: Line): void {
  if (process.platform === "win32") return;
  const end = (): void => {
    if (waits.held) return;
    const error = fail("E_INTERRUPTED", "interrupted");
    void writeOut(command.failure?.(error.exitCode, line) ?? "").catch(() => {});
    complain(error, error.exitCode, line);
    process.exit(error.exitCode);
  };
  waits.lasts = () => {
    waits.lasts = null;
    waits.cutShort = end;
    for (const [name, number] of ENDING) if (!isIgnored(number)) process.on(name, end);
  };
  // Since the process was started: the first modules may have waited already.
  const leftMs = LASTING_MS - performance.now();
  if (leftMs <= 0) waits.lasts();
  else setTimeout(() => waits.lasts?.(), leftMs).unref();
}

/** What a child with ignored signals is started through (os/process/spawn.ts). */
async function startIgnoring(numbers: string, words: readonly string[]): Promise<number> {
  try {
    const { becomeIgnoring } = await import("./os/process/spawn.ts");
    return becomeIgnoring(numbers, words);
  } catch (error) {
    return report(error, []);
  }
}

knowCommands(PROGRAM);
const argv = process.argv.slice(2);
const ignoredSignals = process.env["GUM_CRED_IGNORED_SIGNALS"];
// What is thrown outside the main run, by a callback or a forgotten promise, Bun would print with its values.
for (const event of ["uncaughtException", "unhandledRejection"]) {
  process.on(event, async (error: unknown) => process.exit(await report(error, argv)));
}
void (ignoredSignals ? startIgnoring(ignoredSignals, argv) : main(argv)).then((code) => process.exit(code));
