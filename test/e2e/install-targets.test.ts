/**
 * Which archive scripts/install.sh takes on which machine. The machines are played by `uname`, `ldd` and `sysctl` of the
 * test's own and by another list of processors; the archives hold programs that say what they were meant for.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { run } from "../support/binary.ts";
import { type Ground, INSTALL_SH, makeGround, SYSTEM_PATH } from "../support/install.ts";
import { makeStandInRelease, UNIX_TARGETS } from "../support/install-release.ts";
import { CAN_MOUNT } from "../support/namespaces.ts";

/** A mount of one's own over a system's file is for root in a machine that lets it. */

let ground: Ground;
let standIns = "";
beforeAll(() => {
  ground = makeGround();
  standIns = `${ground.folder}/stand-ins`;
  makeStandInRelease(standIns, "9.9.9");
});
afterAll(() => ground.remove());

describe("which archive", () => {
  const saying = (text: string) => `#!/bin/sh\n${text}\n`;
  const machines: readonly (readonly [target: string, uname: string, ldd: string, cpu: string])[] = [
    ["linux-x64", "Linux x86_64", "ldd (GNU libc) 2.36", "flags : avx avx2 bmi2"],
    ["linux-x64-baseline", "Linux amd64", "ldd (Debian GLIBC 2.36-9) 2.36", "flags : avx xavx2 avx256"],
    ["linux-x64-musl", "Linux x86_64", "musl libc (x86_64)", "flags : avx2"],
    ["linux-x64-musl-baseline", "Linux x86_64", "musl libc (x86_64)", "flags : avx"],
    ["linux-arm64", "Linux aarch64", "ldd (GNU libc) 2.36", "Features : fp asimd"],
    ["linux-arm64-musl", "Linux aarch64", "musl libc (aarch64)", "Features : fp asimd"],
    ["darwin-x64", "Darwin x86_64", "", ""],
    ["darwin-arm64", "Darwin arm64", "", ""],
    ["darwin-arm64", "Darwin x86_64 translated", "", ""],
  ];

  test.skipIf(!CAN_MOUNT).each(machines)("%s on %s, %s, %s", async (target, machine, ldd, cpu) => {
    const [os, hardware, translated] = machine.split(" ");
    const box = ground.toolbox([
      ["uname", saying(`case $1 in -s) echo ${os} ;; -m) echo ${hardware} ;; esac`)],
      ["ldd", saying(`echo '${ldd}' >&2; exit 1`)],
      ["sysctl", saying(translated ? "echo 1" : "exit 1")],
    ]);
    writeFileSync(`${ground.folder}/cpuinfo`, `${cpu}\n`);
    const prefix = ground.fresh("chosen");
    const { code, stdout, stderr } = await run(["--from", standIns, "--prefix", prefix], {
      // A mount of this process's own in place of the kernel's list.
      program: ["unshare", "--mount", "sh", "-c", `mount --bind "$0" /proc/cpuinfo && exec sh "$@"`].concat(
        `${ground.folder}/cpuinfo`,
        INSTALL_SH,
      ),
      env: { HOME: ground.home, PATH: `${box}:${SYSTEM_PATH}`, TMPDIR: ground.tmp },
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain(`Installed gum-cred 9.9.9 for ${target} (${target}):`);
  });

  test("every one is chosen somewhere", () => {
    expect(new Set(machines.map(([target]) => target))).toEqual(new Set(UNIX_TARGETS));
  });

  test.each([
    ["Linux riscv64", "not built for riscv64"],
    ["FreeBSD x86_64", "not built for FreeBSD"],
    ["MINGW64_NT-10.0 x86_64", "install.ps1"],
  ])("none for %s", async (machine, message) => {
    const [os, hardware] = machine.split(" ");
    const box = ground.toolbox([
      ["uname", saying(`case $1 in -s) echo ${os} ;; -m) echo ${hardware} ;; esac`)],
    ]);
    const env = { PATH: `${box}:${SYSTEM_PATH}` };
    const result = await ground.install(["sh"], ["--from", standIns, "--prefix", ground.fresh("none")], {
      env,
    });
    expect(result).toMatchObject({ code: 1, stdout: "" });
    expect(result.stderr).toContain(message);
  });
});
