/** What stands beside the program in every archive: licence, introduction, completion scripts, manual page. */
import { manPage } from "../../src/cli/man.ts";
import { allCommands } from "../../src/cli/program.ts";
import { build, GUM_CRED, ROOT } from "../build/program.ts";
import { hostTarget } from "../build/targets.ts";
import type { Version } from "../build/version.ts";

/** Texts by their path in the archive. */
export type Pages = ReadonlyMap<string, string>;

/** By the shell's name, the file that the shell itself looks for. */
const COMPLETIONS = {
  bash: "completions/gum-cred.bash",
  zsh: "completions/_gum-cred",
  fish: "completions/gum-cred.fish",
  powershell: "completions/gum-cred.ps1",
};

/** Builds gum-cred for this machine in `folder`, because it writes its completion scripts itself. */
export async function documents(version: Version, folder: string): Promise<Pages> {
  const { file } = await build(GUM_CRED, hostTarget(), version, folder);
  const pages = new Map<string, string>();
  for (const name of ["LICENSE", "README.md"]) pages.set(name, await Bun.file(`${ROOT}/${name}`).text());
  for (const [shell, path] of Object.entries(COMPLETIONS)) {
    const { stdout, exitCode } = Bun.spawnSync([file, "completion", shell], { env: {} });
    if (exitCode !== 0) throw new Error(`gum-cred completion ${shell} ended with ${exitCode}`);
    pages.set(path, stdout.toString());
  }
  pages.set("man/gum-cred.1", manPage(await allCommands(), version.version));
  return pages;
}
