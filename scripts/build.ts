/**
 * Builds gum-cred: `bun scripts/build.ts [--target NAME|all] [--empty]`.
 * Without a target: dist/gum-cred for this machine. With one: dist/NAME/gum-cred. `--empty` builds an empty program
 * in the same way, dist/empty, to measure against (scripts/bench.ts).
 */
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { compile } from "./build/compile.ts";
import { harden, whyNotHardened } from "./build/harden.ts";
import { findTarget, hostTarget, TARGETS, type Target } from "./build/targets.ts";
import { verify } from "./build/verify.ts";
import { readVersion, type Version } from "./build/version.ts";

const ROOT = resolve(import.meta.dir, "..");
const DIST = `${ROOT}/dist`;

interface Program {
  readonly name: string;
  readonly entry: string;
  /** Files that it starts as workers on macOS, where a keychain call cannot be bounded otherwise. */
  readonly macosWorkers: readonly string[];
  /** A harmless run of it, repeated by the verification. */
  readonly tryArgs: readonly string[];
}

const GUM_CRED: Program = {
  name: "gum-cred",
  entry: `${ROOT}/src/main.ts`,
  macosWorkers: [`${ROOT}/src/keychain/macos-worker.ts`],
  tryArgs: ["--version"],
};
const EMPTY: Program = {
  name: "empty",
  entry: `${ROOT}/scripts/build/empty.ts`,
  macosWorkers: [],
  tryArgs: [],
};

/** Builds in a folder of its own, so that what is in dist is whole and verified at every moment. */
async function build(program: Program, target: Target, version: Version, folder: string): Promise<void> {
  const file = `${program.name}${target.os === "windows" ? ".exe" : ""}`;
  const isHost = target === host;
  mkdirSync(folder, { recursive: true });
  const workshop = mkdtempSync(`${folder}/.build-`);
  try {
    const outfile = `${workshop}/${file}`;
    const workers = target.os === "darwin" ? program.macosWorkers : [];
    compile({
      entries: [program.entry, ...workers],
      outfile,
      target: isHost ? null : target,
      version,
      folder: workshop,
    });
    const finished = await finish(outfile, target);
    if (isHost && finished !== outfile) verify(finished, program.tryArgs);
    renameSync(finished, `${folder}/${file}`);
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
}

/**
 * Hardens it where that is known how; returns where the finished file is. The finished file is written anew and
 * in one piece: Linux then keeps it in memory in larger pages, and it starts a quarter faster on ext4.
 */
async function finish(compiled: string, target: Target): Promise<string> {
  const reason = whyNotHardened(target);
  if (reason) {
    console.error(`${target.name}: NOT hardened: ${reason}`);
    return compiled;
  }
  const bytes = Buffer.from(await Bun.file(compiled).arrayBuffer());
  harden(bytes, target);
  const finished = `${compiled}.hardened`;
  writeFileSync(finished, bytes, { mode: 0o755 });
  return finished;
}

const { values } = parseArgs({
  options: { target: { type: "string" }, empty: { type: "boolean", default: false } },
});
const host = hostTarget();
const version = await readVersion(ROOT);
if (values.empty) await build(EMPTY, host, version, DIST);
else if (values.target === undefined) await build(GUM_CRED, host, version, DIST);
else {
  const targets = values.target === "all" ? TARGETS : [findTarget(values.target)];
  for (const target of targets) await build(GUM_CRED, target, version, `${DIST}/${target.name}`);
}
