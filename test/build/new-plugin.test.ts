/** scripts/new-plugin.ts in a copy of this tree, followed step by step as its author would. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { resolve } from "node:path";
import { newPlugin } from "../../scripts/new-plugin.ts";
import { registrySource } from "../../scripts/registry.ts";

const ROOT = resolve(import.meta.dir, "../..");
const ID = "new-vendor";
const root = mkdtempSync(`${tmpdir()}/gum-cred-plugin-`);
afterAll(() => rmSync(root, { recursive: true, force: true }));

beforeAll(() => {
  const parts = ["src", "plugins", "scripts", "test/support", "biome.json", "package.json", "tsconfig.json"];
  for (const part of parts) cpSync(`${ROOT}/${part}`, `${root}/${part}`, { recursive: true });
  symlinkSync(`${ROOT}/node_modules`, `${root}/node_modules`);
});

function bun(...args: readonly string[]) {
  const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, ...args], {
    cwd: root,
    env: { ...process.env, NO_COLOR: "1" },
  });
  const output = `${stdout}${stderr}`;
  const failed = [...output.matchAll(/^\(fail\) (.*?)(?: \[|$)/gm)].map((match) => match[1]);
  return { exitCode, output, failed };
}

describe("a new plugin", () => {
  const folder = `${root}/plugins/${ID}`;

  test("is written once and registered, with a test that asks for the facts", () => {
    const { exitCode, output } = bun("scripts/new-plugin.ts", ID);
    expect([exitCode, output]).toEqual([0, expect.stringContaining(`bun test plugins/${ID}`)]);
    expect(readFileSync(`${folder}/index.ts`, "utf8")).toContain('variables: ["NEW_VENDOR_API_KEY"]');
    expect(bun("scripts/registry.ts", "--check").exitCode).toBe(0);
    expect(bun("test", `plugins/${ID}`)).toMatchObject({
      exitCode: 1,
      failed: [`${ID} > its facts fit together`],
    });

    const before = readFileSync(`${folder}/index.ts`, "utf8");
    const again = bun("scripts/new-plugin.ts", ID);
    expect([again.exitCode, again.output]).toEqual([1, expect.stringContaining("exists already")]);
    expect(readFileSync(`${folder}/index.ts`, "utf8")).toBe(before);
  });

  test("passes its test and all checks once the facts are there, and is a provider", () => {
    for (const name of ["index.ts", `${ID}.test.ts`]) {
      writeFileSync(
        `${folder}/${name}`,
        readFileSync(`${folder}/${name}`, "utf8").replaceAll(".invalid", ".test"),
      );
    }
    expect(bun("test", `plugins/${ID}`)).toMatchObject({ exitCode: 0, failed: [] });
    for (const check of [
      ["node_modules/.bin/biome", "check", "--vcs-enabled=false", "src", "plugins"],
      ["node_modules/.bin/tsc", "--noEmit"],
      ["scripts/check-floors.ts"],
    ]) {
      const { exitCode, output } = bun(...check);
      expect([check, exitCode, exitCode === 0 ? "" : output]).toEqual([check, 0, ""]);
    }
    const listed = bun(
      "-e",
      'console.log((await import("./src/providers/registry.ts")).PROVIDERS.at(-1)?.id)',
    );
    expect(listed.output).toBe(`${ID}\n`);
  });

  test("the order of env is plugins/order.json's, and whoever is not in it comes last", () => {
    writeFileSync(`${root}/plugins/order.json`, `["${ID}", "xai"]`);
    const { exitCode, output } = bun("scripts/registry.ts", "--check");
    expect([exitCode, output]).toEqual([1, expect.stringContaining("is stale")]);
    expect(bun("scripts/registry.ts").exitCode).toBe(0);
    expect(registrySource(root)).toMatch(/VENDORS: [^[]*\[\]? = \[\s*newVendor,\s+xai,\s+\w/);
  });

  test.each(["", "New", "a b", "../x", "new_vendor", "-x", "о"])("refuses the id '%s'", (id) => {
    expect(() => newPlugin(root, id)).toThrow("is not a provider id");
  });
});
