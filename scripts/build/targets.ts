/** The machines that gum-cred is built for, and which of them this one is. */
import { readFileSync } from "node:fs";
import { parseElf } from "./elf.ts";

export interface Target {
  /** As given to `--target` of scripts/build.ts, and the name of its folder in dist. */
  readonly name: string;
  readonly os: "linux" | "darwin" | "windows";
  readonly cpu: "x64" | "arm64";
  readonly libc: "glibc" | "musl" | null;
  /** Bun's own name for it, for `bun build --target`. */
  readonly bun: string;
}

export const TARGETS: readonly Target[] = [
  { name: "linux-x64", os: "linux", cpu: "x64", libc: "glibc", bun: "bun-linux-x64" },
  { name: "linux-x64-musl", os: "linux", cpu: "x64", libc: "musl", bun: "bun-linux-x64-musl" },
  { name: "linux-arm64", os: "linux", cpu: "arm64", libc: "glibc", bun: "bun-linux-arm64" },
  { name: "linux-arm64-musl", os: "linux", cpu: "arm64", libc: "musl", bun: "bun-linux-arm64-musl" },
  { name: "darwin-x64", os: "darwin", cpu: "x64", libc: null, bun: "bun-darwin-x64" },
  { name: "darwin-arm64", os: "darwin", cpu: "arm64", libc: null, bun: "bun-darwin-arm64" },
  { name: "windows-x64", os: "windows", cpu: "x64", libc: null, bun: "bun-windows-x64" },
  { name: "windows-arm64", os: "windows", cpu: "arm64", libc: null, bun: "bun-windows-arm64" },
];

/** What the Bun that runs this was made for. Throws when it is none of {@link TARGETS}. */
export function hostTarget(): Target {
  const os = process.platform === "win32" ? "windows" : process.platform;
  const libc = os === "linux" ? libcOf(process.execPath) : null;
  const host = TARGETS.find(
    (target) => target.os === os && target.cpu === process.arch && target.libc === libc,
  );
  if (!host) throw new Error(`gum-cred is not built for ${os} on ${process.arch}`);
  return host;
}

/** Throws when there is no target of that name. */
export function findTarget(name: string): Target {
  const found = TARGETS.find((target) => target.name === name);
  if (!found) throw new Error(`no target '${name}'; there are ${TARGETS.map(({ name }) => name).join(", ")}`);
  return found;
}

/** An executable names its dynamic loader: `/lib/ld-musl-x86_64.so.1`, `/lib64/ld-linux-x86-64.so.2`. */
function libcOf(executable: string): "glibc" | "musl" {
  const elf = parseElf(readFileSync(executable));
  return elf.bytesOf(".interp").toString("latin1").includes("musl") ? "musl" : "glibc";
}
