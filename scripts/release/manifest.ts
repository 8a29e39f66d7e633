/** What a release was made of and with, and what came out: dist/release/manifest.json. */
import { optionsFor } from "../build/bundle.ts";
import type { Built } from "../build/program.ts";
import type { Target } from "../build/targets.ts";
import type { Version } from "../build/version.ts";

export interface Packed {
  /** Its name alone. */
  readonly file: string;
  readonly size: number;
  readonly sha256: string;
}

export interface Artifact {
  readonly target: Target;
  readonly archive: Packed;
  readonly program: Packed & Pick<Built, "hardened">;
  readonly overEmpty: number;
}

/** `date` in seconds since 1970; all sizes in bytes. */
export function manifest({ version, commit }: Version, artifacts: readonly Artifact[], date: number): object {
  return {
    name: "gum-cred",
    version,
    commit,
    date: new Date(date * 1000).toISOString(),
    bun: { version: Bun.version, revision: Bun.revision },
    flags: flags(),
    artifacts: artifacts.map(({ target, archive, program, overEmpty }) => ({
      target: target.name,
      ...archive,
      program: {
        file: program.file,
        size: program.size,
        sha256: program.sha256,
        over_empty: overEmpty,
        hardened_places: program.hardened,
      },
    })),
  };
}

/** What every program was compiled with, without what differs. */
function flags(): object {
  const {
    entrypoints: _,
    define,
    plugins,
    ...same
  } = optionsFor({
    entries: [],
    outfile: "",
    other: null,
    define: {},
  });
  return { ...same, plugins: plugins?.map(({ name }) => name) };
}
