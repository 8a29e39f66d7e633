/**
 * What scripts/install.sh refuses of a release and of a machine: each time with a reason, and with nothing changed of
 * what was installed before.
 */
import { describe, expect, test } from "bun:test";
import { appendFileSync, chmodSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { NEEDED, SYSTEM_PATH, snapshot } from "../support/install.ts";
import { useInstalled } from "../support/install-installed.ts";
import { copyRelease, pack, thisTarget, writeSums } from "../support/install-release.ts";

/** Debian's `sh` is dash; all else here runs in it. */
const SHELLS: readonly (readonly [string, readonly string[]])[] = [
  ["dash", ["dash"]],
  ["bash", ["bash"]],
  ["mksh", ["mksh"]],
  ["busybox sh", ["busybox", "sh"]],
];
const TARGET = thisTarget();
const ARCHIVE = `gum-cred-2.0.0-${TARGET}.tar.gz`;
const installed = useInstalled();

describe.each(SHELLS)("a spoilt release, in %s", (_, shell) => {
  const spoilt = () => copyRelease(installed.newer, `${installed.ground.folder}/spoilt`);
  const sums = (folder: string) => readFileSync(`${folder}/SHA256SUMS`, "utf8");
  const lineOf = (folder: string) =>
    sums(folder)
      .split("\n")
      .find((line) => line.endsWith(ARCHIVE)) ?? "";
  const rewrite = (folder: string, program: string, without?: string) => {
    pack(folder, "2.0.0", TARGET, Buffer.from(program), String, without);
    writeSums(folder);
  };
  const cases: readonly (readonly [string, (folder: string) => void, string])[] = [
    ["no folder", (folder) => rmSync(folder, { recursive: true }), "there is no folder"],
    ["no SHA256SUMS", (folder) => rmSync(`${folder}/SHA256SUMS`), "there is no SHA256SUMS"],
    ["an empty SHA256SUMS", (folder) => truncateSync(`${folder}/SHA256SUMS`), `no archive for ${TARGET}`],
    [
      "a cut SHA256SUMS",
      (folder) => writeFileSync(`${folder}/SHA256SUMS`, lineOf(folder).slice(0, -3)),
      `no archive for ${TARGET}`,
    ],
    [
      "a name that leads out of the folder",
      (folder) =>
        writeFileSync(`${folder}/SHA256SUMS`, lineOf(folder).replace("gum-cred-", "gum-cred-/../gum-cred-")),
      `no archive for ${TARGET}`,
    ],
    [
      "an archive listed twice",
      (folder) => appendFileSync(`${folder}/SHA256SUMS`, `${lineOf(folder)}\n`),
      "more than one archive",
    ],
    [
      "two versions",
      (folder) => appendFileSync(`${folder}/SHA256SUMS`, lineOf(folder).replace("2.0.0", "3.0.0")),
      "more than one archive",
    ],
    ["no archive", (folder) => rmSync(`${folder}/${ARCHIVE}`), `there is no ${ARCHIVE}`],
    ["a changed archive", (folder) => appendFileSync(`${folder}/${ARCHIVE}`, "x"), "vouches for"],
    ["a cut archive", (folder) => truncateSync(`${folder}/${ARCHIVE}`, 300), "vouches for"],
    [
      "a wrong sum",
      (folder) => writeFileSync(`${folder}/SHA256SUMS`, `${"0".repeat(64)}  ${ARCHIVE}\n`),
      "vouches for",
    ],
    [
      "no sum",
      (folder) => writeFileSync(`${folder}/SHA256SUMS`, ` ${ARCHIVE}\n`),
      `no archive for ${TARGET}`,
    ],
    [
      "what is no archive",
      (folder) => {
        writeFileSync(`${folder}/${ARCHIVE}`, "no archive");
        writeSums(folder);
      },
      `cannot unpack ${ARCHIVE}`,
    ],
    ["no manual page", (folder) => rewrite(folder, "#!/bin/sh\n", "man/gum-cred.1"), "has no man/gum-cred.1"],
    [
      "a program that fails",
      (folder) => rewrite(folder, "#!/bin/sh\necho broken >&2\nexit 3\n"),
      "does not start here (exit code 3)",
    ],
    [
      "a program that a signal ends",
      (folder) => rewrite(folder, "#!/bin/sh\nkill -ILL $$\n"),
      "does not start here (exit code 132)",
    ],
  ];

  test.each(cases)("%s", async (_, spoil, message) => {
    const folder = spoilt();
    spoil(folder);
    expect((await installed.refused(folder, {}, shell)).stderr).toContain(message);
  });

  test("a sum without a line end, and one of a binary file, are fine", async () => {
    const folder = spoilt();
    const other = installed.ground.fresh("fine");
    for (const line of [lineOf(folder), lineOf(folder).replace("  ", " *")]) {
      writeFileSync(`${folder}/SHA256SUMS`, line);
      expect(await installed.ground.install(shell, ["--from", folder, "--prefix", other])).toMatchObject({
        code: 0,
      });
    }
  });
});

describe("a machine that cannot", () => {
  test("no downloader", async () => {
    const PATH = installed.ground.toolbox([...NEEDED, "sha256sum"]);
    expect((await installed.refused("https://127.0.0.1:1", { env: { PATH } })).stderr).toContain(
      "neither curl nor wget",
    );
    const other = installed.ground.fresh("without-downloader");
    const result = await installed.ground.install(
      ["/bin/sh"],
      ["--from", installed.newer, "--prefix", other],
      { env: { PATH } },
    );
    expect(result).toMatchObject({ code: 0, stderr: "" });
  });

  test("no program for sums", async () => {
    const PATH = installed.ground.toolbox(NEEDED);
    expect((await installed.refused(installed.newer, { env: { PATH } })).stderr).toContain(
      "none of sha256sum, shasum and openssl",
    );
  });

  test.skipIf(process.getuid?.() !== 0)("a prefix that the user may not write to", async () => {
    const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "sh"];
    chmodSync(`${installed.prefix}/bin`, 0o755);
    expect((await installed.refused(installed.newer, {}, nobody)).stderr).toContain(
      `cannot write to ${installed.prefix}`,
    );
    const file = await installed.ground.install(
      ["sh"],
      ["--from", installed.newer, "--prefix", `${installed.prefix}/bin/gum-cred/x`],
    );
    expect(file).toMatchObject({ code: 1, stdout: "" });
    installed.unchanged();
  });

  test("musl without the libraries that the program needs: their name is said", async () => {
    const folder = copyRelease(installed.newer, `${installed.ground.folder}/musl`);
    const target = TARGET.replace(/(-baseline)?$/, "-musl$1");
    pack(folder, "2.0.0", target, Buffer.from("#!/bin/sh\nexit 127\n"), String);
    writeSums(folder);
    const box = installed.ground.toolbox([["ldd", "#!/bin/sh\necho 'musl libc (x86_64)' >&2\nexit 1\n"]]);
    const { stderr } = await installed.refused(folder, { env: { PATH: `${box}:${SYSTEM_PATH}` } });
    expect(stderr).toContain("apk add libstdc++");
  });

  test("a folder where the program belongs; folders made on the way go again", async () => {
    const other = installed.ground.fresh("taken");
    const page = `${other}/share/man/man1/gum-cred.1/mine`;
    await Bun.write(page, "mine");
    const result = await installed.ground.install(["sh"], ["--from", installed.newer, "--prefix", other]);
    expect(result).toMatchObject({ code: 1, stdout: "" });
    expect(result.stderr).toContain("gum-cred.1 is a folder");
    expect(Object.keys(snapshot(other))).toEqual(["share/man/man1/gum-cred.1/mine"]);
  });
});

test.each([[["--bogus"]], [["--from"]], [["--prefix", ""]], [["--prefix="]], [["gum-cred"]]])(
  "%p is misuse",
  async (args) => {
    const result = await installed.ground.install(["sh"], args);
    expect(result).toMatchObject({ code: 2, stdout: "" });
    expect(result.stderr).toContain("see --help");
  },
);

test("--help says what there is and does nothing", async () => {
  const env = { PATH: installed.ground.toolbox(["cat"]) };
  const result = await installed.ground.install(["/bin/sh"], ["--help"], { env });
  expect(result).toMatchObject({ code: 0, stderr: "" });
  for (const option of ["--from", "--prefix", "--no-completions", "--uninstall"]) {
    expect(result.stdout).toContain(option);
  }
});
