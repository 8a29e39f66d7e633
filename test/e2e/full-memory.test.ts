/** `exec --file` where a file system in memory is full: another one is used, or the full one is named. Linux, root. */
import { expect, test } from "bun:test";
import { gumCred, run } from "../support/binary.ts";
import { CAN_MOUNT } from "../support/namespaces.ts";

if (!CAN_MOUNT) console.log("full-memory: skipped, because this kernel lets nobody mount");

const RUNTIME = "/tmp/gum-cred-full";
const FULL = (place: string) =>
  `mount -t tmpfs -o size=4k,mode=700 none ${place} && { cat /dev/zero > ${place}/fill 2>/dev/null; true; }`;

const under = (setUp: string, env: Record<string, string> = {}) =>
  run(
    [
      gumCred(),
      "exec",
      "--file",
      "TOKEN=gum://gumloop",
      "--quiet",
      "gumloop",
      "--",
      "sh",
      "-c",
      'echo "$TOKEN"; cat "$TOKEN"; ls -A /tmp/gum-cred-full /dev/shm | grep -c gum-cred-run',
    ],
    {
      program: ["unshare", "--mount", "sh", "-c", `mkdir -p ${RUNTIME} && ${setUp} && exec "$@"`, "sh"],
      env: { GUMLOOP_ACCESS_TOKEN: "tok-EXAMPLE-0123456789", XDG_RUNTIME_DIR: RUNTIME, ...env },
    },
  );

test.skipIf(!CAN_MOUNT)("a full runtime folder: the file is in /dev/shm", async () => {
  const { code, stdout } = await under(FULL(RUNTIME));
  expect(code).toBe(0);
  expect(stdout).toMatch(/^\/dev\/shm\/gum-cred-run\.[^\n]*\ntok-EXAMPLE-0123456789/);
});

test.skipIf(!CAN_MOUNT).each([
  ["both are full", `${FULL(RUNTIME)} && ${FULL("/dev/shm")}`, {}, "/dev/shm"],
  ["/dev/shm alone is there", FULL("/dev/shm"), { XDG_RUNTIME_DIR: "" }, "/dev/shm"],
  ["/dev/shm cannot be written to", `${FULL(RUNTIME)} && mount -t proc none /dev/shm`, {}, RUNTIME],
] as const)("%s: exit 125, with its name, and nothing goes to a disk", async (_, setUp, env, named) => {
  const { code, stdout, stderr } = await under(setUp, env);
  expect([code, stdout]).toEqual([125, ""]);
  expect(stderr).toContain(
    `a private file cannot be written in ${named} (ENOSPC)\nhint: check the space in ${named}\n`,
  );
});
