/** Standard streams and terminals, in processes of their own: slow, full, closed and non-blocking ones. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { resolve } from "node:path";

const OS = resolve(import.meta.dir, "../../../src/os/streams");

/** Does what its first argument says; `nonblock` first makes all its streams non-blocking. */
const FIXTURE = `
import { dlopen } from "bun:ffi";
import { readStdin, writeErr, writeOut } from "${OS}/standard-streams.ts";
import { isTerminal } from "${OS}/is-terminal.ts";
import { colorAllowed } from "${OS}/terminal.ts";
const [what, ...flags] = process.argv.slice(2);
if (flags.includes("nonblock")) {
  const { symbols } = dlopen("libc.so.6", { fcntl: { args: ["i32", "i32", "i32"], returns: "i32" } });
  for (const fd of [0, 1]) symbols.fcntl(fd, 4, 0o4000); // F_SETFL, O_NONBLOCK
}
try {
  if (what === "write") await writeOut("0123456789abcdé".repeat(100_000));
  if (what === "twice") { await writeOut("one\\n"); writeErr("two\\n"); }
  if (what === "read") await writeOut(JSON.stringify(await readStdin(100_000)));
  if (what === "tty") writeErr([0, 1, 2].map(isTerminal).join() + " " + colorAllowed(process.env, 1) + "\\n");
} catch (error) {
  writeErr(error.code + ": " + error.message);
  process.exit(9);
}
`;

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(`${tmpdir()}/gum-cred-streams-`);
  writeFileSync(`${folder}/fixture.ts`, FIXTURE);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a bash script in which `$FIXTURE WHAT` runs the fixture. */
function bash(script: string, env: Record<string, string> = {}) {
  const { stdout, stderr, exitCode } = Bun.spawnSync(["bash", "-c", `set -o pipefail; ${script}`], {
    env: { PATH: "/usr/bin:/bin", FIXTURE: `${process.execPath} ${folder}/fixture.ts`, ...env },
    timeout: 20_000,
  });
  return { stdout: stdout.toString(), stderr: stderr.toString(), exitCode };
}

for (const flags of ["", "nonblock"]) {
  test(`a slow reader gets all of it ${flags}`, () => {
    const script = `$FIXTURE write ${flags} | { sleep 0.2; head -c 1000 > /dev/null; sleep 0.2; cat; } | wc -c`;
    expect(bash(script)).toEqual({ stdout: "1599000\n", stderr: "", exitCode: 0 });
  });
  test(`stdin is waited for to its end ${flags}`, () => {
    const script = `{ printf 'a\\xc3'; sleep 0.2; printf '\\xa9'; sleep 0.1; } | $FIXTURE read ${flags}`;
    expect(bash(script).stdout).toBe('"aé"');
  });
}

test("a reader that has gone away is no failure and no noise", () => {
  expect(bash("$FIXTURE write | head -c 3")).toEqual({ stdout: "012", stderr: "", exitCode: 0 });
  expect(bash("$FIXTURE twice 2>&1 | true").exitCode).toBe(0);
  expect(bash("$FIXTURE twice 2>&-")).toEqual({ stdout: "one\n", stderr: "", exitCode: 0 });
});

test("a full disk is a failure", () => {
  const { stderr, exitCode } = bash("$FIXTURE twice > /dev/full");
  expect([stderr, exitCode]).toEqual(["E_OUTPUT: stdout cannot be written to (ENOSPC)", 9]);
});

test("stdin has a limit, and is text", () => {
  expect(bash("head -c 100000 /dev/zero | $FIXTURE read | wc -c").stdout.trim()).toBe("600002");
  for (const size of [100_001, 10_000_000]) {
    const { stderr } = bash(`head -c ${size} /dev/zero | $FIXTURE read`);
    expect(stderr).toContain("E_INVALID_VALUE: stdin has more than 100000 bytes");
  }
  expect(bash("printf 'a\\xff' | $FIXTURE read").stderr).toBe("E_INVALID_VALUE: stdin is not UTF-8 text");
  expect(bash("$FIXTURE read < /dev/null").stdout).toBe('""');
  expect(bash("printf '\\xef\\xbb\\xbfkey' | $FIXTURE read").stdout).toBe('"key"');
  expect(bash("$FIXTURE read < /").stderr).toStartWith("E_INVALID_VALUE: stdin cannot be read");
});

test("terminals are told from pipes and files, and colour asks for one", () => {
  expect(bash("$FIXTURE tty < /dev/null > /dev/null").stderr).toBe("false,false,false false\n");
  const onTerminal = (env: Record<string, string>) =>
    bash('script -qec "$FIXTURE tty" /dev/null < /dev/null', env).stdout;
  expect(onTerminal({ TERM: "xterm" })).toBe("true,true,true true\r\n");
  expect(onTerminal({ TERM: "dumb" })).toEndWith(" false\r\n");
  expect(onTerminal({ TERM: "xterm", NO_COLOR: "1" })).toEndWith(" false\r\n");
  expect(onTerminal({ TERM: "xterm", NO_COLOR: "" })).toEndWith(" true\r\n");
});
