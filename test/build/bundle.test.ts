/** What goes into the file: our code and its packages, and none of the bytecode of Bun's own node: modules. */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { rewriteImports } from "../../scripts/build/builtin-modules.ts";
import { optionsFor } from "../../scripts/build/bundle.ts";
import { compile } from "../../scripts/build/compile.ts";
import { runtimePackages } from "../../scripts/build/lock-file.ts";
import { GUM_CRED } from "../../scripts/build/program.ts";

const folder = mkdtempSync(`${tmpdir()}/gum-cred-bundle-`);
afterAll(() => rmSync(folder, { recursive: true }));

test("imports of node: modules become look-ups, all others stay", () => {
  const fs = '(0, import.meta.require)("node:fs")';
  const table: Record<string, string> = {
    'import { a, b as c } from "node:fs";': `const { a, b: c } = ${fs};`,
    "import{a}from'fs'": 'const {a} = (0, import.meta.require)("fs")',
    'import * as f$1 from "node:fs";': `const f$1 = ${fs};`,
    'import fs from "node:fs";': `const fs = ${fs};`,
    'const fs = require("node:fs")': `const fs = ${fs}`,
    'process.getBuiltinModule("node:fs").readSync': `${fs}.readSync`,
    'await import("node:fs")': `await Promise.resolve(${fs})`,
  };
  for (const [before, after] of Object.entries(table)) expect(rewriteImports(before)).toBe(after);
  for (const same of [
    'import { dlopen } from "bun:ffi";',
    'import { z } from "zod/mini";',
    'import("./env.ts")',
  ]) {
    expect(rewriteImports(same)).toBe(same);
  }
});

test.skipIf(process.platform === "win32")("no module of Bun's own but bun:ffi is embedded", () => {
  const outfile = `${folder}/gum-cred`;
  const version = { version: "0.0.0", commit: "test" };
  compile({ entries: [GUM_CRED.entry], outfile, target: null, version, folder });
  // Not hardened, so it still lists what has bytecode: a line with the name, a digest, the number of functions.
  const env = { BUN_BYTECODE_DIGEST_OUT: `${folder}/digest` };
  expect(Bun.spawnSync([outfile, "--version"], { env }).exitCode).toBe(0);
  const names = readFileSync(env.BUN_BYTECODE_DIGEST_OUT, "utf8").trim().split("\n");
  expect(names.length).toBeGreaterThan(50);
  expect(names.filter((name) => name.startsWith("internal:"))).toHaveLength(1);
});

test("the bill of materials names the packages that the bundler takes in, and no other", async () => {
  const { compile: _, ...options } = optionsFor({
    entries: [GUM_CRED.entry],
    outfile: "",
    other: null,
    define: {},
  });
  const { metafile } = await Bun.build({
    ...options,
    bytecode: false,
    metafile: true,
    outdir: `${folder}/out`,
  });
  const inputs = Object.keys(metafile?.inputs ?? {});
  const taken = inputs.flatMap((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []);
  expect([...new Set(taken)].sort()).toEqual([...(await runtimePackages()).keys()].sort());
});
