/**
 * Builds gum-cred: `bun scripts/build.ts [--target NAME|all] [--empty]`, `bun scripts/build.ts --release [--target NAME]`.
 * Without a target: dist/gum-cred for this machine. With one (`host` is this machine's): dist/NAME/gum-cred. `--empty`
 * builds an empty program in the same way, named empty, to measure against. `--release` builds what is given out,
 * dist/release: for every target unless one is named.
 */
import { parseArgs } from "node:util";
import { build, DIST, EMPTY, GUM_CRED, ROOT } from "./build/program.ts";
import { findTarget, hostTarget, TARGETS } from "./build/targets.ts";
import { readVersion } from "./build/version.ts";
import { release } from "./release/release.ts";

const { values } = parseArgs({
  options: {
    target: { type: "string" },
    empty: { type: "boolean", default: false },
    release: { type: "boolean", default: false },
  },
});
const version = await readVersion(ROOT);
const named = values.target === "host" ? hostTarget().name : values.target;
const everything = named === "all" || (values.release && named === undefined);
const targets = everything ? TARGETS : [named === undefined ? hostTarget() : findTarget(named)];
if (values.release) await release(version, targets);
else {
  const program = values.empty ? EMPTY : GUM_CRED;
  for (const target of targets)
    await build(program, target, version, named ? `${DIST}/${target.name}` : DIST);
}
