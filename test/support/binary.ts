/**
 * Builds the binary once when sources are newer, and runs it (or another program that finds it on PATH) in a
 * clean environment.
 */

import { dlopen } from "bun:ffi";
import { closeSync, existsSync, mkdtempSync, openSync, readdirSync, statSync, symlinkSync } from "node:fs";
import { resolve } from "node:path";

const ROOT = resolve(import.meta.dir, "../..");
const BUILT = `${ROOT}/dist/gum-cred`;

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | Uint8Array;
  readonly cwd?: string;
  readonly timeoutMs?: number;
  /** Another program and its first arguments in place of gum-cred, which it finds on PATH. */
  readonly program?: readonly string[];
}

export interface RunResult {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Path of the binary under test: GUM_CRED_BINARY, or dist/gum-cred built from the sources as they are. */
export function gumCred(): string {
  binary ??= process.env["GUM_CRED_BINARY"] ?? buildIfOlder();
  return binary;
}

/** Runs gum-cred to its end, in an environment of PATH and a home folder only unless told otherwise. */
export async function run(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const { env = {}, stdin, cwd, timeoutMs = 30_000, program } = options;
  const path = `${folderOnPath()}:/usr/local/bin:/usr/bin:/bin`;
  const child = Bun.spawn([...(program ?? [gumCred()]), ...args], {
    env: { PATH: path, HOME: "/nonexistent", ...env },
    cwd: cwd ?? "/",
    stdin: stdin === undefined ? "ignore" : new Blob([stdin]),
    stdout: "pipe",
    stderr: "pipe",
    timeout: timeoutMs,
    killSignal: "SIGKILL",
  });
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  await child.exited;
  return { code: child.exitCode, signal: child.signalCode === null ? null : String(child.signalCode), stdout, stderr };
}

let binary: string | undefined;
let folder: string | undefined;

/** A folder that holds nothing but the binary under its own name. */
function folderOnPath(): string {
  if (!folder) {
    folder = mkdtempSync("/tmp/gum-cred-bin-");
    symlinkSync(gumCred(), `${folder}/gum-cred`);
  }
  return folder;
}

function buildIfOlder(): string {
  const release = lockBuild();
  try {
    if (!existsSync(BUILT) || statSync(BUILT).mtimeMs < newestSource()) {
      const built = Bun.spawnSync([process.execPath, "scripts/build.ts"], {
        cwd: ROOT,
        stdio: ["ignore", "inherit", "inherit"],
      });
      if (built.exitCode !== 0) throw new Error("the build failed");
    }
  } finally {
    release();
  }
  return BUILT;
}

/** Test files run side by side: one builds, the others wait. */
function lockBuild(): () => void {
  const fd = openSync("/tmp/gum-cred-build.lock", "w");
  const { symbols } = dlopen("libc.so.6", { flock: { args: ["i32", "i32"], returns: "i32" } });
  symbols.flock(fd, 2);
  return () => closeSync(fd);
}

function newestSource(): number {
  const files = ["src", "plugins", "scripts"].flatMap((name) =>
    readdirSync(`${ROOT}/${name}`, { recursive: true, encoding: "utf8" }).map(
      (file) => `${ROOT}/${name}/${file}`,
    ),
  );
  return Math.max(...[...files, `${ROOT}/package.json`].map((file) => statSync(file).mtimeMs));
}
