/**
 * Builds the binary once when sources are newer, and runs it (or another program that finds it on PATH) in a
 * clean environment. Everything a run has printed is kept, so that a test can search all of it for secrets.
 */
import { dlopen } from "bun:ffi";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { resolve } from "node:path";

const ROOT = resolve(import.meta.dir, "../..");
const BUILT = `${ROOT}/dist/gum-cred`;
const LOCK_EX = 2;

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | Uint8Array;
  readonly cwd?: string;
  readonly timeoutMs?: number;
  /** Another program and its first arguments in place of gum-cred, which it finds on PATH. */
  readonly program?: readonly string[];
}

export interface RunResult {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

const printed: string[] = [];

/** Path of the binary under test: GUM_CRED_BINARY, or dist/gum-cred built from the sources as they are. */
export function gumCred(): string {
  binary ??= process.env["GUM_CRED_BINARY"] ?? buildIfOlder();
  return binary;
}

/** Runs gum-cred to its end, in an environment of PATH and an empty home folder only unless told otherwise. */
export async function run(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const { env = {}, stdin, cwd, timeoutMs = 30_000, program } = options;
  const child = Bun.spawn([...(program ?? [gumCred()]), ...args], {
    env: { PATH: pathWithGumCred(), HOME: `${scratch()}/home`, ...env },
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
  printed.push(stdout, stderr);
  const signal = child.signalCode === null ? null : String(child.signalCode);
  return { code: child.exitCode, signal, stdout, stderr };
}

/** A PATH of the system's folders and one that holds nothing but the binary. */
export function pathWithGumCred(): string {
  return `${scratch()}/bin:/usr/local/bin:/usr/bin:/bin`;
}

/** Throws when a text, or without one anything that any run of this process has printed, holds a canary. */
export function assertNoLeak(canaries: readonly string[], output: string = printed.join("\n")): void {
  const leaked = canaries.filter((canary) => output.includes(canary));
  if (leaked.length > 0) throw new Error(`printed a secret: ${leaked.join(", ")}`);
}

let binary: string | undefined;
let scratchFolder: string | undefined;

/** A temporary folder with `bin`, which holds the binary, and an empty `home`. */
function scratch(): string {
  if (!scratchFolder) {
    const folder = mkdtempSync(`${tmpdir()}/gum-cred-run-`);
    mkdirSync(`${folder}/bin`);
    mkdirSync(`${folder}/home`);
    symlinkSync(gumCred(), `${folder}/bin/gum-cred`);
    process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
    scratchFolder = folder;
  }
  return scratchFolder;
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

/** Several test processes may start at once: one builds, the others wait. */
function lockBuild(): () => void {
  mkdirSync(`${ROOT}/dist`, { recursive: true });
  const fd = openSync(`${ROOT}/dist/.lock`, "w");
  const library = process.platform === "darwin" ? "/usr/lib/libSystem.B.dylib" : "libc.so.6";
  const { symbols } = dlopen(library, { flock: { args: ["i32", "i32"], returns: "i32" } });
  symbols.flock(fd, LOCK_EX);
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
