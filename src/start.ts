/**
 * The first module of the program: it answers everyday lines, loading as little as can be. What it declines main.ts
 * answers, from the beginning; of what it cannot write main.ts says why.
 */
import type { GumCredError } from "./core/errors.ts";
import { type Secret, secret } from "./core/secret.ts";
import { type Everyday, everydayExports, everydayLine, everydayQuestions, type Files } from "./everyday.ts";
import type { FirstCalls } from "./keychain/secret-service/head-start.ts";
import { isCloseOnExec } from "./os/native/descriptor.ts";
import { isTerminal } from "./os/streams/is-terminal.ts";
import { versionLine } from "./version.ts";

/** Put in by scripts/build.ts. */
declare const GUM_CRED_FIRST_CALLS: FirstCalls | undefined;
declare const GUM_CRED_OVERVIEW: string | undefined;

/** What Bun says of a file that it cannot look at: there is no system call without loading more. */
const UNKNOWN_TIME = 2 ** 52 - 1;

/**
 * Characters, all of them ASCII. A pipe takes so many whole or not at all; of more than 1,024 bytes Bun makes room in a
 * file first, as if it wrote at the file's beginning.
 */
const PIECE = 1_000;

const FILES: Files = { isThere, hasEntry };

void start();

async function start(): Promise<void> {
  try {
    // Elsewhere a keychain is always possible, and nothing tells a stdout that was closed.
    if (process.platform === "linux") await answerEveryday(process.argv.slice(2));
  } catch {
    // The whole program meets the same obstacle, and says it in its own words.
  }
  await import("./main.ts");
}

/** Does not return where it answers. */
async function answerEveryday(argv: readonly string[]): Promise<void> {
  if (argv.length === 1 && argv[0] === "--version") await print(versionLine());
  if (argv.length === 1 && argv[0] === "--help") await print(await help());
  const answer = everydayExports(argv, process.env, FILES);
  if (answer && argv[0] === "exec") await become(argv, answer);
  else if (answer) await print(everydayLine(answer));
  else {
    const questions = everydayQuestions(argv, process.env, FILES);
    if (questions === null || typeof GUM_CRED_FIRST_CALLS === "undefined") return;
    const { ask, isSession } = questions;
    const { beginHeadStart } = await import("./keychain/secret-service/head-start.ts");
    beginHeadStart(process.env, GUM_CRED_FIRST_CALLS, ask, ask.includes("session"));
    if (isSession) await answerStored(argv);
  }
}

async function answerStored(argv: readonly string[]): Promise<void> {
  const { everydayStored } = await import("./everyday-stored.ts");
  // What will be needed, while the keyring is working.
  if (argv[0] === "exec") await import("./os/process/replace.ts");
  else prepareOutput();
  const answer = everydayStored(process.env);
  if (answer && argv[0] === "exec") await become(argv, answer);
  else if (answer) await write(everydayLine(answer));
}

/** Throws where stdout was closed, or does not take the text: main.ts says so. */
async function print(text: string): Promise<never> {
  prepareOutput();
  return write(text);
}

function prepareOutput(): void {
  if (wasClosed()) throw new Error("stdout was closed");
  // Without a reader, and over the limit of a file, the write must fail and not end us.
  for (const signal of ["SIGPIPE", "SIGXFSZ"]) process.on(signal, () => {});
}

async function write(text: string): Promise<never> {
  let rest = text;
  try {
    for (; rest !== ""; rest = rest.slice(PIECE)) await Bun.write(Bun.stdout, rest.slice(0, PIECE));
  } catch (error) {
    await writeRest(rest, error);
  }
  process.exit(0);
}

/**
 * A stdout that is busy is waited for. Otherwise a file may have taken a part of the last piece, so that nothing is tried
 * again, and main.ts says why.
 */
async function writeRest(rest: string, error: unknown): Promise<void> {
  const { firstAnswer, outputFailure, writeOut } = await import("./os/streams/standard-streams.ts");
  const code = (error as { readonly code?: string }).code ?? "EIO";
  if (code === "EPIPE") return; // its reader has seen enough
  try {
    if (code !== "EAGAIN") throw outputFailure(1, code);
    await writeOut(rest);
  } catch (failure) {
    firstAnswer.failure = failure as GumCredError;
    throw failure;
  }
}

/** In place of a stdout that was closed Bun opens /dev/null, and not for programs that it starts. */
function wasClosed(): boolean {
  if (Bun.file("/proc/self/fd/1").lastModified !== Bun.file("/dev/null").lastModified) return false;
  return isCloseOnExec(1);
}

/** The whole program may have to look at a terminal first. */
async function help(): Promise<string> {
  if (typeof GUM_CRED_OVERVIEW === "string" && !isTerminal(1)) return GUM_CRED_OVERVIEW;
  return (await import("./cli/overview.ts")).overview();
}

function isThere(path: string): boolean {
  return Bun.file(path).lastModified !== UNKNOWN_TIME;
}

function hasEntry(folder: string, beginning: string): boolean {
  // A name without a pattern would be looked up, and a link followed.
  const names = new Bun.Glob(`${beginning}*`).scanSync({ cwd: folder, onlyFiles: false });
  return !names.next().done;
}

async function become(argv: readonly string[], { unset, set }: Everyday): Promise<void> {
  const { canReplace, replaceProcess } = await import("./os/process/replace.ts");
  if (!canReplace()) return;
  const [command = "", ...args] = argv.slice(argv.indexOf("--") + 1);
  const values = new Map<string, Secret>();
  for (const [name, value] of set) values.set(name, secret(value));
  replaceProcess({ command, args, set: values, unset });
}
