/**
 * Measures what was promised about speed and prints the ratios: `bun scripts/bench.ts [--rounds N] [--strict]`.
 * `--parsers` compares libraries for the command line instead. Exits 1 only with `--strict` and a broken promise.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { benchGumCred } from "./bench/gum-cred.ts";
import { benchParsers } from "./bench/parsers.ts";
import { benchPlugins } from "./bench/plugins.ts";
import { kept, table } from "./bench/table.ts";

const ROOT = resolve(import.meta.dir, "..");
const DIST = `${ROOT}/dist`;

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "40" },
    parsers: { type: "boolean", default: false },
    strict: { type: "boolean", default: false },
  },
});
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) throw new Error("--rounds takes a whole number");

for (const args of [[], ["--empty"]]) {
  const built = Bun.spawnSync([process.execPath, "scripts/build.ts", ...args], {
    cwd: ROOT,
    stderr: "inherit",
  });
  if (built.exitCode !== 0) process.exit(1);
}
const folder = mkdtempSync(`${tmpdir()}/gum-cred-bench-`);
try {
  const results = values.parsers
    ? benchParsers(DIST, folder, rounds)
    : [...(await benchGumCred(DIST, folder, rounds)), ...benchPlugins(DIST, folder, Math.ceil(rounds / 4))];
  console.log(table(results));
  if (values.strict && !kept(results)) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
