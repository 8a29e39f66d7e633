/** Makes one executable. What it is made with stands in bundle.ts; this is the plumbing. */
import { readFileSync } from "node:fs";
import { plainOverview } from "../../src/cli/overview.ts";
import type { Bundle } from "./bundle.ts";
import { isElf, unwrittenSegments } from "./elf.ts";
import { firstCalls } from "./first-calls.ts";
import type { Target } from "./targets.ts";
import type { Version } from "./version.ts";

export interface Compilation {
  /** Absolute paths: the program's first file, then those that it starts as workers. */
  readonly entries: readonly string[];
  /** Where to; its last part is what the program calls itself inside. */
  readonly outfile: string;
  /** Null builds for this machine with the very Bun that runs. */
  readonly target: Target | null;
  readonly version: Version;
  /** Where Bun may put its own temporary files. */
  readonly folder: string;
}

/** Throws with what Bun said when it fails. */
export function compile({ entries, outfile, target, version, folder }: Compilation): void {
  const executablePath = target ? bunFor(target) : process.execPath;
  const code = codeOf(executablePath);
  const bundle: Bundle = {
    entries,
    outfile,
    other: target && { target: target.bun, executablePath },
    define: {
      GUM_CRED_VERSION: JSON.stringify(version.version),
      GUM_CRED_COMMIT: JSON.stringify(version.commit),
      GUM_CRED_FIRST_CALLS: JSON.stringify(firstCalls()),
      GUM_CRED_OVERVIEW: JSON.stringify(plainOverview(version.version)),
      GUM_CRED_CODE: code,
    },
  };
  const built = Bun.spawnSync([process.execPath, `${import.meta.dir}/bundle.ts`, JSON.stringify(bundle)], {
    cwd: folder,
    stdout: "pipe",
    stderr: "pipe",
  });
  if (built.exitCode !== 0) throw new Error(`the build failed\n${built.stdout}${built.stderr}`);
  if (codeOf(outfile) !== code)
    throw new Error("the code is mapped elsewhere than in the Bun that it was made from");
}

/** Of the largest pages of memory that a processor we build for has. */
const PAGE_BYTES = 64 * 1024;

/** For src/os/native/code-memory.ts: the whole pages of what a Linux executable maps and never writes. */
function codeOf(executable: string): string {
  const file = readFileSync(executable);
  const segments = isElf(file) ? unwrittenSegments(file) : [];
  return JSON.stringify(
    segments.map(({ address, bytes, line }) => {
      const start = Math.ceil(address / PAGE_BYTES) * PAGE_BYTES;
      const end = Math.floor((address + bytes) / PAGE_BYTES) * PAGE_BYTES;
      return [start, end - start, line];
    }),
  );
}

/** The Bun executable of another machine, pinned by its digest. */
function bunFor(target: Target): string {
  const found = Bun.spawnSync([`${import.meta.dir}/target-bun.sh`, target.runtime], {
    stdout: "pipe",
    stderr: "inherit",
  });
  if (found.exitCode !== 0) throw new Error(`no Bun executable for ${target.name}`);
  return found.stdout.toString().trim();
}
