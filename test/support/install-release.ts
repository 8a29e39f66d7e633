/**
 * Release folders as the installers expect them, from the binary under test or from small stand-in programs where
 * a test is about the checks before a program runs. Nothing of the project but the binary and its page is needed.
 */
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { gumCred } from "./binary.ts";

const ROOT = resolve(import.meta.dir, "../..");

/** What every release has an archive for. */
export const UNIX_TARGETS = [
  "linux-x64",
  "linux-x64-baseline",
  "linux-x64-musl",
  "linux-x64-musl-baseline",
  "linux-arm64",
  "linux-arm64-musl",
  "darwin-x64",
  "darwin-arm64",
] as const;
export const WINDOWS_TARGETS = ["windows-x64", "windows-x64-baseline", "windows-arm64"] as const;

/** The files of an archive besides the program, below its one folder. */
export const EXTRAS = [
  "LICENSE",
  "README.md",
  "completions/gum-cred.bash",
  "completions/_gum-cred",
  "completions/gum-cred.fish",
  "completions/gum-cred.ps1",
  "man/gum-cred.1",
] as const;

/** The target that an installer has to choose on this machine. */
export function thisTarget(): string {
  const avx2 = /\bavx2\b/.test(readFileSync("/proc/cpuinfo", "utf8"));
  return `linux-${process.arch}${process.arch === "x64" && !avx2 ? "-baseline" : ""}`;
}

/** A release of the binary under test for this machine alone, with its real completions and manual page. */
export function makeRealRelease(folder: string, version: string): void {
  const program = readFileSync(gumCred());
  const completion = (shell: string) => output([gumCred(), "completion", shell]);
  const page = `${folder}/gum-cred.1`;
  mkdirSync(folder, { recursive: true });
  output([process.execPath, `${ROOT}/scripts/man.ts`, page]);
  const extras: Record<string, string> = {
    "completions/gum-cred.bash": completion("bash"),
    "completions/_gum-cred": completion("zsh"),
    "completions/gum-cred.fish": completion("fish"),
    "completions/gum-cred.ps1": completion("powershell"),
    "man/gum-cred.1": readFileSync(page, "utf8"),
  };
  rmSync(page);
  pack(folder, version, thisTarget(), program, (name) => extras[name] ?? name);
  writeSums(folder);
}

/** A release of stand-ins for all of {@link UNIX_TARGETS}: `--version` prints version and target. */
export function makeStandInRelease(folder: string, version: string): void {
  mkdirSync(folder, { recursive: true });
  for (const target of UNIX_TARGETS) {
    const program = `#!/bin/sh\necho gum-cred ${version} for ${target}\n`;
    pack(folder, version, target, Buffer.from(program), (name) => `${name} of ${version}\n`);
  }
  writeSums(folder);
}

/** Packs one archive; `without` leaves a file out. */
export function pack(
  folder: string,
  version: string,
  target: string,
  program: Buffer,
  extra: (name: string) => string,
  without?: string,
): void {
  const name = `gum-cred-${version}-${target}`;
  const contents = `${folder}/${name}`;
  for (const part of ["completions", "man"]) mkdirSync(`${contents}/${part}`, { recursive: true });
  writeFileSync(`${contents}/gum-cred`, program);
  chmodSync(`${contents}/gum-cred`, 0o755);
  for (const file of EXTRAS) if (file !== without) writeFileSync(`${contents}/${file}`, extra(file));
  output(["tar", "-C", folder, "-I", "gzip -1", "-cf", `${contents}.tar.gz`, name]);
  rmSync(contents, { recursive: true });
}

/** SHA256SUMS of every archive in the folder, by sha256sum itself. */
export function writeSums(folder: string): void {
  writeFileSync(`${folder}/SHA256SUMS`, output(["sh", "-c", 'cd "$1" && sha256sum *.tar.gz', "sh", folder]));
}

/** A copy that a test may spoil. */
export function copyRelease(from: string, to: string): string {
  rmSync(to, { recursive: true, force: true });
  cpSync(from, to, { recursive: true });
  return to;
}

function output(command: readonly string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...command]);
  if (exitCode !== 0) throw new Error(`${command[0]} failed: ${stderr}`);
  return stdout.toString();
}
