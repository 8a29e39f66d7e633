/**
 * Runs a finished file with the variables that could turn Bun into something else, and demands that nothing comes
 * of them: the same output and exit code as without, and no file in the current directory.
 */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";

const HOSTILE: readonly Readonly<Record<string, string>>[] = [
  { BUN_BE_BUN: "1" },
  { BUN_OPTIONS: "--preload=./planted.js" },
  { BUN_OPTIONS: "--cpu-prof" },
  { BUN_OPTIONS: "--heap-prof" },
  { BUN_INSPECT: "127.0.0.1:0?wait=1", BUN_INSPECT_PRELOAD: "./planted.js" },
  { BUN_INSPECT: "unix://./planted.sock" },
  { BUN_BYTECODE_ORDER_OUT: "./order", BUN_BYTECODE_ORDER_NAMES_OUT: "./names" },
  { BUN_BYTECODE_DIGEST_OUT: "./digest" },
  { BUN_JSC_dumpOptions: "1" },
  { BUN_JSC_useSamplingProfiler: "1", BUN_JSC_samplingProfilerPath: "." },
  { NODE_OPTIONS: "--require=./planted.js" },
];

const TIMEOUT_MS = 10_000;

export interface VerifyOptions {
  /** What the program needs in any case. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where to make the current directory of the runs; the system's folder for temporary files. */
  readonly within?: string;
  /** The command that runs the program, given the current directory of the run: `wine`, a chroot. */
  readonly through?: (folder: string) => readonly string[];
}

/** Throws when any of it changes what `file ARGS…` does. */
export function verify(file: string, args: readonly string[], options: VerifyOptions = {}): void {
  const { env = {}, within = tmpdir(), through = () => [] } = options;
  const folder = mkdtempSync(`${within}/gum-cred-verify-`);
  const run = (hostile: Readonly<Record<string, string>>) =>
    outcome([...through(folder), file, ...args], folder, { ...env, ...hostile });
  try {
    writeFileSync(`${folder}/planted.js`, "console.log('planted code ran')");
    const normal = run({});
    for (const hostile of HOSTILE) {
      if (run(hostile) !== normal) throw new Error(`the built file obeys ${JSON.stringify(hostile)}`);
      const files = readdirSync(folder).filter((name) => name !== "planted.js");
      if (files.length > 0) throw new Error(`the built file writes ${files} with ${JSON.stringify(hostile)}`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function outcome(command: readonly string[], cwd: string, env: Record<string, string>): string {
  const { stdout, stderr, exitCode, signalCode } = Bun.spawnSync([...command], {
    cwd,
    env: { PATH: process.env["PATH"], ...env },
    timeout: TIMEOUT_MS,
  });
  return JSON.stringify([stdout.toString(), stderr.toString(), exitCode, signalCode]);
}
