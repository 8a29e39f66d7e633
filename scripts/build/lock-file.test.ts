/** bun.lock pins everything, whatever registry it was made from, and agrees with package.json. */
import { expect, test } from "bun:test";
import { directDependencies, lockedPackages, runtimePackages } from "./lock-file.ts";
import { ROOT } from "./program.ts";
import { TARGETS } from "./targets.ts";

test("it names no registry, and each package has a version and a digest", async () => {
  expect(await Bun.file(`${ROOT}/bun.lock`).text()).not.toMatch(/https?:/);
  const odd = [...(await lockedPackages())].filter(
    ([, { version, integrity }]) => !/^\d+\.\d+\.\d+/.test(version) || !/^sha512-.{88}$/.test(integrity),
  );
  expect(odd).toEqual([]);
});

test("Bun is the one that packageManager names, and its runtimes are there for every target", async () => {
  const { packageManager, devDependencies } = await Bun.file(`${ROOT}/package.json`).json();
  expect(packageManager).toBe(`bun@${devDependencies.bun}`);
  const packages = await lockedPackages();
  expect(packages.get("bun")?.version).toBe(devDependencies.bun);
  for (const { runtime } of TARGETS.filter(({ runtime }) => !runtime.endsWith("-baseline"))) {
    expect([runtime, packages.get(`@oven/bun-${runtime}`)?.version]).toEqual([runtime, devDependencies.bun]);
  }
});

test("the packages of run time are the direct ones and theirs, and no tool", async () => {
  const names = [...(await runtimePackages()).keys()];
  for (const name of await directDependencies()) expect(names).toContain(name);
  for (const tool of ["bun", "typescript", "@cyclonedx/cyclonedx-library"]) expect(names).not.toContain(tool);
  expect(names).toEqual([...names].sort());
});
