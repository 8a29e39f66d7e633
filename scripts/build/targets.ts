/** The machines that gum-cred is built for, and which of them this one is. */
import { readFileSync } from "node:fs";
import { parseElf } from "./elf.ts";

export interface Target {
  /** As given to `--target` of scripts/build.ts, and the name of its folder in dist. */
  readonly name: string;
  readonly os: "linux" | "darwin" | "windows";
  readonly cpu: "x64" | "arm64";
  readonly libc: "glibc" | "musl" | null;
  /** Runs on x64 processors without AVX2. Bun 1.4.5 has one executable for both; earlier ones had two. */
  readonly baseline: boolean;
  /** Bun's own name for it, for its bundler. */
  readonly bun: Bun.Build.CompileTarget;
  /** The npm package with its Bun executable: what follows `@oven/bun-`. */
  readonly runtime: string;
}

const glibc = { os: "linux", libc: "glibc", baseline: false } as const;
const musl = { os: "linux", libc: "musl", baseline: false } as const;
const darwin = { os: "darwin", libc: null, baseline: false } as const;
const windows = { os: "windows", libc: null, baseline: false } as const;
const x64 = { cpu: "x64" } as const;
const x64Baseline = { cpu: "x64", baseline: true } as const;
const arm64 = { cpu: "arm64" } as const;

export const TARGETS: readonly Target[] = [
  { name: "linux-x64", ...glibc, ...x64, bun: "bun-linux-x64", runtime: "linux-x64" },
  {
    ...{ name: "linux-x64-baseline", ...glibc, ...x64Baseline },
    ...{ bun: "bun-linux-x64-baseline", runtime: "linux-x64-baseline" },
  },
  { name: "linux-x64-musl", ...musl, ...x64, bun: "bun-linux-x64-musl", runtime: "linux-x64-musl" },
  {
    ...{ name: "linux-x64-musl-baseline", ...musl, ...x64Baseline },
    ...{ bun: "bun-linux-x64-baseline-musl", runtime: "linux-x64-musl-baseline" },
  },
  { name: "linux-arm64", ...glibc, ...arm64, bun: "bun-linux-arm64", runtime: "linux-aarch64" },
  { name: "linux-arm64-musl", ...musl, ...arm64, bun: "bun-linux-arm64-musl", runtime: "linux-aarch64-musl" },
  { name: "darwin-x64", ...darwin, ...x64, bun: "bun-darwin-x64", runtime: "darwin-x64" },
  { name: "darwin-arm64", ...darwin, ...arm64, bun: "bun-darwin-arm64", runtime: "darwin-aarch64" },
  { name: "windows-x64", ...windows, ...x64, bun: "bun-windows-x64", runtime: "windows-x64" },
  {
    ...{ name: "windows-x64-baseline", ...windows, ...x64Baseline },
    ...{ bun: "bun-windows-x64-baseline", runtime: "windows-x64-baseline" },
  },
  { name: "windows-arm64", ...windows, ...arm64, bun: "bun-windows-arm64", runtime: "windows-aarch64" },
];

/** What the Bun that runs this was made for. Throws when it is none of {@link TARGETS}. */
export function hostTarget(): Target {
  const os = process.platform === "win32" ? "windows" : process.platform;
  const libc = os === "linux" ? libcOf(process.execPath) : null;
  const host = TARGETS.find(
    (target) => target.os === os && target.cpu === process.arch && target.libc === libc && !target.baseline,
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
