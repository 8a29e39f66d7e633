/** Each native library is opened by one module, and the sets of the C library's functions open where they belong. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import {
  childCalls,
  confinementCalls,
  cString,
  ERRNO,
  errno,
  errnoName,
  execCalls,
  jobCalls,
  libc,
  limitCalls,
  loaderCalls,
  lockCalls,
  makingCalls,
  memoryFileCalls,
  socketCalls,
  statCalls,
  streamCalls,
  terminalCalls,
} from "./libc.ts";

const root = `${import.meta.dir}/../../..`;

test("no other module opens a library", () => {
  const files = [...new Bun.Glob("{src,plugins}/**/*.ts").scanSync({ cwd: root })];
  const opening = files.filter(
    (file) =>
      !file.endsWith(".test.ts") &&
      /\bdlopen\b.*from "bun:ffi"|\(Bun as .*\bFFI\b/.test(readFileSync(`${root}/${file}`, "utf8")),
  );
  expect(opening.sort()).toEqual([
    "src/keychain/macos/security-framework.ts",
    "src/keychain/windows/advapi32.ts",
    "src/os/native/ffi.ts",
    "src/os/native/kernel32.ts",
  ]);
});

test.skipIf(process.platform !== "linux")("every set opens, once", () => {
  const sets = {
    libc,
    streamCalls,
    execCalls,
    statCalls,
    limitCalls,
    lockCalls,
    makingCalls,
    socketCalls,
    terminalCalls,
    jobCalls,
    childCalls,
    confinementCalls,
    memoryFileCalls,
    loaderCalls,
  };
  for (const [name, open] of Object.entries(sets)) {
    expect([name, open()]).toEqual([name, expect.anything()]);
    expect(open() as unknown).toBe(open());
  }
});

test.skipIf(process.platform === "win32")(
  "the reason of a failure is that of the last call, in any set",
  () => {
    expect([lockCalls()?.flock(-1, 2), errnoName(errno())]).toEqual([-1, "EBADF"]);
    expect([libc()?.faccessat(-100, cString("/nonexistent/x"), 0, 0), errno()]).toEqual([-1, ERRNO.ENOENT]);
    expect(Number(streamCalls()?.read(-1, new Uint8Array(1), 1))).toBe(-1);
    expect([errnoName(errno()), errnoName(9999)]).toEqual(["EBADF", "errno 9999"]);
    // What a folder that cannot be used most often is: on a file system for reading only.
    expect([23, 30, constants.errno.EDQUOT, constants.errno.ENOLCK].map(errnoName)).toEqual([
      "ENFILE",
      "EROFS",
      "EDQUOT",
      "ENOLCK",
    ]);
  },
);

test.skipIf(process.platform === "win32")(
  "whole numbers are passed on, however JavaScript keeps them",
  () => {
    const kept = (value: number) => new Float64Array([value])[0] ?? Number.NaN;
    expect(libc()?.fcntl(kept(0), kept(1))).toBeGreaterThanOrEqual(0);
    expect([libc()?.fcntl(kept(-1), kept(1)), errnoName(errno())]).toEqual([-1, "EBADF"]);
  },
);
