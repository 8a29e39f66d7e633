/** Runs scripts/install.sh in a given shell, with a given set of programs, and compares folders before and after. */
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { resolve } from "node:path";
import { type RunOptions, type RunResult, run } from "./binary.ts";

export const INSTALL_SH = resolve(import.meta.dir, "../../scripts/install.sh");
/** What an installation is made of, below its prefix. */
export const INSTALLED = [
  "bin/gum-cred",
  "share/bash-completion/completions/gum-cred",
  "share/fish/vendor_completions.d/gum-cred.fish",
  "share/man/man1/gum-cred.1",
  "share/zsh/site-functions/_gum-cred",
] as const;

/** The system's folders, without the binary under test, which an installer must not find. */
export const SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin";

export interface Ground {
  /** Holds all of it; other users may look into it. */
  readonly folder: string;
  readonly home: string;
  /** Where programs put temporary files; empty after every installation. */
  readonly tmp: string;
  /** A folder of that name in `folder`, emptied. */
  fresh(name: string): string;
  /** A PATH of these programs of the system alone; a text is the script of a program of the test's own. */
  toolbox(programs: readonly (string | readonly [name: string, script: string])[]): string;
  install(shell: readonly string[], args: readonly string[], options?: RunOptions): Promise<RunResult>;
  remove(): void;
}

/** What install.sh cannot do without, besides a downloader and a program for sums. */
export const NEEDED =
  "bash cat chmod getconf grep gzip id ldd mkdir mktemp mv rm rmdir sed sh tar uname".split(" ");

export function makeGround(): Ground {
  const folder = mkdtempSync("/tmp/gum-cred-install-");
  chmodSync(folder, 0o755);
  const fresh = (name: string): string => {
    rmSync(`${folder}/${name}`, { recursive: true, force: true });
    mkdirSync(`${folder}/${name}`);
    return `${folder}/${name}`;
  };
  const [home, tmp] = [fresh("home"), fresh("tmp")];
  chmodSync(tmp, 0o1777);
  let boxes = 0;
  return {
    folder,
    home,
    tmp,
    fresh,
    toolbox(programs) {
      const box = fresh(`toolbox-${++boxes}`);
      for (const program of programs) {
        if (typeof program !== "string") writeFileSync(`${box}/${program[0]}`, program[1], { mode: 0o755 });
        else
          symlinkSync(Bun.which(program, { PATH: SYSTEM_PATH }) ?? `missing-${program}`, `${box}/${program}`);
      }
      return box;
    },
    install: (shell, args, options = {}) =>
      run(args, {
        ...options,
        program: [...shell, INSTALL_SH],
        env: { HOME: home, PATH: SYSTEM_PATH, TMPDIR: tmp, ...options.env },
      }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Every file below a folder with its mode and a hash of what is in it; empty folders end in a slash. */
export function snapshot(folder: string): Record<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const described = entries.flatMap((entry): [string, string][] => {
    const path = `${entry.parentPath}/${entry.name}`;
    const name = path.slice(folder.length + 1);
    if (entry.isDirectory()) return readdirSync(path).length === 0 ? [[`${name}/`, "empty"]] : [];
    const mode = (statSync(path).mode & 0o7777).toString(8);
    return [[name, `${mode} ${Bun.hash(readFileSync(path)).toString(16)}`]];
  });
  return Object.fromEntries(described.sort(([a], [b]) => (a < b ? -1 : 1)));
}
