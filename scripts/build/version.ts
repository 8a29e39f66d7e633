/** What is being built: the version of package.json and the commit of git. */
import { existsSync } from "node:fs";

export interface Version {
  readonly version: string;
  /** As `git describe` names it; "unknown" outside a repository of our own. */
  readonly commit: string;
}

export async function readVersion(root: string): Promise<Version> {
  const { version } = await Bun.file(`${root}/package.json`).json();
  if (typeof version !== "string") throw new Error("package.json has no version");
  return { version, commit: describe(root) };
}

function describe(root: string): string {
  // Not the repository that somebody has unpacked us in.
  if (!existsSync(`${root}/.git`) || !Bun.which("git")) return "unknown";
  const git = Bun.spawnSync(["git", "describe", "--always", "--dirty", "--abbrev=12"], {
    cwd: root,
    stderr: "ignore",
  });
  return git.stdout.toString().trim() || "unknown";
}

/**
 * The moment that everything given out is dated to, in seconds since 1970: SOURCE_DATE_EPOCH
 * (https://reproducible-builds.org/specs/source-date-epoch/), or else the commit's. Throws without either.
 */
export function readSourceDate(root: string): number {
  const git = () => {
    if (!existsSync(`${root}/.git`)) return "";
    return Bun.spawnSync(["git", "log", "-1", "--format=%ct"], { cwd: root }).stdout.toString().trim();
  };
  const seconds = process.env["SOURCE_DATE_EPOCH"] ?? git();
  if (!/^\d{1,12}$/.test(seconds)) throw new Error("outside a git repository, set SOURCE_DATE_EPOCH");
  return Number(seconds);
}
