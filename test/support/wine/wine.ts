/**
 * Runs Windows executables in tests, under Debian's Wine, on a registry (and so a Credential Manager) of the run's
 * own. Needs the packages wine, wine64 and gcc-mingw-w64-x86-64-win32: without them it fails and says so, because
 * a test of the Windows backend that is quietly left out proves nothing.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const HERE = import.meta.dir;
/** Fetches the Bun that Windows programs are built from. */
const TARGET_BUN = join(HERE, "../../../scripts/build/target-bun.sh");
const ROOT = join(HERE, "../../..");
const CACHE = join(ROOT, "node_modules/.cache/gum-cred");

export interface Wine {
  /** A folder of the run, removed at its end: executables and libraries go here. */
  readonly folder: string;
  /** Starts an executable of {@link folder}, with pipes for stdin, stdout and stderr. */
  start(exe: string, args?: readonly string[], env?: Record<string, string>): WineProcess;
  /** Starts a program of this system that itself starts executables in the same Wine. */
  startNative(command: readonly string[], env?: Record<string, string>): WineProcess;
  /** Compiles a C source of this folder into {@link folder}, once. Returns the file's name. */
  compileC(source: string): Promise<string>;
  /** Compiles a TypeScript program for Windows, once. Returns its name. */
  compileBun(program: string): Promise<string>;
}

export type WineProcess = Bun.Subprocess<"pipe", "pipe", "pipe">;

let current: Promise<Wine> | undefined;

/** The Wine of this test run: made by whoever asks first. */
export function openWine(): Promise<Wine> {
  current ??= create();
  return current;
}

/** Ends every process in it and removes what it left. For `afterAll` in each file that called {@link openWine}. */
export async function closeWine(): Promise<void> {
  const wine = await current?.catch(() => undefined);
  current = undefined;
  if (wine === undefined) return;
  await Bun.spawn(["wineserver", "-k", "-w"], { env: environment(prefixIn(wine.folder)), stderr: "ignore" })
    .exited;
  rmSync(wine.folder, { recursive: true, force: true });
}

async function create(): Promise<Wine> {
  for (const tool of ["wine", "wineserver", "x86_64-w64-mingw32-gcc"]) {
    if (Bun.which(tool) === null) {
      throw new Error(`${tool} is missing: apt-get install wine wine64 gcc-mingw-w64-x86-64-win32`);
    }
  }
  const folder = mkdtempSync(join(tmpdir(), "gum-cred-wine-"));
  const prefix = prefixIn(folder);
  await layPrefix(prefix);

  const made = new Map<string, Promise<string>>();
  function once(name: string, make: (output: string) => Promise<void>): Promise<string> {
    const existing = made.get(name);
    if (existing !== undefined) return existing;
    const making = make(join(folder, name)).then(() => name);
    made.set(name, making);
    return making;
  }
  const startNative: Wine["startNative"] = (command, env = {}) =>
    Bun.spawn([...command], {
      cwd: folder,
      env: { ...environment(prefix), ...env },
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
    });
  const wine: Wine = {
    folder,
    startNative,
    start: (exe, args = [], env = {}) => startNative(["wine", join(folder, exe), ...args], env),
    compileC: (source) =>
      once(source === "credential-tool.c" ? "credential-tool.exe" : source.replace(/c$/, "dll"), (output) =>
        compileC(join(HERE, source), output),
      ),
    compileBun: (program) =>
      once(program.replace(/^.*\//, "").replace(/ts$/, "exe"), (output) => compileBun(program, output)),
  };
  await wine.compileC("bcryptprimitives.c");
  return wine;
}

const prefixIn = (folder: string) => join(folder, "prefix");

/** What a program under Wine sees of ours: nothing but this. No display, no messages of Wine's own. */
function environment(prefix: string): Record<string, string> {
  return {
    PATH: process.env["PATH"] ?? "/usr/bin:/bin",
    HOME: prefix,
    LANG: "C.UTF-8",
    WINEPREFIX: prefix,
    WINEDEBUG: "-all",
    // Neither .NET, nor a browser, nor entries in a desktop's menus.
    WINEDLLOVERRIDES: "mscoree=;mshtml=;winemenubuilder.exe=",
  };
}

/**
 * A prefix with a registry of its own and a C: drive that all runs share. Wine takes ten seconds and 700 MB to make
 * one, so one is kept, and a run copies its few registry files.
 */
async function layPrefix(prefix: string): Promise<void> {
  const version = (await run(["wine", "--version"], environment(prefix))).trim().replace(/[^\w.]+/g, "-");
  const template = join(CACHE, `wine-prefix-${version}`);
  if (!existsSync(template)) {
    mkdirSync(CACHE, { recursive: true });
    const fresh = mkdtempSync(join(CACHE, "wine-prefix-new-"));
    try {
      await run(["wine", "cmd", "/c", "exit 0"], environment(fresh));
      await run(["wineserver", "-w"], environment(fresh));
      renameSync(fresh, template);
    } catch (error) {
      rmSync(fresh, { recursive: true, force: true });
      if (!existsSync(template)) throw error; // else another run was faster
    }
  }
  const drive = join(template, "drive_c");
  cpSync(template, prefix, { recursive: true, verbatimSymlinks: true, filter: (path) => path !== drive });
  symlinkSync(drive, join(prefix, "drive_c"));
}

async function compileC(source: string, output: string): Promise<void> {
  const definitions = source.replace(/c$/, "def");
  await run([
    "x86_64-w64-mingw32-gcc",
    ...["-Wall", "-Wextra", "-Werror", "-O2", ...(output.endsWith(".dll") ? ["-shared"] : [])],
    ...["-o", output, source, ...(existsSync(definitions) ? [definitions] : []), "-ladvapi32"],
  ]);
}

async function compileBun(program: string, output: string): Promise<void> {
  const bun = (await run([TARGET_BUN, "windows-x64"])).trim();
  const target = ["--compile", "--target=bun-windows-x64", "--compile-executable-path", bun];
  await run([process.execPath, "build", ...target, program, "--outfile", output]);
}

/** Runs a program to its end. Returns its stdout; throws with its stderr when it fails. */
async function run(command: readonly string[], env: Record<string, string | undefined> = process.env) {
  const child = Bun.spawn([...command], { env, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [out, log, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (code !== 0) throw new Error(`${command.join(" ")} ended with ${code}\n${out}${log}`);
  return out;
}

// `bun test/support/wine/wine.ts`, for setup: fetches and makes what is kept, so that no test has to wait for it.
if (import.meta.main) {
  await run([TARGET_BUN, "windows-x64"]);
  await openWine();
  await closeWine();
}
