/** A process in which native calls are refused, as where executable memory is. */
import { expect, test } from "bun:test";
import { resolve } from "node:path";

const ROOT = resolve(import.meta.dir, "../../../src/os");

const REFUSED = `
  const { libc, loaderCalls } = await import("${ROOT}/native/libc.ts");
  const { writeOut } = await import("${ROOT}/streams/standard-streams.ts");
  await writeOut([libc(), loaderCalls()].map(String).join());
`;
test("where native calls are refused every set is null, and output is written without them", () => {
  // Without its JIT bun:ffi throws, as it does where executable memory is refused.
  const env = { ...process.env, BUN_JSC_useJIT: "0" };
  const { stdout, exitCode } = Bun.spawnSync([process.execPath, "-e", REFUSED], { env });
  expect([stdout.toString(), exitCode]).toEqual(["null,null", 0]);
});
