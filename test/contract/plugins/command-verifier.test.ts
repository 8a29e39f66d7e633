/**
 * Programs that verify keys: the good one, and those that print, hang, flood, die and fork. Real processes;
 * afterwards none of them is left.
 */

import { afterAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { type Secret, secret } from "../../../src/core/secret.ts";
import { verifyByProgram } from "../../../src/providers/installed/command-verifier.ts";
import { SOON_MS } from "../../support/patience.ts";

const folder = mkdtempSync("/tmp/gum-cred-program-");
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const KEY = "sk-EXAMPLE-0123456789-abcdef";
let count = 0;

/** A shell script; `$DIR` is the test's folder, `$N` a name of its own. */
function script(body: string): { path: string; name: string } {
  const name = `program-${count++}`;
  const path = `${folder}/${name}`;
  writeFileSync(path, `#!/bin/sh\nDIR='${folder}'\nN='${name}'\n${body}\n`);
  chmodSync(path, 0o700);
  return { path, name };
}

interface Outcome {
  readonly verdict: string;
  readonly message: string;
  readonly ms: number;
}

async function ask(
  command: readonly string[],
  timeoutMs = 5_000,
  key: Secret = secret(KEY),
): Promise<Outcome> {
  const started = performance.now();
  const { verdict, message } = await verifyByProgram({
    command,
    provider: "kestrel",
    title: "Kestrel AI",
    key,
    timeoutMs,
  });
  expect(message).not.toContain("EXAMPLE");
  return { verdict, message, ms: performance.now() - started };
}

/** Processes whose command line holds the text. */
function running(text: string): string[] {
  return readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(text);
    } catch {
      return false;
    }
  });
}

async function gone(text: string): Promise<boolean> {
  for (let tries = 0; tries < 50 && running(text).length > 0; tries++) await Bun.sleep(20);
  return running(text).length === 0;
}

const answer = (json: string) => `cat >/dev/null; printf '%s\\n' '${json}'`;

describe("a good program", () => {
  for (const verdict of ["valid", "restricted", "no_quota", "rejected", "unverifiable"]) {
    test(verdict, async () => {
      const { path } = script(answer(`{"verdict":"${verdict}","message":"workspace of Acme"}`));
      const outcome = await ask([path]);
      expect(outcome.verdict).toBe(verdict);
      expect(outcome.message).toContain("workspace of Acme");
    });
  }
  test("gets one line, its arguments as they are, and nothing else", async () => {
    const { path, name } = script(
      `cat >"$DIR/$N.stdin"; env >"$DIR/$N.env"; pwd >"$DIR/$N.pwd"; printf '%s\\n' "$@" >"$DIR/$N.args"
       ls /proc/self/fd >"$DIR/$N.fds"; cat /proc/self/stat >"$DIR/$N.stat"; printf '{"verdict":"valid"}'`,
    );
    expect((await ask([path, "$(touch /tmp/owned)", "a b", "*"])).verdict).toBe("valid");
    const made = (what: string) => readFileSync(`${folder}/${name}.${what}`, "utf8");
    expect(made("stdin")).toBe(
      `${JSON.stringify({ protocol: 1, action: "verify", provider: "kestrel", key: KEY })}\n`,
    );
    // PWD, OLDPWD, SHLVL and _ are the shell's own.
    const names = made("env")
      .split("\n")
      .filter((line) => !/^(PWD|OLDPWD|SHLVL|_)=|^$/.test(line));
    expect(names.sort()).toEqual(["LANG=C.UTF-8", "PATH=/usr/bin:/bin"]);
    expect(made("pwd")).toBe("/\n");
    expect(made("args")).toBe("$(touch /tmp/owned)\na b\n*\n");
    // stdin, stdout, stderr, and the folder that ls reads.
    expect(made("fds").trim().split("\n")).toEqual(["0", "1", "2", "3"]);
    // No terminal (field 7, tty_nr, proc(5)) in a session that is not ours.
    const [, , , group, session, terminal] = made("stat")
      .replace(/^.*\) /, "x ")
      .split(" ");
    expect(group).toBe(session ?? "");
    expect(terminal).toBe("0");
  });
  test("may answer without reading the key, and close stdin early", async () => {
    const { path } = script(`exec <&-; sleep 0.1; echo '{"verdict":"rejected"}'`);
    expect((await ask([path])).verdict).toBe("rejected");
  });
  test("a key that is far larger than a pipe holds, and is not read, disturbs nobody", async () => {
    const { path } = script(`exec <&-; echo '{"verdict":"valid"}'`);
    expect((await ask([path], 5_000, secret("EXAMPLE".repeat(50_000)))).verdict).toBe("valid");
  });
  test("cannot show the key, whole or in part, nor steer the terminal", async () => {
    const { path } = script(
      `read -r line; key=\${line##*:\\"}; key=\${key%%\\"*}
       printf '{"verdict":"rejected","message":"no: %s \\\\u001b[31m\\\\u202e %s"}' "$key" "\${key%??}"`,
    );
    const { verdict, message } = await ask([path]);
    expect(verdict).toBe("rejected");
    expect(message).toContain("***");
    expect(message).not.toContain("0123456789");
    expect(message).not.toMatch(/[\u001b\u202e]/);
  });
});

describe("a program that does not keep to the protocol says nothing about the key", () => {
  const cases: [name: string, body: string][] = [
    ["prints nothing", "cat >/dev/null"],
    ["prints garbage", "head -c 1000 /dev/urandom"],
    ["prints a word", "echo valid"],
    ["answers in an array", answer('[{"verdict":"valid"}]')],
    ["answers null", answer("null")],
    ["answers twice", `${answer('{"verdict":"valid"}')}; echo '{"verdict":"valid"}'`],
    ["answers over two lines", `${answer('{"verdict":')}; echo '"valid"}'`],
    ["knows another verdict", answer('{"verdict":"unreachable"}')],
    ["says more than was asked", answer('{"verdict":"valid","export":{"PATH":"/tmp"}}')],
    ["has a message that is no text", answer('{"verdict":"valid","message":{}}')],
    ["has a verdict of the prototype", answer('{"verdict":"toString"}')],
    ["answers and fails", `${answer('{"verdict":"valid"}')}; exit 3`],
    ["answers and is killed", `${answer('{"verdict":"valid"}')}; kill -9 $$`],
    ["answers in Latin-1", `printf '{"verdict":"valid","message":"\\351"}'`],
  ];
  for (const [name, body] of cases) {
    test(name, async () => {
      const outcome = await ask([script(body).path]);
      expect(outcome.verdict).toBe("unverifiable");
      expect(outcome.ms).toBeLessThan(SOON_MS);
    });
  }
  test("is not there, is no program, is a folder", async () => {
    const notExecutable = script("true").path;
    chmodSync(notExecutable, 0o600);
    for (const path of [`${folder}/nothing`, notExecutable, folder]) {
      expect(await ask([path])).toMatchObject({
        verdict: "unverifiable",
        message: expect.stringContaining("cannot be started"),
      });
    }
  });
});

describe("a program that does not end is ended", () => {
  test("hangs", async () => {
    const { path, name } = script("sleep 1000");
    const outcome = await ask([path], 300);
    expect(outcome.verdict).toBe("unreachable");
    expect(outcome.ms).toBeLessThan(SOON_MS);
    expect(await gone(name)).toBe(true);
  });
  test("ignores every signal that can be ignored, and answers too early", async () => {
    const { path, name } = script(
      `trap '' TERM INT HUP QUIT PIPE; echo '{"verdict":"valid"}'; while :; do sleep 1; done`,
    );
    const outcome = await ask([path], 300);
    expect(outcome.verdict).toBe("unreachable");
    expect(await gone(name)).toBe(true);
  });
  test("trickles", async () => {
    const { path } = script("while :; do printf x; sleep 0.05; done");
    expect(await ask([path], 300)).toMatchObject({ verdict: "unreachable" });
  });
  test("closes stdout and hangs", async () => {
    const outcome = await ask([script("exec >&-; exec sleep 1000").path], 300);
    expect(outcome.verdict).toBe("unreachable");
    expect(outcome.ms).toBeLessThan(SOON_MS);
  });
  test("floods stdout: stopped long before its time, in bounded memory", async () => {
    const { path, name } = script("exec cat /dev/zero");
    const before = process.memoryUsage().rss;
    const outcome = await ask([path]);
    expect(outcome).toMatchObject({ verdict: "unverifiable", message: expect.stringContaining("64 KiB") });
    expect(outcome.ms).toBeLessThan(SOON_MS);
    expect(process.memoryUsage().rss - before).toBeLessThan(32 * 1024 * 1024);
    expect(await gone(name)).toBe(true);
  });
  test("floods stderr", async () => {
    const body = `${answer('{"verdict":"valid"}')}; head -c 50000000 /dev/zero >&2`;
    expect((await ask([script(body).path])).verdict).toBe("valid");
  });
  test("leaves a grandchild behind that hangs: killed with it, and the answer counts", async () => {
    const marker = 777_001;
    const { path } = script(`sleep ${marker} & ${answer('{"verdict":"valid"}')}`);
    const outcome = await ask([path]);
    expect(outcome.verdict).toBe("valid");
    expect(outcome.ms).toBeLessThan(SOON_MS);
    expect(await gone(String(marker))).toBe(true);
  });
  test("hangs with its grandchildren", async () => {
    const marker = 777_002;
    await ask([script(`(sleep ${marker} & sleep ${marker}) & sleep ${marker}`).path], 300);
    expect(await gone(String(marker))).toBe(true);
  });
  test("leaves a grandchild of another session that holds stdout: not waited for", async () => {
    const marker = 777_003;
    const { path } = script(`setsid sleep ${marker} & sleep 0.1; ${answer('{"verdict":"valid"}')}`);
    try {
      const outcome = await ask([path]);
      expect(outcome.verdict).toBe("valid");
      expect(outcome.ms).toBeLessThan(SOON_MS);
    } finally {
      for (const pid of running(String(marker))) process.kill(Number(pid), "SIGKILL");
    }
  });
  test("several at once do not disturb one another", async () => {
    const hostile = ["sleep 1000", "exec cat /dev/zero", "kill -9 $$", "head -c 100 /dev/urandom"];
    const good = script(answer('{"verdict":"valid"}')).path;
    const outcomes = await Promise.all([
      ...hostile.map((body) => ask([script(body).path], 500)),
      ask([good]),
      ask([good]),
    ]);
    expect(outcomes.map(({ verdict }) => verdict)).toEqual([
      "unreachable",
      "unverifiable",
      "unverifiable",
      "unverifiable",
      "valid",
      "valid",
    ]);
  });
});

test("nothing in an argument was run by a shell", () => {
  expect(existsSync("/tmp/owned")).toBe(false);
});
