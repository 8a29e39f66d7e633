/**
 * `bun scripts/packaging/fill.ts FOLDER`: writes a release's Homebrew formula and Scoop manifest beside its archives,
 * from the templates in this folder. Versions and sums are those of the release's SHA256SUMS, which the installers
 * believe too; nothing is computed anew.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const TEMPLATES = ["gum-cred.rb", "gum-cred.json"] as const;
const RELEASES = "https://github.com/gum-cred/gum-cred/releases/download";

interface Release {
  readonly version: string;
  /** SHA-256 in lower-case hex, by target. */
  readonly sums: ReadonlyMap<string, string>;
}

/** Returns the paths of the files written. Throws, having written none, when anything is missing or doubtful. */
export function fillTemplates(folder: string): string[] {
  const release = readRelease(readFileSync(join(folder, "SHA256SUMS"), "utf8"));
  const files = TEMPLATES.map((name) => ({
    path: join(folder, name),
    text: fill(readFileSync(join(import.meta.dir, name), "utf8"), release),
  }));
  for (const { path, text } of files) writeFileSync(path, text);
  return files.map(({ path }) => path);
}

/** Reads lines `HEX  NAME` or `HEX *NAME` (GNU coreutils, "md5 invocation"); what is no archive is passed over. */
function readRelease(text: string): Release {
  const sums = new Map<string, string>();
  const versions = new Set<string>();
  for (const line of text.split("\n")) {
    const archive =
      /^([0-9a-f]{64}) [ *]gum-cred-(.+)-((?:linux|darwin|windows)-[a-z0-9-]+)\.(?:tar\.gz|zip)$/;
    const [, sum, version, target] = archive.exec(line) ?? [];
    if (sum === undefined || version === undefined || target === undefined) continue;
    if (sums.has(target)) throw new Error(`SHA256SUMS has more than one archive for ${target}`);
    sums.set(target, sum);
    versions.add(version);
  }
  const [version, ...others] = versions;
  if (version === undefined) throw new Error("SHA256SUMS has no archives");
  if (others.length > 0) throw new Error(`SHA256SUMS is of several versions: ${[...versions].join(", ")}`);
  // Both package managers read it as a part of other texts.
  if (!/^[0-9][0-9A-Za-z.+-]*$/.test(version)) throw new Error(`'${version}' is no version`);
  return { version, sums };
}

function fill(template: string, { version, sums }: Release): string {
  return template.replaceAll(/\{\{([^}]*)\}\}/g, (_, name: string) => {
    if (name === "version") return version;
    if (name === "url") return `${RELEASES}/v${version}`;
    const target = /^sha256 (.+)$/.exec(name)?.[1];
    if (target === undefined) throw new Error(`the template asks for '${name}', which nobody knows`);
    const sum = sums.get(target);
    if (sum === undefined) throw new Error(`SHA256SUMS has no archive for ${target}`);
    return sum;
  });
}

if (import.meta.main) {
  const [folder, ...more] = process.argv.slice(2);
  if (folder === undefined || more.length > 0) {
    console.error("usage: bun scripts/packaging/fill.ts FOLDER");
    process.exit(2);
  }
  try {
    for (const path of fillTemplates(folder)) console.log(path);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(1);
  }
}
