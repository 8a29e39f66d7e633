/** The rules in biome.json and the checker of floors find what they are for, in small trees made to offend. */
import { afterAll, expect, test } from "bun:test";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, resolve } from "node:path";
import { checkFloors } from "../../scripts/check-floors.ts";

const ROOT = resolve(import.meta.dir, "../..");
const scratch = mkdtempSync(`${tmpdir()}/gum-cred-floors-`);
afterAll(() => rmSync(scratch, { recursive: true }));

/** A tree with this project's biome.json. */
function plant(tree: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(`${scratch}/tree-`);
  cpSync(`${ROOT}/biome.json`, `${root}/biome.json`);
  for (const [path, text] of Object.entries(tree)) {
    mkdirSync(dirname(`${root}/${path}`), { recursive: true });
    writeFileSync(`${root}/${path}`, text);
  }
  return root;
}

/** What Biome's import rules and the rules of core say of a tree: `FILE RULE`, sorted. */
function lint(root: string): readonly string[] {
  const rules = ["style/noRestrictedImports", "style/noRestrictedGlobals", "suspicious/noImportCycles"];
  const biome = `${ROOT}/node_modules/.bin/biome`;
  const only = rules.flatMap((rule) => ["--only", rule]);
  const { stdout, exitCode } = Bun.spawnSync(
    [biome, "lint", "--vcs-enabled=false", "--reporter=json", "--max-diagnostics=none", ...only, "."],
    { cwd: root, stderr: "ignore" },
  );
  const { diagnostics } = JSON.parse(stdout.toString());
  const found: string[] = diagnostics.map(
    ({ category, location }: { category: string; location: { path: string | { file: string } } }) =>
      `${typeof location.path === "string" ? location.path : location.path.file} ${category.split("/").at(-1)}`,
  );
  expect(exitCode).toBe(found.length > 0 ? 1 : 0);
  return found.map((line) => line.replace(/^\.\//, "").replace(`${root}/`, "")).sort();
}

test("imports that go down, and to the same room, are fine", () => {
  const root = plant({
    "src/main.ts": 'import { a } from "./cli/a.ts";\nimport { V } from "./version.ts";\nconsole.log(a, V);',
    "src/cli/a.ts": 'export { b } from "./b.ts";\nimport "zod";\nexport const a = 1;',
    "src/cli/b.ts":
      'export const b = await import("../core/c.ts");\nimport "node:fs";\nimport "../broker/x.ts";',
    "src/core/c.ts":
      '// process.env is not mentioned here\nimport type { D } from "./d.ts";\nexport const s: D = "Bun.file";',
    "src/core/d.ts": "export type D = string;",
    "src/version.ts": 'export const V = "1";',
    "src/app/plugins/list.ts": 'import "../../providers/registry.ts";',
    "src/providers/registry.ts":
      'import { p } from "../../plugins/gumloop/index.ts";\nexport const all = [p];',
    "src/providers/contract.ts": 'export type { C } from "../core/c.ts";',
    "plugins/gumloop/index.ts":
      'import type { C } from "../../src/providers/contract.ts";\nimport "./data.ts";\nexport const p = 1 as C;',
    "plugins/gumloop/data.ts": "",
    "plugins/gumloop/p.test.ts": 'import "../../src/cli/a.ts";',
    "src/core/d.test.ts": 'import "../../test/support/x.ts";\nconsole.log(process.argv);',
  });
  expect(lint(root)).toEqual([]);
  expect(checkFloors(root).offences).toEqual([]);
});

/** What Biome finds, each in a file of its own: the file, its text, the rule. */
const mistakes: [what: string, path: string, text: string, rule: string][] = [
  ["upwards", "src/app/a.ts", 'import { x } from "../cli/x.ts";\nx();', "noRestrictedImports"],
  ["the broker, upwards", "src/broker/a.ts", 'import "../app/x.ts";', "noRestrictedImports"],
  ["to the broker, upwards", "src/gumloop/a.ts", 'import "../broker/x.ts";', "noRestrictedImports"],
  ["by type", "src/keychain/a.ts", 'export type { X } from "../app/x.ts";', "noRestrictedImports"],
  [
    "over lines",
    "src/net/a.ts",
    'import {\n  x,\n  y,\n} from "../gumloop/x.ts";\nx(y);',
    "noRestrictedImports",
  ],
  ["lazily", "src/os/files/b.ts", 'export const f = () => import("../../app/x.ts");', "noRestrictedImports"],
  ["main", "src/cli/a.ts", 'import "../main.ts";', "noRestrictedImports"],
  ["sideways", "src/dbus/a.ts", 'import { x } from "../net/x.ts";\nx();', "noRestrictedImports"],
  ["sideways back", "src/providers/a.ts", 'import "../output/x.ts";', "noRestrictedImports"],
  ["a vendor from below", "src/os/a.ts", 'import "../../plugins/p/index.ts";', "noRestrictedImports"],
  ["tests", "src/cli/b.ts", 'import { x } from "../../test/support/x.ts";\nx();', "noRestrictedImports"],
  ["core and node", "src/core/a.ts", 'import { x } from "node:fs";\nx();', "noRestrictedImports"],
  ["core and packages", "src/core/b.ts", 'import leven from "leven";\nleven("", "");', "noRestrictedImports"],
  ["core, upwards", "src/core/g.ts", 'import type { X } from "../app/x.ts";', "noRestrictedImports"],
  ["a plugin and net", "plugins/p/index.ts", 'import "../../src/net/x.ts";', "noRestrictedImports"],
  ["a plugin and another", "plugins/q/index.ts", 'import "../p/index.ts";', "noRestrictedImports"],
  ["a plugin and a package", "plugins/p/b.ts", 'import "../../src/providers/x.ts";', "noRestrictedImports"],
  ["core and the process", "src/core/c.ts", "export const x = process.env;", "noRestrictedGlobals"],
  ["core and the clock", "src/core/d.ts", "export const x = Date.now();", "noRestrictedGlobals"],
  ["core and Bun", "src/core/e.ts", 'export const x = Bun.file("x");', "noRestrictedGlobals"],
  ["core and the network", "src/core/f.ts", 'await fetch("https://example.com");', "noRestrictedGlobals"],
  ["a cycle", "src/cli/c.ts", 'import "./d.ts";\nexport const c = 1;', "noImportCycles"],
  ["and back, by type", "src/cli/d.ts", 'import type { c } from "./c.ts";', "noImportCycles"],
];
const tree = Object.fromEntries(mistakes.map(([, path, text]) => [path, text]));
const found = lint(plant(tree));

for (const [what, path, , rule] of mistakes) {
  test(`Biome finds: ${what}`, () => {
    expect(found.filter((line) => line.startsWith(`${path} `))).toEqual([`${path} ${rule}`]);
  });
}

const others: [what: string, tree: Readonly<Record<string, string>>, says: string][] = [
  ["a room without a floor", { "src/utils/a.ts": "" }, "src/utils: stands on no floor"],
  ["a long file", { "src/cli/a.ts": "x\n".repeat(301) }, "301 lines"],
  ["a full folder", files(21), "src/cli: 21 files"],
  [
    "chance in core",
    { "src/core/a.ts": "\nexport const x = Math.random();" },
    "src/core/a.ts:2: core is pure",
  ],
];
for (const [what, tree, says] of others) {
  test(`the checker finds: ${what}`, () => {
    const { offences } = checkFloors(plant(tree));
    expect(offences).toHaveLength(1);
    expect(offences[0]).toContain(says);
  });
}

test("twenty files and their tests are not too many", () => {
  expect(checkFloors(plant({ ...files(20), "src/cli/a.test.ts": "" })).offences).toEqual([]);
});

function files(count: number): Readonly<Record<string, string>> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`src/cli/a${index}.ts`, ""]));
}
