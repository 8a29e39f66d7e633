/** Makes one executable with `bun build --compile`. The flags are the decision; the rest is plumbing. */
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

/**
 * JIT policy 10: code must be ten times hotter before it is compiled, which a run of a few milliseconds is not
 * worth (measured: 6 % of a whole `gum-cred env`). Splitting keeps what stands behind `import()` in files of its own: without it their imports of node: modules
 * move to the top of the one file and every start pays for them (measured: 11 ms instead of 4.5).
 */
const FLAGS = [
  "--compile",
  "--minify",
  "--bytecode",
  "--format=esm",
  "--splitting",
  "--compile-jit-policy=10",
  "--sourcemap=none",
  // Workers are named by this at run time: `/$bunfs/root/macos-worker.js`.
  "--entry-naming=[name].[ext]",
  "--reject-unresolved",
  "--no-compile-autoload-dotenv",
  "--no-compile-autoload-bunfig",
  "--no-compile-autoload-tsconfig",
  "--no-compile-autoload-package-json",
];

/** Throws with what Bun said when it fails. */
export function compile({ entries, outfile, target, version, folder }: Compilation): void {
  const define = (name: string, value: string) => ["--define", `${name}=${JSON.stringify(value)}`];
  const built = Bun.spawnSync(
    [
      process.execPath,
      "build",
      ...FLAGS,
      ...(target ? [`--target=${target.bun}`, `--compile-executable-path=${bunFor(target)}`] : []),
      ...define("GUM_CRED_VERSION", version.version),
      ...define("GUM_CRED_COMMIT", version.commit),
      ...entries,
      `--outfile=${outfile}`,
    ],
    { cwd: folder, stdout: "pipe", stderr: "pipe" },
  );
  if (built.exitCode !== 0) throw new Error(`bun build failed\n${built.stdout}${built.stderr}`);
}

/** The Bun executable of another machine, pinned by package-lock.json. */
function bunFor(target: Target): string {
  const name = target.bun.replace(/^bun-/, "").replace("arm64", "aarch64");
  const found = Bun.spawnSync([`${import.meta.dir}/target-bun.sh`, name], {
    stdout: "pipe",
    stderr: "inherit",
  });
  if (found.exitCode !== 0) throw new Error(`no Bun executable for ${target.name}`);
  return found.stdout.toString().trim();
}
