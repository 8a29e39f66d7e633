/**
 * Everything that is given out, in dist/release: an archive for each machine, a bill of materials, a manifest, and
 * the sums of them all. The same commit gives the same bytes. What lies there is a whole release or an old one.
 */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { basename } from "node:path";
import { type Built, build, DIST, EMPTY, GUM_CRED, ROOT } from "../build/program.ts";
import type { Target } from "../build/targets.ts";
import { readSourceDate, type Version } from "../build/version.ts";
import { archive } from "./archive.ts";
import { billOfMaterials } from "./bill-of-materials.ts";
import { documents } from "./documents.ts";
import { type Artifact, manifest, type Packed } from "./manifest.ts";
import { sha256, sums } from "./sums.ts";

/** What gum-cred may add to an empty Bun program, in bytes. 2 MB was the aim before there were broker and fleet sources. */
export const SIZE_LIMIT = 3_200_000;

/** Throws when a program is too large; nothing in dist/release is changed then. */
export async function release(version: Version, targets: readonly Target[]): Promise<void> {
  const date = readSourceDate(ROOT);
  mkdirSync(DIST, { recursive: true });
  const workshop = mkdtempSync(`${DIST}/.release-`);
  try {
    const finished = `${workshop}/finished`;
    mkdirSync(finished);
    const pages = await documents(version, `${workshop}/documents`);
    const artifacts: Artifact[] = [];
    for (const target of targets) {
      const folder = `${workshop}/${target.name}`;
      const empty = await build(EMPTY, target, version, folder);
      const program = await build(GUM_CRED, target, version, folder);
      checkSize(target, program, empty);
      const name = `gum-cred-${version.version}-${target.name}`;
      const file = await archive({
        name,
        target,
        program: program.file,
        pages,
        date,
        folder,
        into: finished,
      });
      artifacts.push({
        target,
        archive: packed(file),
        program: { ...packed(program.file), hardened: program.hardened },
        overEmpty: program.size - empty.size,
      });
      rmSync(folder, { recursive: true });
    }
    await Bun.write(
      `${finished}/gum-cred-${version.version}.cdx.json`,
      await billOfMaterials(version, targets, date),
    );
    await Bun.write(`${finished}/manifest.json`, text(manifest(version, artifacts, date)));
    await Bun.write(`${finished}/SHA256SUMS`, sums(finished));
    replace(`${DIST}/release`, finished, `${workshop}/old`);
    console.log(table(artifacts));
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
}

function packed(path: string): Packed {
  return { file: basename(path), size: Bun.file(path).size, sha256: sha256(path) };
}

function checkSize(target: Target, program: Built, empty: Built): void {
  const over = program.size - empty.size;
  if (over > SIZE_LIMIT) {
    throw new Error(`${target.name}: ${over} bytes over the empty program, and ${SIZE_LIMIT} are allowed`);
  }
}

function replace(folder: string, finished: string, old: string): void {
  if (existsSync(folder)) renameSync(folder, old);
  renameSync(finished, folder);
}

const text = (value: object) => `${JSON.stringify(value, null, 2)}\n`;

/** In millions of bytes, as the limit is. */
function table(artifacts: readonly Artifact[]): string {
  const MB = (bytes: number) => (bytes / 1e6).toFixed(2).padStart(8);
  const rows = artifacts.map(({ target, archive, program, overEmpty }) => {
    const sizes = [program.size, overEmpty, archive.size].map(MB).join("");
    return `${target.name.padEnd(24)}${sizes}${String(program.hardened).padStart(10)}`;
  });
  return [`${"MB".padEnd(24)} program over it archive hardened`, ...rows].join("\n");
}
