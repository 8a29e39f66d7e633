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

const WITHOUT_BUN_FFI = `
  process.getBuiltinModule("bun:ffi"); // is made of it
  Object.defineProperty(Bun, "FFI", { value: undefined });
  const { errno, errnoName, libc, lockCalls } = await import("${ROOT}/native/libc.ts");
  const { fileCalls } = await import("${ROOT}/files/file-calls.ts");
  const half = new Float64Array([0])[0];
  const found = [libc().fcntl(half, 1), lockCalls().flock(-1, 2), errnoName(errno()), fileCalls().lstat("/").kind];
  const { writeOut } = await import("${ROOT}/streams/standard-streams.ts");
  await writeOut(found.join());
`;
test.skipIf(process.platform !== "linux")("without Bun.FFI the module bun:ffi makes the calls", () => {
  const { stdout, exitCode } = Bun.spawnSync([process.execPath, "-e", WITHOUT_BUN_FFI]);
  expect([stdout.toString(), exitCode]).toEqual(["0,-1,EBADF,folder", 0]);
});
