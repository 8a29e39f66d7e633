/**
 * Preloaded by `bun run test:unit`: a unit test starts no program. What has to belongs to test/contract (a part of
 * ours and the real thing), test/e2e (the built binary) or test/build (what scripts/ makes).
 */
import childProcess from "node:child_process";

function refused(): never {
  throw new Error(
    "a unit test starts no program: test/contract, test/e2e and test/build are for those that do",
  );
}

Object.assign(Bun, { spawn: refused, spawnSync: refused });
for (const name of ["spawn", "spawnSync", "exec", "execSync", "execFile", "execFileSync", "fork"] as const) {
  Object.assign(childProcess, { [name]: refused });
}
