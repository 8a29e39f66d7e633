/**
 * `exec` leaves no trace of itself but the variables: same process id, signals, limits, open files, terminal,
 * and every byte of arguments and environment. Each test compares with the same command run directly.
 */
import { describe, expect, test } from "bun:test";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import {
  assertNoLeak,
  gumCred,
  pathWithGumCred,
  type RunOptions,
  type RunResult,
  run,
} from "../support/binary.ts";
import { useWorld } from "../support/world.ts";

const TOKEN = "access-token-EXAMPLE";
const EXEC = "gum-cred exec gumloop --";

/** Runs a shell script with an access token in the environment. */
function sh(script: string, options: RunOptions = {}): Promise<RunResult> {
  const env = { GUMLOOP_ACCESS_TOKEN: TOKEN, ...options.env };
  return run([script], { ...options, env, program: ["sh", "-c"] });
}

/** The output of a script that names the command `$EXEC`, once through exec and once without it. */
async function bothWays(
  script: string,
  options: RunOptions = {},
): Promise<[through: string, direct: string]> {
  const through = await sh(script.replaceAll("$EXEC", EXEC), options);
  const direct = await sh(script.replaceAll("$EXEC", ""), options);
  expect(direct.stdout).not.toBe("");
  return [through.stdout + through.stderr, direct.stdout + direct.stderr];
}

function inFolder(use: (folder: string) => Promise<void>): () => Promise<void> {
  return async () => {
    const folder = mkdtempSync(`${tmpdir()}/gum-cred-exec-`);
    try {
      await use(folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
}

function program(path: string, text: string, mode = 0o755): void {
  writeFileSync(path, text);
  chmodSync(path, mode);
}

describe("exit status", () => {
  test("42 is 42", async () => {
    expect((await sh(`${EXEC} sh -c 'exit 42'`)).code).toBe(42);
  });
  test("a signal is that signal, 143 to a shell", async () => {
    const direct = await run(["exec", "gumloop", "--", "sh", "-c", "kill -TERM $$"], {
      env: { GUMLOOP_ACCESS_TOKEN: TOKEN },
    });
    expect([direct.code, direct.signal]).toEqual([null, "SIGTERM"]);
    expect((await sh(`${EXEC} sh -c 'kill -TERM $$'; echo $?`)).stdout).toBe("143\n");
  });
  const failures: [what: string, command: string, code: number, error: string][] = [
    ["a missing command", "no-such-command", 127, "E_COMMAND_NOT_FOUND"],
    ["a missing path", "/no/such/command", 127, "E_COMMAND_NOT_FOUND"],
    ["an empty command", "''", 127, "E_COMMAND_NOT_FOUND"],
    ["a file that is no program", "/etc/passwd", 126, "E_NOT_EXECUTABLE"],
    ["a folder", "/tmp", 126, "E_NOT_EXECUTABLE"],
  ];
  for (const [what, command, code, error] of failures) {
    test(`${what} is ${code}`, async () => {
      const result = await sh(`${EXEC} ${command}`);
      expect([result.code, result.stdout]).toEqual([code, ""]);
      expect(result.stderr).toStartWith(`gum-cred: error[${error}]: '`);
    });
  }
  test("the command's name is cleaned of terminal escapes in the error", async () => {
    const { stderr } = await sh(`${EXEC} "$(printf 'no\\033]0;x\\007such')"`);
    expect(stderr).toContain("'no ]0;x such' was not found");
  });
  test("without a credential the command does not run, and the code is 125", async () => {
    const result = await sh(`${EXEC} touch "$HOME/ran"; echo $?; ls "$HOME"`, {
      env: { GUMLOOP_ACCESS_TOKEN: "", GUMLOOP_API_KEY: "key-EXAMPLE" },
    });
    expect(result.stdout).toBe("125\n");
    expect(result.stderr).toContain("E_MISSING_USER_ID");
  });
});

describe("the command is found as execvp(3) finds it", () => {
  test(
    "a script without a first line of its own is run by sh",
    inFolder(async (cwd) => {
      program(`${cwd}/script`, 'echo "ran $1"');
      expect((await sh(`${EXEC} ./script 'a b'`, { cwd })).stdout).toBe("ran a b\n");
    }),
  );
  test(
    "an empty entry of PATH is the current directory",
    inFolder(async (cwd) => {
      program(`${cwd}/here`, "#!/bin/sh\necho here\n");
      expect((await sh(`PATH="$PATH:"; ${EXEC} here`, { cwd })).stdout).toBe("here\n");
      expect((await sh(`${EXEC} here`, { cwd })).code).toBe(127);
    }),
  );
  test(
    "the first that may be run wins; one that may not is passed over, and decides only if none is left",
    inFolder(async (cwd) => {
      for (const [name, mode] of [
        ["one", 0o644],
        ["two", 0o755],
        ["three", 0o755],
      ] as const) {
        mkdirSync(`${cwd}/${name}`);
        program(`${cwd}/${name}/tool`, `#!/bin/sh\necho ${name}\n`, mode);
      }
      const path = (...names: string[]) => `PATH="$PATH:${names.map((name) => `${cwd}/${name}`).join(":")}"`;
      expect((await sh(`${path("one", "two", "three")}; ${EXEC} tool`)).stdout).toBe("two\n");
      expect((await sh(`${path("one")}; ${EXEC} tool`)).code).toBe(126);
    }),
  );
  test("a list of arguments too long for the kernel is 126", async () => {
    const result = await sh(`ulimit -s 256; gum-cred exec gumloop -- /bin/echo $(seq 5000)`);
    const tooLong = await sh(`ulimit -s 256; /bin/echo $(seq 5000)`);
    // What fits directly fits through exec, and the other way round.
    expect(result.code === 0).toBe(tooLong.code === 0);
  });
});

describe("nothing but the named variables is changed", () => {
  test("every other variable keeps its bytes and its order, whatever they are", async () => {
    const odd = `export A="$(printf 'caf\\303\\251 \\377\\376')" B='' C='x=y
z' ${"D=$(printf '\\001\\033')"}; exec env 'E F=odd name' '1=digit' $EXEC cat /proc/self/environ`;
    const [through, direct] = await bothWays(`(${odd}) | od -An -c`);
    const variables = (dump: string) =>
      dump
        .replace(/\s+/g, " ")
        .split(" \\0")
        .filter((entry) => !/^ (G U M L O O P|_ =)/.test(entry));
    expect(variables(through)).toEqual(variables(direct));
    expect(variables(direct).join()).toContain("377 376");
  });
  test("the winner is set once and what would shadow it is gone, duplicates included", async () => {
    const { stdout } = await sh(`${EXEC} env | grep ^GUMLOOP_ | sort`, {
      env: { GUMLOOP_API_KEY: "shadow-EXAMPLE", GUMLOOP_USER_ID: "u" },
    });
    expect(stdout).toBe(`GUMLOOP_ACCESS_TOKEN=${TOKEN}\nGUMLOOP_BASE_URL=https://api.gumloop.com/api/v1\n`);
  });
  test("arguments that are not UTF-8 arrive byte for byte", async () => {
    const bytes = "\\377\\376 \\303 \\355\\240\\200 ok \\303\\251 \\357\\277\\275";
    const [through, direct] = await bothWays(
      `a=$(printf '${bytes}'); $EXEC printf '%s|%s|%s' "$a" plain "$a" | od -An -tx1`,
    );
    expect(through).toBe(direct);
    expect(direct).toContain("ff fe 20 c3 20 ed a0 80");
  });
  test("the current directory and the umask", async () => {
    const [through, direct] = await bothWays("umask 027; cd /usr/lib; $EXEC sh -c 'pwd; umask'");
    expect(through).toBe(direct);
  });
});

describe("it is the same process", () => {
  test("the process id stays and nobody stands between", async () => {
    const { stdout } = await sh(`echo $$; exec ${EXEC} sh -c 'echo $$'`);
    const [before, after] = stdout.trim().split("\n");
    expect(after).toBe(before as string);
  });
  test("signals are ignored, blocked and default as the caller had them", async () => {
    const look = "$EXEC grep -E '^Sig(Blk|Ign|Cgt)|^Threads' /proc/self/status";
    for (const script of [look, `trap '' HUP INT; ${look}`]) {
      const [through, direct] = await bothWays(script);
      expect(through).toBe(direct);
    }
  });
  test("a writer in a broken pipe dies of SIGPIPE", async () => {
    const { stdout, stderr } = await sh(`{ ${EXEC} yes; echo "yes: $?" >&2; } | head -n 1`);
    expect([stdout, stderr]).toEqual(["y\n", "yes: 141\n"]);
  });
  test(
    "a writer over the limit of file size dies of SIGXFSZ",
    inFolder(async (cwd) => {
      const { stdout } = await sh(`(ulimit -f 1; ${EXEC} sh -c 'exec yes > big'); echo $?`, { cwd });
      expect(stdout).toBe("153\n");
    }),
  );
  test("open-file and core limits are the caller's, by fork and by exec", async () => {
    const limits = "sh -c 'ulimit -Sn; ulimit -Hn; ulimit -Sc; ulimit -Hc'";
    for (const script of [`$EXEC ${limits}`, `exec $EXEC ${limits}`]) {
      const [through, direct] = await bothWays(`ulimit -S -n 500; ulimit -S -c 100; ${script}`);
      expect(through).toBe(direct);
      expect(direct).toStartWith("500\n");
    }
  });
  test("no file is open that was not, and every one that was still is", async () => {
    const [through, direct] = await bothWays(
      "exec 7</dev/null 9>/dev/null; $EXEC sh -c 'ls /proc/$$/fd; cat /proc/$$/fdinfo/9'",
    );
    expect(through).toBe(direct);
    expect(direct).toContain("7\n9\n");
  });
  test("standard streams stay blocking, and stdin is not read from", async () => {
    const look = "sh -c 'for fd in 0 1 2; do grep flags /proc/$$/fdinfo/$fd; done; cat'";
    const [through, direct] = await bothWays(`printf 'all of it' | $EXEC ${look} | cat`);
    expect(through).toBe(direct);
    expect(direct).toEndWith("all of it");
  });
  test("a terminal stays as it was, and stays the controlling one", async () => {
    const look =
      '$EXEC sh -c \'stty -a; test -t 0 && test -t 1 && ps -o tpgid= -o pgid= -p $$ | tr -s " " "\\n" | sort -u | wc -l\'';
    const [through, direct] = await bothWays(
      `script -qec ${quoted(look.replace("$EXEC", "$1"))} /dev/null </dev/null`.replace("$1", "$EXEC"),
    );
    expect(through).toBe(direct);
    expect(direct).toContain("icanon");
  });
});

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

describe("with a credential from the keyring", () => {
  const world = useWorld();
  test("neither the bus nor its threads leave a trace", async () => {
    const { key } = await world.signInWithKey();
    // grep's own signals, which it inherits: dash blocks some of its own for a moment while it waits.
    const look = "sh -c 'ls /proc/$$/fd; grep -E ^Sig /proc/self/status; ulimit -Sn; ulimit -Sc'";
    const [through, direct] = [await world.sh(`exec ${EXEC} ${look}`), await world.sh(`exec ${look}`)];
    expect(through).toEqual(direct);
    expect((await world.sh(`${EXEC} printenv GUMLOOP_API_KEY`)).stdout).toBe(`${key}\n`);
  });
});

describe.skipIf(process.getuid?.() !== 0)("while it holds secrets", () => {
  /** Runs a script as another user, who can see whether a process is dumpable: its /proc files are root's if not. */
  async function asNobody(script: string): Promise<RunResult> {
    const folder = mkdtempSync(`${tmpdir()}/gum-cred-nobody-`);
    chmodSync(folder, 0o755);
    copyFileSync(gumCred(), `${folder}/gum-cred`);
    try {
      const program = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-c"];
      const env = { GUMLOOP_ACCESS_TOKEN: TOKEN, PATH: `${folder}:${pathWithGumCred()}` };
      return await run([script], { env, program });
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
  test("no other process may read its memory, and it leaves no core file", async () => {
    const { stdout, stderr } = await asNobody(`ulimit -S -c unlimited
      gum-cred redact </dev/zero >/dev/null & pid=$!
      for i in 1 2 3 4 5 6 7 8 9; do [ "$(stat -c %u /proc/$pid/status)" = 0 ] || sleep 0.2; done
      stat -c %u /proc/$pid/status; cat /proc/$pid/environ; echo "environ $?"
      kill -SEGV $pid; wait $pid; echo "ended $?"`);
    expect(stdout).toBe("0\nenviron 1\nended 139\n");
    assertNoLeak([TOKEN], stdout + stderr);
    // What the shell adds when the kernel has written one.
    expect(stderr).toContain("Segmentation fault");
    expect(stderr).not.toContain("core dumped");
  });
  test("the command it becomes is an ordinary process again", async () => {
    expect((await asNobody(`${EXEC} stat -c %u /proc/self/status`)).stdout).toBe("65534\n");
  });
});

test.each([
  ["", "0000000000000000"],
  ["trap '' PIPE; ", "0000000000001000"],
  ["trap '' XFSZ; ", "0000000001000000"],
  ["trap '' PIPE XFSZ HUP; ", "0000000001001001"],
])("ignored signals are as the caller has them: %s", async (trap, mask) => {
  const script = `${trap}exec gum-cred exec gumloop -- grep SigIgn /proc/self/status`;
  const { stdout } = await run([script], {
    program: ["bash", "-c"],
    env: { GUMLOOP_ACCESS_TOKEN: "tok-EXAMPLE" },
  });
  expect(stdout).toBe(`SigIgn:\t${mask}\n`);
});

test("a reader that goes away does not end gum-cred itself by a signal", async () => {
  const script = `gum-cred providers --json | true; echo "\${PIPESTATUS[0]}"`;
  const { stdout } = await run([script], { program: ["bash", "-c"] });
  expect(stdout).toBe("0\n");
});
