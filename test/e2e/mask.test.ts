/**
 * `exec --mask` and `redact`, from outside: nothing of a secret comes through, and everything else does: bytes, order,
 * exit status, signals, the terminal. Tests of the terminal run gum-cred on a pseudo-terminal of their own.
 */

import { describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { gumCred, type RunOptions, type RunResult, run } from "../support/binary.ts";
import { SOON_MS } from "../support/patience.ts";
import { useWorld } from "../support/world.ts";

const TOKEN = "access-token-EXAMPLE-0123456789";
const KEY = "sk-EXAMPLE-openai-abcdefghij";
const NO_KEYCHAIN = { DBUS_SESSION_BUS_ADDRESS: "", XDG_RUNTIME_DIR: "" };
const MASK = ["exec", "gumloop", "--mask", "--"];

function mask(command: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const env = { ...NO_KEYCHAIN, GUMLOOP_ACCESS_TOKEN: TOKEN, ...options.env };
  return run([...MASK, ...command], { ...options, env });
}

function maskSh(script: string, options: RunOptions = {}): Promise<RunResult> {
  return mask(["sh", "-c", script], options);
}

function sh(script: string, options: RunOptions = {}): Promise<RunResult> {
  const env = { ...NO_KEYCHAIN, GUMLOOP_ACCESS_TOKEN: TOKEN, ...options.env };
  return run([script], { ...options, env, program: ["sh", "-c"] });
}

describe("exec --mask", () => {
  test("masks stdout and stderr apart, in every encoding, split over writes", async () => {
    const script = `
      echo "out $GUMLOOP_ACCESS_TOKEN"; echo "err $GUMLOOP_ACCESS_TOKEN" >/dev/stderr
      printf %s "user:$GUMLOOP_ACCESS_TOKEN" | base64
      printf %s "\${GUMLOOP_ACCESS_TOKEN%6789}"; sleep 0.05; echo 6789
      printf '%s' "$GUMLOOP_ACCESS_TOKEN" | od -An -tx1 | tr -d '\\n' | sed 's/ /%/g'`;
    const { stdout, stderr, code } = await maskSh(script);
    expect(stdout).toMatch(/^out \*\*\*\ndXNlcj\w\*\*\*=*\n\*\*\*\n\*\*\*$/);
    expect(stderr).toBe("err ***\n");
    expect(code).toBe(0);
  });

  test("bytes, stdin and order are the program's own", async () => {
    const bytes = Uint8Array.from({ length: 300_000 }, (_, index) => (index * 7919) >> 3);
    const sum = new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
    expect(
      (await maskSh("cat | tee /dev/stderr 2>/dev/null | sha256sum", { stdin: bytes })).stdout,
    ).toStartWith(sum);
    const folder = mkdtempSync("/tmp/gum-cred-mask-");
    try {
      const script = 'i=0; while [ $i -lt 300 ]; do echo "out $i"; echo "err $i" >&2; i=$((i+1)); done';
      await sh(`gum-cred ${MASK.join(" ")} sh -c '${script}' > ${folder}/both 2>&1`);
      const wanted = Array.from({ length: 300 }, (_, index) => `out ${index}\nerr ${index}\n`).join("");
      expect(readFileSync(`${folder}/both`, "utf8")).toBe(wanted);
      await mask(["sh", "-c", `cat > ${folder}/copy`], { stdin: bytes });
      expect(readFileSync(`${folder}/copy`).equals(bytes)).toBe(true);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("what is printed comes at once, not when the program ends", async () => {
    const child = Bun.spawn([gumCred(), ...MASK, "sh", "-c", "printf 'prompt> '; sleep 20"], {
      env: { PATH: process.env["PATH"], ...NO_KEYCHAIN, GUMLOOP_ACCESS_TOKEN: TOKEN },
      stdout: "pipe",
    });
    const { value } = await child.stdout.getReader().read();
    expect(Buffer.from(value ?? []).toString()).toBe("prompt> ");
    child.kill();
    await child.exited;
  });

  test("exit status, also of what cannot be run", async () => {
    expect((await maskSh("exit 42")).code).toBe(42);
    expect(await mask(["gum-cred-no-such-program"])).toMatchObject({ code: 127, stdout: "" });
    expect(await mask(["/etc/passwd"])).toMatchObject({ code: 126, stdout: "" });
    const nobody = await run([...MASK, "true"], { env: NO_KEYCHAIN });
    expect(nobody).toMatchObject({ code: 125, stdout: "" });
  });

  test("a script without #! is run by the shell", async () => {
    const path = `/tmp/gum-cred-script-${process.pid}`;
    writeFileSync(path, 'echo "script $1 $GUMLOOP_ACCESS_TOKEN"\n', { mode: 0o755 });
    try {
      expect((await mask([path, "arg"])).stdout).toBe("script arg ***\n");
    } finally {
      rmSync(path);
    }
  });

  test.each(["TERM", "KILL", "SEGV", "PIPE", "ABRT"])("the program's own SIG%s is ours", async (signal) => {
    expect((await maskSh(`kill -${signal} $$; sleep 5`)).signal).toBe(`SIG${signal}`);
  });

  test.each(["TERM", "INT", "HUP", "QUIT", "USR1", "USR2", "WINCH"])(
    "SIG%s reaches the program",
    async (signal) => {
      const script = `trap 'echo got ${signal}; exit 9' ${signal}; echo up; while :; do sleep 0.02; done`;
      const child = Bun.spawn([gumCred(), ...MASK, "sh", "-c", script], {
        env: { PATH: process.env["PATH"], ...NO_KEYCHAIN, GUMLOOP_ACCESS_TOKEN: TOKEN },
        stdout: "pipe",
      });
      let output = "";
      for await (const bytes of child.stdout) {
        if (output === "") process.kill(child.pid, `SIG${signal}`);
        output += Buffer.from(bytes).toString();
      }
      expect(output).toBe(`up\ngot ${signal}\n`);
      expect(await child.exited).toBe(9);
    },
  );

  test("a signal that the program dies of is ours too", async () => {
    const result = await sh(
      `gum-cred ${MASK.join(" ")} sleep 20 & sleep 0.3; kill -TERM $!; wait $!; echo $?`,
    );
    expect(result.stdout).toBe("143\n");
  });

  test("processes that the program leaves behind do not keep us, and the last output is not lost", async () => {
    const started = performance.now();
    const { stdout } = await maskSh(
      `sleep 20 & printf '%s' "end $GUMLOOP_ACCESS_TOKEN"; printf %s access-tok`,
    );
    expect(stdout).toBe("end ***access-tok");
    expect(performance.now() - started).toBeLessThan(SOON_MS);
  });

  test("a reader that goes away ends the program", async () => {
    const { stdout, code } = await sh(`gum-cred ${MASK.join(" ")} yes | head -1; true`, {
      timeoutMs: 10_000,
    });
    expect({ stdout, code }).toEqual({ stdout: "y\n", code: 0 });
  });

  test("a slow reader makes the program wait, in bounded memory, and signals still arrive", async () => {
    const script = `gum-cred ${MASK.join(" ")} yes 0123456789 >$FIFO & G=$!; exec 3<$FIFO; sleep 1
      grep VmRSS /proc/$G/status; kill -TERM $G; wait $G; echo "code $?"`;
    const result = await sh(`FIFO=$(mktemp -u); mkfifo $FIFO; ${script}; rm $FIFO`);
    const megabytes = Number(/VmRSS:\s+(\d+)/.exec(result.stdout)?.[1]) / 1024;
    expect(megabytes).toBeGreaterThan(10);
    expect(megabytes).toBeLessThan(150);
    expect(result.stdout).toEndWith("code 143\n");
  });

  test("limits and memory protection are the caller's", async () => {
    const direct = await sh("ulimit -c 1000; sh -c 'ulimit -c; ulimit -n; grep SigIgn /proc/self/status'");
    const through = await sh(
      `ulimit -c 1000; gum-cred ${MASK.join(" ")} sh -c 'ulimit -c; ulimit -n; grep SigIgn /proc/self/status'`,
    );
    expect(through.stdout).toBe(direct.stdout);
  });
});

/** Runs gum-cred on a pseudo-terminal; answers are typed when their question has appeared. */
async function onTerminal(
  script: string,
  typed: readonly (readonly [question: string, keys: string])[] = [],
): Promise<{ readonly screen: string; readonly code: number }> {
  let screen = "";
  const waiting = [...typed];
  const child = Bun.spawn([gumCred(), ...MASK, "sh", "-c", script], {
    env: { PATH: process.env["PATH"], ...NO_KEYCHAIN, GUMLOOP_ACCESS_TOKEN: TOKEN, TERM: "vt100" },
    terminal: {
      cols: 77,
      rows: 33,
      data: (terminal, bytes) => {
        screen += Buffer.from(bytes).toString();
        const [question, keys] = waiting[0] ?? [];
        if (question === undefined || keys === undefined || !screen.includes(question)) return;
        waiting.shift();
        if (keys === "RESIZE") terminal.resize(50, 20);
        else terminal.write(keys);
      },
    },
  });
  const code = await child.exited;
  await Bun.sleep(50);
  child.terminal?.close();
  return { screen, code };
}

describe("on a terminal", () => {
  test("the program has one too, of the same size and kind", async () => {
    const script =
      'for fd in 0 1 2; do test -t $fd && echo "$fd is"; done; stty size; echo "$TERM $GUMLOOP_ACCESS_TOKEN"; exit 4';
    const { screen, code } = await onTerminal(script);
    expect(screen).toBe("0 is\r\n1 is\r\n2 is\r\n33 77\r\nvt100 ***\r\n");
    expect(code).toBe(4);
  });

  test("keys and window sizes reach it", async () => {
    const script = `trap 'stty size; echo done' WINCH; printf 'name? '; read -r name; echo "hello $name, resize"; sleep 0.5; sleep 0.2`;
    const { screen } = await onTerminal(script, [
      ["name? ", "EXAMPLE\r"],
      ["resize\r\n", "RESIZE"],
    ]);
    expect(screen).toContain("hello EXAMPLE, resize\r\n20 50\r\ndone\r\n");
  });

  test("Ctrl-C is the program's, once", async () => {
    const script =
      "trap 'echo interrupted; came=1' INT; echo ready; while test -z \"$came\"; do sleep 0.1; done; sleep 0.3; exit 6";
    const { screen, code } = await onTerminal(script, [["ready", "\u0003"]]);
    expect(screen.match(/interrupted/g)).toHaveLength(1);
    expect(code).toBe(6);
  });

  test("a key that could begin a secret is echoed while the person waits", async () => {
    const script = "printf 'go? '; read -r answer; echo \"<$answer>\"";
    const { screen } = await onTerminal(script, [
      ["go? ", "a"],
      ["go? a", "\r"],
    ]);
    expect(screen).toContain("go? a\r\n<a>\r\n");
  });

  test("the terminal is given back as it was", async () => {
    let screen = "";
    // A program that reads keys leaves the terminal non-blocking for everybody if it does not take care.
    const state = "state() { stty -a; cat /proc/$$/fdinfo/0; }";
    const script = `state > $OUT; ${gumCred()} ${MASK.join(" ")} true; state | diff $OUT - && echo same; rm $OUT`;
    const child = Bun.spawn(["sh", "-c", `${state}; OUT=$(mktemp); ${script}`], {
      env: { PATH: process.env["PATH"], ...NO_KEYCHAIN, GUMLOOP_ACCESS_TOKEN: TOKEN },
      terminal: {
        data: (_terminal, bytes) => {
          screen += Buffer.from(bytes).toString();
        },
      },
    });
    await child.exited;
    await Bun.sleep(50);
    expect(screen).toBe("same\r\n");
  });
});

describe("redact", () => {
  const env = { ...NO_KEYCHAIN, GUMLOOP_ACCESS_TOKEN: TOKEN, OPENAI_API_KEY: KEY };

  test("masks every credential that resolves", async () => {
    const text = `a ${TOKEN} b ${KEY} c ${btoa(KEY)} ${TOKEN.slice(0, 9)}`;
    expect(await run(["redact"], { env, stdin: text })).toMatchObject({
      code: 0,
      stdout: `a *** b *** c *** ${TOKEN.slice(0, 9)}`,
      stderr: "",
    });
  });

  test("passes on what comes, when it comes", async () => {
    const script = `{ printf 'one '; sleep 0.4; printf 'two a'; sleep 0.4; printf '%s' "${TOKEN.slice(1)}"; } | gum-cred redact |
      while IFS= read -r -n 1 letter; do printf '%s' "\${letter:- }"; done`;
    const result = await run([script], { env, program: ["bash", "-c"] });
    // The a was shown to whoever waited; the rest is masked.
    expect(result.stdout).toBe("one two a***");
  });

  test("a credential that cannot be read, or none at all, is an error and nothing is copied", async () => {
    const unreadable = { ...env, ANTHROPIC_API_KEY_FILE: "/nonexistent" };
    expect(await run(["redact"], { env: unreadable, stdin: TOKEN })).toMatchObject({ code: 7, stdout: "" });
    expect(await run(["redact"], { env: NO_KEYCHAIN, stdin: "text" })).toMatchObject({ code: 3, stdout: "" });
  });

  test("a full disk behind stdout is one clear error, as with every command; 125 with exec", async () => {
    const cases = [
      ["echo text | gum-cred redact > /dev/full", 1],
      ["yes | gum-cred redact > /dev/full", 1],
      ["gum-cred exec --mask gumloop -- sh -c 'echo out; exit 3' > /dev/full", 125],
      ["gum-cred exec --mask gumloop -- sh -c 'echo err >&2; echo out' 2>&1 > /dev/full", 125],
      ["gum-cred exec --mask gumloop -- yes > /dev/full", 125],
    ] as const;
    for (const [script, code] of cases) {
      const result = await run([script], { env, program: ["sh", "-c"], timeoutMs: 10_000 });
      expect([script, result.code]).toEqual([script, code]);
      expect(result.stdout + result.stderr).toContain(
        "gum-cred: error[E_OUTPUT]: stdout cannot be written to (ENOSPC)\n",
      );
      expect(result.stdout + result.stderr).not.toContain("bug");
    }
  });

  test("a reader that goes away ends it in silence", async () => {
    const result = await run(["yes | gum-cred redact | head -1"], {
      env,
      program: ["sh", "-c"],
      timeoutMs: 10_000,
    });
    expect(result).toMatchObject({ stdout: "y\n", stderr: "" });
  });
});

describe("with a keyring", () => {
  const world = useWorld();

  test("what is stored is masked", async () => {
    const { key, userId } = await world.signInWithKey();
    const text = `key ${key} user ${userId} at ${world.server.baseUrl}\n`;
    const { stdout } = await world.ok(["redact"], { stdin: text });
    expect(stdout).toBe(`key *** user ${userId} at ${world.server.baseUrl}\n`);
    const result = await world.ok(["exec", "--mask", "--", "sh", "-c", 'echo "$GUMLOOP_API_KEY" >&2']);
    expect(result.stderr).toBe("***\n");
  });
});

describe("as the program would run by itself", () => {
  test.each([
    ["a file", "exec 7</etc/passwd; gum-cred exec --mask gumloop -- sh -c 'head -c 4 <&7'", "root"],
    [
      "a high one, and a gap",
      'exec 30</etc/passwd; gum-cred exec --mask gumloop -- sh -c \'ls /proc/self/fd | tr "\\n" " "; head -c 4 /proc/self/fd/30\'',
      "0 1 2 3 30 root",
    ],
    ["a substituted process", "gum-cred exec --mask gumloop -- cat <(echo there)", "there"],
    [
      "a lock",
      "exec 9>/tmp/gum-cred-lock-$$; flock 9; gum-cred exec --mask gumloop -- flock -n 9 && echo held; rm /tmp/gum-cred-lock-$$",
      "held",
    ],
  ])("open files are inherited: %s", async (_, script, expected) => {
    const env = { ...NO_KEYCHAIN, GUMLOOP_ACCESS_TOKEN: TOKEN };
    const { stdout } = await run(["-c", script], { program: ["bash"], env });
    expect(stdout.trim()).toBe(expected);
  });

  test("on a terminal too", async () => {
    const seen: string[] = [];
    const child = Bun.spawn(
      [
        "bash",
        "-c",
        `exec 7</etc/passwd; ${gumCred()} ${MASK.join(" ")} head -c 4 /proc/self/fd/7; sleep 0.1`,
      ],
      {
        env: { PATH: process.env["PATH"], ...NO_KEYCHAIN, GUMLOOP_ACCESS_TOKEN: TOKEN, TERM: "vt100" },
        terminal: { cols: 80, rows: 24, data: (_, bytes) => void seen.push(Buffer.from(bytes).toString()) },
      },
    );
    await child.exited;
    await Bun.sleep(50);
    child.terminal?.close();
    expect(seen.join("")).toBe("root");
  });

  test("a child that stops takes us along, and goes on with us", async () => {
    const child = Bun.spawn([gumCred(), ...MASK, "sh", "-c", "echo $$; kill -STOP $$; echo on; exit 3"], {
      env: { PATH: process.env["PATH"], ...NO_KEYCHAIN, GUMLOOP_ACCESS_TOKEN: TOKEN },
      stdout: "pipe",
    });
    const state = () => readFileSync(`/proc/${child.pid}/stat`, "latin1").split(") ")[1]?.charAt(0);
    const end = performance.now() + SOON_MS * 3;
    while (state() !== "T" && performance.now() < end) await Bun.sleep(20);
    expect(state()).toBe("T");
    child.kill("SIGCONT");
    expect(await child.exited).toBe(3);
    expect(await child.stdout.text()).toEndWith("on\n");
  });

  test("Ctrl-Z on a terminal stops both; fg goes on with both", async () => {
    let screen = "";
    const script = `${gumCred()} ${MASK.join(" ")} sh -c 'echo ready; sleep 1; echo went on; exit 3'; echo stopped $?; sleep 0.3; fg; echo ended $?`;
    const child = Bun.spawn(["bash", "--norc", "-ic", script], {
      env: { PATH: process.env["PATH"], ...NO_KEYCHAIN, GUMLOOP_ACCESS_TOKEN: TOKEN, TERM: "vt100" },
      terminal: {
        cols: 200,
        rows: 24,
        data: (terminal, bytes) => {
          const before = screen.includes("ready\r");
          screen += Buffer.from(bytes).toString();
          if (!before && screen.includes("ready\r")) terminal.write("\u001a");
        },
      },
    });
    await child.exited;
    await Bun.sleep(50);
    child.terminal?.close();
    expect(screen).toMatch(/ready[\s\S]*stopped 147[\s\S]*went on[\s\S]*ended 3/);
  });
});
