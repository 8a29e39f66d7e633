/**
 * Times commands against each other: one run of each in turn, over and over, so that whatever else the machine does
 * hits all of them alike. Only ratios between commands of one call mean anything.
 */
import { copyFileSync } from "node:fs";

export interface Case {
  readonly name: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface Timing {
  readonly name: string;
  /** Median of all rounds, in milliseconds. */
  readonly median: number;
}

const WARM_UP_ROUNDS = 3;

/** Throws when a command fails even once: a fast failure is no result. */
export function measure(cases: readonly Case[], rounds: number): Map<string, Timing> {
  const times = new Map(cases.map(({ name }) => [name, [] as number[]]));
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    for (const one of cases) {
      const taken = time(one);
      if (round >= 0) times.get(one.name)?.push(taken);
    }
  }
  return new Map([...times].map(([name, all]) => [name, { name, median: median(all) }]));
}

/**
 * A copy to run: how fast a large file starts depends on how it was written, because Linux keeps it in memory in
 * the sizes that it came in. All programs compared have to be copied in the same way.
 */
export function fairCopy(from: string, to: string): string {
  copyFileSync(from, to);
  return to;
}

function time({ name, command, env = {} }: Case): number {
  const start = performance.now();
  const { exitCode, stderr } = Bun.spawnSync([...command], {
    env: { PATH: process.env["PATH"], ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const taken = performance.now() - start;
  if (exitCode !== 0) throw new Error(`${name} ended with ${exitCode}: ${stderr}`);
  return taken;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low = Number.NaN, high = Number.NaN] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return (low + high) / 2;
}
