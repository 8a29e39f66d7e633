/**
 * scripts/install.sh for real: the shells people have, the binary under test, from a folder and over loopback.
 * Which archive it takes is
 * install-targets.test.ts's, what it refuses install-refusals.test.ts's and install-downloads.test.ts's.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, openSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { gumCred, run } from "../support/binary.ts";
import {
  type Ground,
  INSTALL_SH,
  INSTALLED,
  makeGround,
  NEEDED,
  SYSTEM_PATH,
  snapshot,
} from "../support/install.ts";
import { makeRealRelease, makeStandInRelease, thisTarget } from "../support/install-release.ts";
import { CAN_MOUNT } from "../support/namespaces.ts";

/** Debian's `sh` is dash; all else here runs in it. */
const SHELLS: readonly (readonly [string, readonly string[]])[] = [
  ["dash", ["dash"]],
  ["bash", ["bash"]],
  ["mksh", ["mksh"]],
  ["busybox sh", ["busybox", "sh"]],
];
/** Becoming another user, and a mount of one's own over a system's file, are for root in a machine that lets it. */
const IS_ROOT = process.getuid?.() === 0;
const NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

let ground: Ground;
let real = "";
let standIns = "";
let server: ReturnType<typeof Bun.serve> | undefined;
beforeAll(() => {
  ground = makeGround();
  real = `${ground.folder}/real release`;
  standIns = `${ground.folder}/stand-ins`;
  makeRealRelease(real, "1.2.3");
  makeStandInRelease(standIns, "9.9.9");
  server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: ({ url }) => new Response(Bun.file(`${ground.folder}${decodeURI(new URL(url).pathname)}`)),
    error: () => new Response("not here", { status: 404 }),
  });
});
afterAll(async () => {
  await server?.stop(true);
  ground.remove();
});

describe.each(SHELLS)("in %s", (_, shell) => {
  test("the real binary, from a folder; again over a running one; and away without a trace", async () => {
    const prefix = ground.fresh("it's a $(prefix)");
    const first = await ground.install(shell, ["--from", real, "--prefix", prefix]);
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(first.stdout).toContain(`(${thisTarget()}):\n  ${prefix}/bin/gum-cred\n`);
    const installed = snapshot(prefix);
    expect(Object.keys(installed)).toEqual([...INSTALLED]);
    for (const [name, description] of Object.entries(installed)) {
      expect(description).toStartWith(name === "bin/gum-cred" ? "755 " : "644 ");
    }
    expect(readFileSync(`${prefix}/bin/gum-cred`).equals(readFileSync(gumCred()))).toBe(true);

    const inode = statSync(`${prefix}/bin/gum-cred`).ino;
    const running = Bun.spawn([`${prefix}/bin/gum-cred`, "redact"], {
      stdin: "pipe",
      stdout: "ignore",
      stderr: "ignore",
      env: { GUMLOOP_ACCESS_TOKEN: "access-token-EXAMPLE" },
    });
    try {
      // The kernel lets nobody write into a program that runs; an installer that copied over it would fail.
      expect(() => openSync(`${prefix}/bin/gum-cred`, "r+")).toThrow("ETXTBSY");
      const second = await ground.install(shell, [`--from=${real}`, `--prefix=${prefix}`]);
      expect(second).toMatchObject({ code: 0, stdout: first.stdout });
      expect(snapshot(prefix)).toEqual(installed);
      expect(statSync(`${prefix}/bin/gum-cred`).ino).not.toBe(inode);
      expect(running.exitCode).toBeNull();
    } finally {
      running.kill("SIGKILL");
      await running.exited;
    }

    writeFileSync(`${prefix}/share/of-somebody-else`, "");
    const gone = await ground.install(shell, ["--uninstall", "--prefix", prefix]);
    expect(gone).toMatchObject({ code: 0, stderr: "" });
    expect(Object.keys(snapshot(prefix))).toEqual(["share/of-somebody-else"]);
    expect(await ground.install(shell, ["--uninstall", "--prefix", prefix])).toMatchObject({ code: 1 });
    expect(snapshot(ground.tmp)).toEqual({});
  });

  test("over loopback, read from a pipe as `curl … | sh` does", async () => {
    const prefix = ground.fresh("piped");
    const url = `http://127.0.0.1:${server?.port}/stand-ins/`;
    const { code, stdout, stderr } = await run(["-s", "--", "--from", url, "--prefix", prefix], {
      program: shell,
      stdin: readFileSync(INSTALL_SH),
      env: { HOME: ground.home, PATH: SYSTEM_PATH, TMPDIR: ground.tmp, http_proxy: "http://127.0.0.1:9" },
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain(`Installed gum-cred 9.9.9 for ${thisTarget()} (${thisTarget()}):`);
    expect(Object.keys(snapshot(prefix))).toEqual([...INSTALLED]);
    expect(snapshot(ground.tmp)).toEqual({});
  });
});

describe("with the programs that are here", () => {
  const combinations: readonly (readonly [string, Parameters<Ground["toolbox"]>[0]])[] = [
    ["curl and sha256sum", ["curl", "sha256sum"]],
    ["GNU Wget and shasum", ["wget", "shasum", "perl"]],
    ["BusyBox wget and openssl", [["wget", '#!/bin/sh\nexec busybox wget "$@"\n'], "busybox", "openssl"]],
  ];

  test.each(combinations)("%s", async (_, programs) => {
    const prefix = ground.fresh("with-programs");
    const PATH = ground.toolbox([...NEEDED, ...programs]);
    const url = `http://127.0.0.1:${server?.port}/stand-ins`;
    const result = await ground.install(["/bin/sh"], ["--from", url, "--prefix", prefix], { env: { PATH } });
    expect(result).toMatchObject({ code: 0, stderr: "" });
    expect(Object.keys(snapshot(prefix))).toEqual([...INSTALLED]);
  });

  test("--no-completions needs and writes the program alone", async () => {
    const prefix = ground.fresh("program-alone");
    const result = await ground.install(["sh"], ["--from", standIns, "--prefix", prefix, "--no-completions"]);
    expect(result).toMatchObject({ code: 0, stderr: "" });
    expect(Object.keys(snapshot(prefix))).toEqual(["bin/gum-cred"]);
    await ground.install(["sh"], ["--uninstall", "--prefix", prefix]);
    expect(snapshot(prefix)).toEqual({});
  });
});

describe("where to, and what is said about it", () => {
  test.skipIf(!IS_ROOT)("a user's own ~/.local, and the line for PATH in the person's shell", async () => {
    const home = ground.fresh("home of nobody");
    chmodSync(home, 0o777);
    const said = async (env: Record<string, string>): Promise<string> => {
      const { code, stdout, stderr } = await ground.install([...NOBODY, "sh"], ["--from", standIns], {
        env: { HOME: home, ...env },
      });
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      return stdout;
    };
    const bin = `${home}/.local/bin`;
    const line = `\n  export PATH='${bin}':"$PATH"\n`;
    expect(await said({ SHELL: "/bin/bash" })).toEndWith(`${home}/.bashrc:${line}`);
    expect(await said({ SHELL: "/usr/bin/zsh" })).toEndWith(`${home}/.zshrc:${line}`);
    expect(await said({ SHELL: "/bin/sh" })).toEndWith(`${home}/.profile:${line}`);
    expect(await said({ SHELL: "/usr/bin/fish" })).toEndWith(
      `${home}/.config/fish/config.fish:\n  fish_add_path '${bin}'\n`,
    );
    expect(await said({ PATH: `${bin}:${SYSTEM_PATH}` })).not.toContain("PATH");
    const other = ground.toolbox([["gum-cred", "#!/bin/sh\n"]]);
    expect(await said({ PATH: `${other}:${bin}:${SYSTEM_PATH}` })).toContain(
      `finds another one first: ${other}/gum-cred`,
    );
    expect(Object.keys(snapshot(home))).toEqual(INSTALLED.map((name) => `.local/${name}`));
    await ground.install([...NOBODY, "sh"], ["--uninstall"], { env: { HOME: home } });
    expect(snapshot(home)).toEqual({ ".local/": "empty" });
  });

  test("the lines for PATH work as they stand", async () => {
    const prefix = ground.fresh("it's $HOME");
    for (const [shell, read] of [
      ["bash", "bash -c"],
      ["zsh", "zsh -fc"],
      ["fish", "fish -c"],
    ] as const) {
      const { stdout } = await ground.install(["sh"], ["--from", standIns, "--prefix", prefix], {
        env: { SHELL: `/bin/${shell}` },
      });
      const line = stdout.trimEnd().split("\n").at(-1) ?? "";
      const program = [...read.split(" "), `${line.trim()}; gum-cred --version`];
      expect(await run([], { program, env: { PATH: SYSTEM_PATH, HOME: ground.home } })).toMatchObject({
        stdout: `gum-cred 9.9.9 for ${thisTarget()}\n`,
      });
    }
  });

  /** What each shell says when it is asked whether it has a completion of gum-cred, once the printed line was run. */
  const FINDS = [
    ["bash", ["bash", "--norc", "-c"], "complete -p gum-cred", "gum-cred"],
    ["zsh", ["zsh", "-f", "-c"], "print -r -- $_comps[gum-cred]", "_gum-cred"],
    ["fish", ["fish", "--no-config", "-c"], "complete -C 'gum-cred logo'", "logout"],
  ] as const;

  test.each(FINDS)(
    "the line for completions works as it stands in %s, and is not said twice",
    async (...row) => {
      const [shell, read, ask, found] = row;
      const prefix = ground.fresh(`it's a $HOME for ${shell}`);
      const home = ground.fresh(`home of ${shell}`);
      const env = { HOME: home, SHELL: Bun.which(shell, { PATH: SYSTEM_PATH }) ?? shell };
      const install = (from: string) => ground.install(["sh"], ["--from", from, "--prefix", prefix], { env });
      const [, file, line] =
        /^For completions add this line to (.+):\n {2}(.+)$/m.exec((await install(real)).stdout) ?? [];
      expect(file).toStartWith(`${home}/.`);
      const there = { HOME: home, PATH: `${prefix}/bin:${SYSTEM_PATH}`, XDG_CACHE_HOME: home };
      const { stdout } = await run([], { program: [...read, `${line}\n${ask}`], env: there });
      expect(stdout).toContain(found);
      mkdirSync(dirname(file ?? ""), { recursive: true });
      writeFileSync(file ?? "", `${line}\n`);
      expect((await install(real)).stdout).not.toContain("For completions");
    },
  );

  test.each([
    ["another shell", { SHELL: "/bin/sh" }, []],
    ["none", {}, []],
    ["--no-completions", { SHELL: "/bin/zsh" }, ["--no-completions"]],
    ["a fish that looks there", { SHELL: "/usr/bin/fish", XDG_DATA_DIRS: "/x:PREFIX/share" }, []],
    ["a zsh that looks there", { SHELL: "PREFIX/zsh" }, []],
  ] as const)("nothing is said of completions with %s", async (_name, given, flags) => {
    const prefix = ground.fresh("silent");
    const script = `#!/bin/sh\necho '${prefix}/share/zsh/site-functions'\n`;
    writeFileSync(`${prefix}/zsh`, script, { mode: 0o755 });
    const env = Object.fromEntries(
      Object.entries(given).map(([name, value]) => [name, value.replace("PREFIX", prefix)]),
    );
    const args = ["--from", standIns, "--prefix", prefix, ...flags];
    const { code, stdout } = await ground.install(["sh"], args, { env });
    expect(code).toBe(0);
    expect(stdout).not.toContain("For completions");
  });

  test.skipIf(!CAN_MOUNT || !IS_ROOT)("for root /usr/local, whose folders stay", async () => {
    const script =
      'mount -t tmpfs tmpfs /usr/local && mkdir /usr/local/bin && sh "$0" --from "$1" >/dev/null && ' +
      'find /usr/local -type f && sh "$0" --uninstall >/dev/null && find /usr/local -type f -o -name bin';
    const { stdout, stderr } = await run([INSTALL_SH, standIns], {
      program: ["unshare", "--mount", "sh", "-c", script],
      env: { HOME: ground.home, PATH: SYSTEM_PATH, TMPDIR: ground.tmp },
    });
    expect(stderr).toBe("");
    const lines = stdout.trimEnd().split("\n");
    expect(lines.pop()).toBe("/usr/local/bin");
    expect(lines.sort()).toEqual(INSTALLED.map((name) => `/usr/local/${name}`));
  });

  test("completions are where the shells look for them, and the page where man does", async () => {
    const home = ground.fresh("home with completions");
    const prefix = `${home}/.local`;
    await ground.install(["sh"], ["--from", real, "--prefix", prefix]);
    const env = { HOME: home, PATH: `${prefix}/bin:${SYSTEM_PATH}` };
    const said = async (...program: string[]) => (await run([], { program, env })).stdout;
    expect(await said("fish", "-c", 'complete -C "gum-cred --ver"')).toContain("--version");
    // bash-completion looks in ~/.local/share and loads a file named like the command; here it is loaded by hand.
    const file = `${prefix}/share/bash-completion/completions/gum-cred`;
    expect(await said("bash", "-c", '. "$0" && complete -p gum-cred', file)).toEndWith(" gum-cred\n");
    // ~/.local is not in zsh's fpath; docs/installing.md has the line.
    const line = "fpath=(~/.local/share/zsh/site-functions $fpath)";
    const zsh = `${line}; autoload -U compinit; compinit -u -D; print $_comps[gum-cred]`;
    expect(await said("zsh", "-fc", zsh)).toBe("_gum-cred\n");
    if (Bun.which("manpath")) expect(await said("manpath", "-q")).toContain(`${prefix}/share/man`);
  });
});
