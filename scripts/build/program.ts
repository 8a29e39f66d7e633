/** Builds one program for one machine: compiled, hardened, verified where it can run, and then put in its place. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { mismatchedPages, signAdHoc } from "./code-signature.ts";
import { compile } from "./compile.ts";
import { harden } from "./harden.ts";
import { hostTarget, type Target } from "./targets.ts";
import { verify } from "./verify.ts";
import type { Version } from "./version.ts";

export const ROOT = resolve(import.meta.dir, "../..");
export const DIST = `${ROOT}/dist`;

export interface Program {
  readonly name: string;
  readonly entry: string;
  /** Files that it starts as workers on macOS, where a keychain call cannot be bounded otherwise. */
  readonly macosWorkers: readonly string[];
  /** A harmless run of it, repeated by the verification. */
  readonly tryArgs: readonly string[];
}

export const GUM_CRED: Program = {
  name: "gum-cred",
  entry: `${ROOT}/src/start.ts`,
  macosWorkers: [`${ROOT}/src/keychain/macos/macos-worker.ts`],
  tryArgs: ["--version"],
};
/** What every Bun program has in it: to measure against. */
export const EMPTY: Program = {
  name: "empty",
  entry: `${ROOT}/scripts/build/empty.ts`,
  macosWorkers: [],
  tryArgs: [],
};

export interface Built {
  readonly file: string;
  /** In bytes. */
  readonly size: number;
  /** How many places the hardening changed. */
  readonly hardened: number;
}

/**
 * Builds in a folder of its own, so that what is in `folder` is whole and verified at every moment. Names inside the
 * program depend on where the sources are from there: that is `../../src`, for every target and in every checkout.
 */
export async function build(
  program: Program,
  target: Target,
  version: Version,
  folder: string,
): Promise<Built> {
  const name = `${program.name}${target.os === "windows" ? ".exe" : ""}`;
  const isHost = target === hostTarget();
  mkdirSync(DIST, { recursive: true });
  mkdirSync(folder, { recursive: true });
  const workshop = mkdtempSync(`${DIST}/.build-`);
  try {
    const outfile = `${workshop}/${name}`;
    const workers = target.os === "darwin" ? program.macosWorkers : [];
    compile({
      entries: [program.entry, ...workers],
      outfile,
      target: isHost ? null : target,
      version,
      folder: workshop,
    });
    const hardened = await finish(outfile, target, program.name);
    if (isHost) verify(outfile, program.tryArgs);
    const { size } = Bun.file(outfile);
    renameSync(outfile, `${folder}/${name}`);
    return { file: `${folder}/${name}`, size, hardened };
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
}

/**
 * Returns the number of changes. The file is written anew and in one piece: Linux then keeps it in memory in larger
 * pages, and it starts a quarter faster on ext4.
 */
async function finish(compiled: string, target: Target, name: string): Promise<number> {
  let bytes: Buffer = Buffer.from(await Bun.file(compiled).arrayBuffer());
  const changes = harden(bytes, target);
  if (target.os === "darwin") {
    bytes = signAdHoc(bytes, name);
    const wrong = mismatchedPages(bytes);
    if (wrong > 0) throw new Error(`${wrong} pages do not match the signature`);
  }
  writeFileSync(`${compiled}.finished`, bytes, { mode: 0o755 });
  renameSync(`${compiled}.finished`, compiled);
  return changes;
}
