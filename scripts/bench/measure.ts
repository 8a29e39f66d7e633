/**
 * Times whole processes, from being started to having ended, against each other: one run of each in turn, over and
 * over, so that whatever else the machine does hits all of them alike. No shell is in between. What starting a process
 * costs this program is in every time alike. What they print goes through a pipe, as in a shell's `$(…)`. Only ratios between the commands of one call mean anything.
 *
 * What has just run leaves the processor's caches warm for its like. So a command and its yardstick belong in a call of their
 * own: among ten of a program, a yardstick with one turn in eleven looks a fifth slower than it is.
 */
import { closeSync, copyFileSync, openSync } from "node:fs";

export interface Case {
  readonly name: string;
  readonly command: readonly string[];
  /** All that it gets besides PATH. */
  readonly env?: Readonly<Record<string, string>>;
  /** The file that it reads from standard input. */
  readonly input?: string;
  /** Done before each run, and not timed. */
  readonly before?: () => void;
  /** It asks a server of this process, which must not stand still meanwhile. */
  readonly served?: boolean;
}

/** Milliseconds. The least of all rounds is what the work itself takes; the rest is what came in between. */
export interface Timing {
  readonly name: string;
  readonly least: number;
  readonly median: number;
  /** The least of each copy of the program, in the order in which they were made. */
  readonly byCopy: readonly number[];
}

const WARM_UP_ROUNDS = 3;

/** Throws when a command fails twice running: a fast failure is no result. */
export async function measure(cases: readonly Case[], rounds: number): Promise<(name: string) => Timing> {
  const times = new Map(cases.map(({ name }) => [name, [] as number[]]));
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    for (const one of cases) {
      one.before?.();
      const taken = await timeOrAgain(one, Math.max(round, 0));
      if (round >= 0) times.get(one.name)?.push(taken);
    }
  }
  return (name) => {
    const all = times.get(name);
    if (!all) throw new Error(`${name} was not measured`);
    const copies = Array.from({ length: Math.min(COPIES, all.length) }, (_, copy) =>
      all.filter((_, round) => round % COPIES === copy),
    );
    const byCopy = copies.map((own) => Math.min(...own));
    return { name, least: Math.min(...all), median: median(all), byCopy };
  };
}

/** The value in the middle; of an even number of values between the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low = Number.NaN, high = Number.NaN] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return (low + high) / 2;
}

/** How many copies of each program take turns. */
export const COPIES = 5;

/** By the path that stands for them all. */
const copies = new Map<string, readonly string[]>();

/**
 * Copies of a program, which {@link measure} runs in turn: the way in which a large file came into memory, in small
 * pages or large ones, moves its start by a tenth and more, from one copy to the next. `to` is the first of them and
 * stands for all.
 */
export function fairCopies(from: string, to: string): string {
  const paths = Array.from({ length: COPIES }, (_, copy) => (copy === 0 ? to : `${to}-${copy}`));
  for (const path of paths) copyFileSync(from, path);
  copies.set(to, paths);
  return to;
}

/** The variables that a measured program gets. */
export function cleanEnvironment(env: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { PATH: process.env["PATH"] ?? "/usr/bin:/bin", ...env };
}

/** GNOME Keyring dies now and then by itself, and is started again (test/support/private-keyring.ts). */
const RESTARTED_MS = 2_000;

async function timeOrAgain(one: Case, round: number): Promise<number> {
  try {
    return await time(one, round);
  } catch (error) {
    console.error(`once more: ${error instanceof Error ? error.message : error}`);
    await Bun.sleep(RESTARTED_MS);
    one.before?.();
    return time(one, round);
  }
}

async function time({ name, command: written, env, input, served }: Case, round: number): Promise<number> {
  const stdin = input === undefined ? "ignore" : openSync(input, "r");
  const options = { env: cleanEnvironment(env), stdin, stdout: "pipe", stderr: "pipe" } as const;
  const [program = "", ...args] = written;
  const command = [copies.get(program)?.[round % COPIES] ?? program, ...args];
  const start = performance.now();
  try {
    const child = served ? await ended(command, options) : Bun.spawnSync(command, options);
    const taken = performance.now() - start;
    if (child.exitCode !== 0) throw new Error(`${name} ended with ${child.exitCode}: ${child.stderr}`);
    return taken;
  } finally {
    if (typeof stdin === "number") closeSync(stdin);
  }
}

type Options = Bun.Spawn.SpawnOptions<"ignore" | number, "pipe", "pipe">;

async function ended(command: readonly string[], options: Options) {
  const child = Bun.spawn([...command], options);
  const stderr = new Response(child.stderr).text();
  await new Response(child.stdout).bytes();
  const exitCode = await child.exited;
  return { exitCode, stderr: await stderr };
}
