/**
 * Measures what was promised about speed and memory, prints it, and says whether each promise is kept:
 * `bun scripts/bench.ts [--quick] [--only NAME,NAME] [--check] [--write]`. `--write` makes docs/performance.md;
 * `--check` exits 1 when a promise is broken; `--parsers` compares libraries for the command line instead.
 * A whole run takes about five minutes and wants the machine for itself. GUM_CRED_BINARY measures another binary.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { benchBroker } from "./bench/broker.ts";
import { benchContention } from "./bench/contention.ts";
import { benchPlugins, benchProfiles } from "./bench/growth.ts";
import { benchLayers } from "./bench/layers.ts";
import { fairCopies } from "./bench/measure.ts";
import { benchMemory } from "./bench/memory.ts";
import { asPage, asText } from "./bench/page.ts";
import { benchParsers } from "./bench/parsers.ts";
import { benchRedaction } from "./bench/redaction.ts";
import { benchRivals } from "./bench/rivals.ts";
import { missed, type Section } from "./bench/rows.ts";
import { benchSources } from "./bench/sources.ts";
import { benchStartUp } from "./bench/start-up.ts";
import type { Setting } from "./bench/world.ts";

const ROOT = resolve(import.meta.dir, "..");
const DIST = `${ROOT}/dist`;
const PAGE = `${ROOT}/docs/performance.md`;
const ROUNDS = 60;
const QUICK_ROUNDS = 8;

/** By the name that `--only` takes. */
const SECTIONS: Readonly<Record<string, (setting: Setting) => Promise<Section>>> = {
  "start-up": benchStartUp,
  layers: benchLayers,
  memory: benchMemory,
  contention: benchContention,
  redaction: benchRedaction,
  plugins: benchPlugins,
  profiles: benchProfiles,
  broker: benchBroker,
  sources: benchSources,
  rivals: (setting) => benchRivals(setting, `${DIST}/bench-python`),
};

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string", default: Object.keys(SECTIONS).join(",") },
    parsers: { type: "boolean", default: false },
    check: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
  },
});
const names = values.only.split(",");
const unknown = names.find((name) => !(name in SECTIONS));
if (unknown !== undefined)
  throw new Error(`--only takes ${Object.keys(SECTIONS).join(", ")}; not ${unknown}`);
if (values.write && names.length < Object.keys(SECTIONS).length) throw new Error("--write wants a whole run");

const folder = mkdtempSync(`${tmpdir()}/gum-cred-bench-`);
try {
  const setting = prepare(values.quick);
  if (values.parsers) console.log(asText(await benchParsers(setting)));
  else await benchAll(setting);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function benchAll(setting: Setting): Promise<void> {
  const sections: Section[] = [];
  for (const name of names) {
    const section = await SECTIONS[name]?.(setting);
    if (!section) continue;
    console.log(asText(section));
    sections.push(section);
  }
  const broken = missed(sections);
  if (broken.length > 0) console.log(`not kept: ${broken.map(({ called }) => called).join("; ")}`);
  if (values.write) writeFileSync(PAGE, asPage(sections, versions(setting), setting.rounds));
  if (values.check && broken.length > 0) process.exitCode = 1;
}

/** The binaries, built from the sources as they are and copied. */
function prepare(quick: boolean): Setting {
  const given = process.env["GUM_CRED_BINARY"];
  for (const args of given ? [["--empty"]] : [[], ["--empty"]]) {
    const built = Bun.spawnSync([process.execPath, "scripts/build.ts", ...args], {
      cwd: ROOT,
      stderr: "inherit",
    });
    if (built.exitCode !== 0) process.exit(1);
  }
  return {
    gumCred: fairCopies(given ?? `${DIST}/gum-cred`, `${folder}/gum-cred`),
    empty: fairCopies(`${DIST}/empty`, `${folder}/empty`),
    folder,
    rounds: quick ? QUICK_ROUNDS : ROUNDS,
    quick,
  };
}

function versions({ gumCred }: Setting): readonly string[] {
  const version = Bun.spawnSync([gumCred, "--version"], { env: {} }).stdout.toString().trim();
  return [version, `Bun ${Bun.version}`];
}
