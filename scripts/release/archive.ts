/**
 * Packs a program and its pages so that the same content gives the same bytes: names sorted, one date, one owner,
 * fixed modes. GNU tar and gzip do that by their flags, and Info-ZIP's zip does when it is told no extra fields and
 * the files have that date, in a fixed time zone, because zip stores local time
 * (https://reproducible-builds.org/docs/archives/).
 */
import { chmodSync, copyFileSync, mkdirSync, utimesSync } from "node:fs";
import { basename, dirname } from "node:path";
import type { Target } from "../build/targets.ts";
import type { Pages } from "./documents.ts";

export interface Packing {
  /** Of the archive without its ending, and of the one folder in it. */
  readonly name: string;
  readonly target: Target;
  readonly program: string;
  readonly pages: Pages;
  /** Of every file, in seconds since 1970. */
  readonly date: number;
  /** Where to lay the files out. */
  readonly folder: string;
  readonly into: string;
}

/** Returns the archive's path. */
export async function archive({
  name,
  target,
  program,
  pages,
  date,
  folder,
  into,
}: Packing): Promise<string> {
  const top = `${folder}/${name}`;
  mkdirSync(top);
  const paths = [basename(program), ...pages.keys()];
  copyFileSync(program, `${top}/${basename(program)}`);
  for (const [path, text] of pages) {
    mkdirSync(dirname(`${top}/${path}`), { recursive: true });
    await Bun.write(`${top}/${path}`, text);
  }
  for (const path of paths) {
    chmodSync(`${top}/${path}`, path === basename(program) ? 0o755 : 0o644);
    utimesSync(`${top}/${path}`, date, date);
  }
  const files = paths.sort().map((path) => `${name}/${path}`);
  const file = `${into}/${name}.${target.os === "windows" ? "zip" : "tar.gz"}`;
  if (target.os === "windows") run(["zip", "-q", "-X", "-D", "-9", file, "-@"], folder, files);
  else {
    const same = ["--format=ustar", "--owner=0", "--group=0", "--numeric-owner", `--mtime=@${date}`];
    const list = ["--no-recursion", "--verbatim-files-from", "--files-from=-"];
    run(["tar", "--create", ...same, ...list, `--file=${folder}/packed.tar`], folder, files);
    run(["gzip", "-n", "-9", `${folder}/packed.tar`], folder, []);
    copyFileSync(`${folder}/packed.tar.gz`, file);
  }
  return file;
}

function run(command: readonly string[], cwd: string, lines: readonly string[]): void {
  const { exitCode, stderr } = Bun.spawnSync([...command], {
    cwd,
    env: { PATH: process.env["PATH"], TZ: "UTC", LC_ALL: "C" },
    stdin: Buffer.from(lines.join("\n")),
  });
  if (exitCode !== 0) throw new Error(`${command[0]} ended with ${exitCode}\n${stderr}`);
}
