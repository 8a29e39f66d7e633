/** The checker of floors finds what it is for, in small trees made to offend. */
import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, resolve } from "node:path";
import { checkFloors } from "./check-floors.ts";

function offencesOf(tree: Readonly<Record<string, string>>): readonly string[] {
  const root = mkdtempSync(`${tmpdir()}/gum-cred-floors-`);
  try {
    for (const [path, text] of Object.entries(tree)) {
      mkdirSync(dirname(`${root}/${path}`), { recursive: true });
      writeFileSync(`${root}/${path}`, text);
    }
    return checkFloors(root).offences;
  } finally {
    rmSync(root, { recursive: true });
  }
}

test("this tree keeps its floors", () => {
  expect(checkFloors(resolve(import.meta.dir, "..")).offences).toEqual([]);
});

test("imports that go down, and to the same folder, are fine", () => {
  expect(
    offencesOf({
      "src/main.ts": 'import { a } from "./cli/a.ts";\nimport { V } from "./version.ts";',
      "src/cli/a.ts": 'export { b } from "./b.ts";\nimport "zod";',
      "src/cli/b.ts": 'const x = await import("../core/c.ts");\nimport "node:fs";',
      "src/core/c.ts": '// process.env is not mentioned here\nexport const s = "Bun.file";',
      "src/version.ts": "",
      "src/providers/registry.ts": 'import { p } from "../../plugins/p/index.ts";',
      "src/providers/contract.ts": 'import type { C } from "../core/c.ts";',
      "plugins/p/index.ts": 'import type { P } from "../../src/providers/contract.ts";\nimport "./data.ts";',
      "plugins/p/data.ts": "",
      "plugins/p/p.test.ts": 'import "../../src/cli/a.ts";',
    }),
  ).toEqual([]);
});

const mistakes: [what: string, path: string, text: string, says: string][] = [
  ["upwards", "src/app/a.ts", 'import { x } from "../cli/x.ts";', "imports go down only"],
  ["upwards, by type", "src/core/a.ts", 'import type { X } from "../app/x.ts";', "imports go down only"],
  [
    "upwards, over lines",
    "src/net/a.ts",
    'import {\n  x,\n  y,\n} from "../gumloop/x.ts";',
    "imports go down only",
  ],
  ["upwards, lazily", "src/os/a.ts", 'const f = () => import("../app/x.ts");', "imports go down only"],
  ["sideways", "src/dbus/a.ts", 'import { x } from "../net/x.ts";', "neighbours"],
  ["tests", "src/cli/a.ts", 'import { x } from "../../test/support/x.ts";', "not a part of the program"],
  ["core and node", "src/core/a.ts", 'import { x } from "node:fs";', "nothing from outside core"],
  ["core and packages", "src/core/a.ts", 'import arg from "arg";', "nothing from outside core"],
  ["a plugin and net", "plugins/p/index.ts", 'import { x } from "../../src/net/x.ts";', "a plugin sees"],
  ["a plugin and another", "plugins/p/index.ts", 'import { x } from "../q/index.ts";', "a plugin sees"],
  ["core and the process", "src/core/a.ts", "const x = process.env;", "a.ts:1: core is pure"],
  ["core and the clock", "src/core/a.ts", "/* two\nlines */ const x = Date.now();", "a.ts:2: core is pure"],
  ["core and the network", "src/core/a.ts", 'await fetch("https://example.com");', "core is pure"],
  ["no floor", "src/utils/a.ts", "", "stands on no floor"],
  ["too long", "src/cli/a.ts", "x\n".repeat(301), "301 lines"],
  ["a circle", "src/cli/a.ts", 'import "./a.ts";', "src/cli/a.ts > src/cli/a.ts"],
];
for (const [what, path, text, says] of mistakes) {
  test(`offence: ${what}`, () => {
    const found = offencesOf({ [path]: text });
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(says);
  });
}

test("a circle over several files is told once", () => {
  const tree = {
    "src/cli/a.ts": 'import "./b.ts";',
    "src/cli/b.ts": 'import "./c.ts";',
    "src/cli/c.ts": 'import "./a.ts";',
  };
  expect(offencesOf(tree)).toEqual([
    "imports in a circle: src/cli/a.ts > src/cli/b.ts > src/cli/c.ts > src/cli/a.ts",
  ]);
});
