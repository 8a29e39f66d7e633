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
