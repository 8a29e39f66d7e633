/** Reads what `bun test` printed: how many tests passed and failed, and what each failure said. */

export interface Outcome {
  readonly passed: number;
  /** At least 1 when the process failed: nothing that ended badly is called "0 failed". */
  readonly failed: number;
  readonly output: string;
}

/** `exitCode` is that of `bun test`, which printed `output`. */
export function outcomeOf(output: string, exitCode: number): Outcome {
  const failed = count(output, "fail");
  return { passed: count(output, "pass"), failed: exitCode !== 0 && failed === 0 ? 1 : failed, output };
}

/** The number before `word` in the summary, which is the last such line; 0 where there is none. */
function count(output: string, word: "pass" | "fail"): number {
  const found = [...output.matchAll(new RegExp(`^ *(\\d+) ${word}$`, "gm"))];
  return Number(found.at(-1)?.[1] ?? 0);
}

const LINES_OF_A_FAILURE = 40;

/** Each failure with the last lines before it; where no test is named as failed, the last lines of all. */
export function failuresIn(output: string): string {
  const lines = output.split("\n");
  const shown: string[] = [];
  let before: string[] = [];
  for (const line of lines) {
    if (/^\d+ tests? failed:/.test(line)) break; // Bun's own repetition
    if (/^\((pass|skip|todo)\)/.test(line)) before = [];
    else before.push(line);
    if (line.startsWith("(fail)")) {
      shown.push(...before.slice(-LINES_OF_A_FAILURE - 1));
      before = [];
    }
  }
  return (shown.length > 0 ? shown : lines.slice(-LINES_OF_A_FAILURE)).join("\n");
}
