/**
 * Runs `Bun.build` in a process of its own: `bun scripts/build/bundle.ts BUNDLE`, BUNDLE being JSON. Its current
 * folder is where Bun puts temporary files, and names of chunks depend on where the sources are from there.
 * The options are the decision.
 */
import { fetchBuiltinModules } from "./builtin-modules.ts";

export interface Bundle {
  /** Absolute paths: the program's first file, then those that it starts as workers. */
  readonly entries: readonly string[];
  readonly outfile: string;
  /** Of another machine: Bun's name for it and its Bun executable. Null for this one. */
  readonly other: { readonly target: Bun.Build.CompileTarget; readonly executablePath: string } | null;
  readonly define: Readonly<Record<string, string>>;
}

/**
 * JIT policy 100: code must be a hundred times hotter before it is compiled, which a run of a few milliseconds is not
 * worth (measured: with 10 `--help` takes 7 % longer, and `env` from the keychain 4 % and 3 MB more; 1,000 gains nothing).
 * What lasts says so (src/os/process/long-run.ts). Splitting keeps what stands behind `import()` in files of its
 * own: without it their imports of node: modules move to the top of the one file and every start pays for them
 * (measured: 11 ms instead of 4.5).
 */
export function optionsFor({ entries, outfile, other, define }: Bundle): Bun.BuildConfig {
  return {
    entrypoints: [...entries],
    target: "bun",
    minify: true,
    bytecode: true,
    // What is nested deeper is rarely run, and took 30 KB.
    bytecodeDepth: 3,
    format: "esm",
    splitting: true,
    sourcemap: "none",
    // Workers are named by this at run time: `/$bunfs/root/macos-worker.js`.
    naming: { entry: "[name].[ext]" },
    allowUnresolved: [],
    define: { ...define },
    plugins: [fetchBuiltinModules],
    compile: {
      outfile,
      ...other,
      jitPolicy: 100,
      // Trusts the system's authorities too; with any embedded option Bun also starts in a deleted directory. Bun's own
      // warnings, as of functions that it calls experimental, are nothing for who runs gum-cred.
      execArgv: ["--use-system-ca", "--no-warnings"],
      autoloadDotenv: false,
      autoloadBunfig: false,
      autoloadTsconfig: false,
      autoloadPackageJson: false,
    },
  };
}

if (import.meta.main) await Bun.build(optionsFor(JSON.parse(process.argv[2] ?? "")));
