/** `gum-cred broker --isolate`: the command has the broker and nothing else, and cannot get out. */
import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { gumCred, type RunOptions, run } from "../support/binary.ts";
import { startPrivateKeyring } from "../support/private-keyring.ts";
import { startVendorUpstream } from "../support/vendor-upstream.ts";

const UNSHARE = ["unshare", "-U", "-n", "-m", "--map-current-user", "--keep-caps", "true"];
const allowed =
  process.platform === "linux" && Bun.which("unshare") !== null && Bun.spawnSync(UNSHARE).exitCode === 0;
if (!allowed) console.warn("--isolate is not tested: this kernel refuses user namespaces");

const upstream = startVendorUpstream();
const folder = mkdtempSync("/tmp/gum-cred-isolate-");
const runtime = `${folder}/run`;
mkdirSync(runtime, { mode: 0o700 });
writeFileSync(`${runtime}/secret`, "of the session");
const bus = Bun.listen({ unix: `${folder}/bus`, socket: { data: () => {} } });
const abstract = Bun.listen({ unix: `\0gum-cred-test-${process.pid}`, socket: { data: () => {} } });
afterAll(async () => {
  bus.stop(true);
  abstract.stop(true);
  await upstream.stop();
  rmSync(folder, { recursive: true, force: true });
});

const ENV = {
  OPENAI_API_KEY: "sk-EXAMPLE-openai-0123456789",
  OPENAI_BASE_URL: `${upstream.url}/v1`,
  XDG_RUNTIME_DIR: runtime,
};

async function isolated(script: string, options: RunOptions = {}) {
  const result = await run(["broker", "--isolate", "--quiet", "openai", "--", "sh", "-c", script], {
    ...options,
    env: { ...ENV, ...options.env },
  });
  expect(result.stdout + result.stderr).not.toContain("EXAMPLE");
  return result;
}

const ASK = 'curl -sS -m 10 -H "authorization: Bearer $OPENAI_API_KEY" "$OPENAI_BASE_URL/chat/completions"';
const connects = (address: string) =>
  `python3 -c 'import socket,sys; s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1].replace("@", chr(0)) if sys.argv[1][0] == "@" else sys.argv[1])' '${address}' 2>/dev/null`;

/** Namespaces around gum-cred itself, as a container is. */
const ELSEWHERE = [...UNSHARE.slice(0, -1)];
/** Listens in the first folder under odd names, and goes to the second. */
const LISTENER = `
import os, socket, sys, time
os.makedirs(sys.argv[1], exist_ok=True)
os.chdir(sys.argv[1])
listening = []
for name in ["bus", "a\\nb", "old", "@at"]:
    if os.path.lexists(name): os.remove(name)
    listening.append(socket.socket(socket.AF_UNIX))
    listening[-1].bind(os.path.abspath(name) if name == "old" else name)
    listening[-1].listen()
os.rename("old", "new")
if len(sys.argv) > 2: os.chdir(sys.argv[2])
print("listening", flush=True)
time.sleep(30)
`;

describe.skipIf(!allowed)("inside", () => {
  test("the broker answers, small and large", async () => {
    const { stdout, stderr, code } = await isolated(
      `${ASK}; head -c 3000000 /dev/zero | ${ASK.replace("chat/completions", "count")} -X POST --data-binary @-`,
    );
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(stdout).toContain("stand-in-1");
    expect(stdout).toContain('"bytes":3000000');
  });

  test("no bus by path or by abstract name, no run-time folder, no other port", async () => {
    const script = `
      ${connects(`${folder}/bus`)} && echo path
      ${connects(`@gum-cred-test-${process.pid}`)} && echo abstract
      ls -A "$XDG_RUNTIME_DIR"
      curl -s -m 5 ${upstream.url}/ && echo port
      env | grep -E 'DBUS|INSIDE'
      echo end`;
    expect((await isolated(script)).stdout).toBe("end\n");
  });

  test("no bus that a variable names, whatever /proc says of it", async () => {
    const keyring = await startPrivateKeyring();
    const [, path = ""] = /unix:path=([^,;]+)/.exec(keyring.env["DBUS_SESSION_BUS_ADDRESS"] ?? "") ?? [];
    const script = `
      ${connects(path)} && echo bus
      DBUS_SESSION_BUS_ADDRESS=unix:path=${path} "$GUM_CRED" keychain >/dev/null 2>&1 && echo keychain
      ${connects(`${folder}/bus`)} && echo docker
      echo end`;
    const env = {
      ...{ DBUS_SESSION_BUS_ADDRESS: `unix:path=${folder}/none;unix:path=${path.replace("-", "%2d")}` },
      ...{ DOCKER_HOST: `unix://${folder}/bus`, GUM_CRED: gumCred() },
    };
    // As in a container that was given the bus of its host, and as beside one.
    const program = [...ELSEWHERE, "--pid", "--fork", "--mount-proc", gumCred()];
    expect((await isolated(script, { program, env })).stdout).toBe("end\n");
    const { DOCKER_HOST: _, ...others } = env;
    expect((await isolated(script, { program: [...ELSEWHERE, gumCred()], env: others })).stdout).toBe(
      "end\n",
    );
    await keyring.stop();
  });

  test("no socket with a relative path or a newline in it, and none that was renamed", async () => {
    const listener = Bun.spawn(["python3", "-c", LISTENER, `${folder}/odd`], { stdout: "pipe" });
    await listener.stdout.getReader().read();
    const names = ["bus", "new", "@at", "a\nb"];
    const script = names.map((name) => `${connects(`./${name}`)} && echo '${name}'`).join("; ");
    const { stdout } = await isolated(`cd ${folder}/odd; ${script}; echo end`);
    listener.kill();
    expect(stdout).toBe("end\n");
  });

  test("no socket of a host that is mounted, by itself or with its folder", async () => {
    const deep = `${folder}/a/b/c`;
    mkdirSync(`${deep}/folder`, { recursive: true });
    writeFileSync(`${deep}/bus`, "");
    const mounting = `mount --bind ${folder}/bus ${deep}/bus && mount --bind ${folder} ${deep}/folder && exec "$@"`;
    const program = [...ELSEWHERE, "--pid", "--fork", "--mount-proc", "sh", "-c", mounting, "sh", gumCred()];
    const script = `
      ${connects(`${deep}/bus`)} && echo bus
      ${connects(`${deep}/folder/bus`)} && echo folder
      ${connects(`${folder}/bus`)} && echo source
      ls ${deep}/folder | grep bus`;
    expect((await isolated(script, { program })).stdout).toBe("bus\n");
  });

  test("no way past the mounts by a folder that the caller had open, or was in", async () => {
    const session = Bun.listen({ unix: `${runtime}/other`, socket: { data: () => {} } });
    const program = (redirection: string) => ["sh", "-c", `exec "$GUM_CRED" "$@" ${redirection}`, "sh"];
    const env = { GUM_CRED: gumCred() };
    const script = `
      for fd in 0 3 4 5 6; do for path in "" /bus /run/other /other; do
        ${connects("/proc/self/fd/$fd$path").replaceAll("'/proc", '"/proc').replace("path' 2", 'path" 2')} && echo $fd$path
      done; done
      ${connects("./other")} && echo working directory
      cat <&7; pwd`;
    const files = `3<${folder} 4<${runtime} 5<${runtime}/secret 7<${runtime}/secret`;
    const { stdout } = await isolated(script, { program: program(files), env, cwd: runtime });
    expect(stdout).toBe(`of the session${runtime}\n`);
    const onStdin = await isolated("echo ran", { program: program(`<${runtime}`), env });
    expect([onStdin.code, onStdin.stdout]).toEqual([6, ""]);
    mkdirSync(`${runtime}/below`);
    const below = await isolated("echo ran", { cwd: `${runtime}/below` });
    expect([below.code, below.stdout]).toEqual([6, ""]);
    rmSync(`${runtime}/below`, { recursive: true });
    session.stop(true);
  });

  test("a socket that cannot be found is exit 6", async () => {
    const script = `python3 -c "$LISTENER" ${folder}/odd / & sleep 0.5; "$GUM_CRED" "$@"; code=$?; kill $!; exit $code`;
    const { code, stdout, stderr } = await isolated("echo ran", {
      program: [...ELSEWHERE, "sh", "-c", script, "sh"],
      env: { LISTENER, GUM_CRED: gumCred() },
    });
    expect({ code, stdout }).toEqual({ code: 6, stdout: "listening\n" });
    expect(stderr).toContain("a program listens on the socket '");
  });

  test("one that was bound anew beside an older program is found, and one of another user is not looked for", async () => {
    const listeners = [`${folder}/anew`, `${folder}/anew`].map((where) =>
      Bun.spawn(["python3", "-c", LISTENER, where], { stdout: "pipe" }),
    );
    for (const { stdout } of listeners) await stdout.getReader().read();
    const { stdout } = await isolated(`${connects(`${folder}/anew/bus`)} && echo bus; echo end`);
    for (const each of listeners) each.kill();
    expect(stdout).toBe("end\n");
    if (process.getuid?.() !== 0) return;
    const away = Bun.spawn(["python3", "-c", LISTENER, `${folder}/away`, "/"], { stdout: "pipe" });
    await away.stdout.getReader().read();
    const nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", gumCred()];
    const theirs = await isolated("echo ran", { program: nobody, env: { XDG_RUNTIME_DIR: "" }, cwd: "/" });
    away.kill();
    expect([theirs.code, theirs.stdout]).toEqual([0, "ran\n"]);
  });

  test("thousands of sockets, more than a variable holds", async () => {
    const many = `import os, socket, sys
os.makedirs(sys.argv[1])
for index in range(2000): socket.socket(socket.AF_UNIX).bind(f"{sys.argv[1]}/{'x' * 50}-{index}")`;
    expect(Bun.spawnSync(["python3", "-c", many, `${folder}/many`]).exitCode).toBe(0);
    const { stdout } = await isolated(
      `ls -A ${folder}/many | wc -l; for path in ${folder}/many/*; do [ ! -S $path ] || echo $path; done`,
    );
    rmSync(`${folder}/many`, { recursive: true });
    expect(stdout).toBe("2000\n");
  });

  test("no capability, and none to be had", async () => {
    const script = `
      grep -E '^Cap(Inh|Prm|Eff|Bnd|Amb)' /proc/self/status | grep -v 0000000000000000
      grep NoNewPrivs /proc/self/status
      umount -l "$XDG_RUNTIME_DIR" 2>/dev/null && echo unmounted
      unshare -Urm sh -c 'umount -l "$XDG_RUNTIME_DIR" && cat "$XDG_RUNTIME_DIR/secret"' 2>/dev/null
      for pid in /proc/[0-9]*; do cat $pid/root${runtime}/secret 2>/dev/null; done
      nsenter -t ${process.pid} -m cat ${runtime}/secret 2>/dev/null
      echo end`;
    expect((await isolated(script)).stdout).toBe("NoNewPrivs:\t1\nend\n");
    expect(existsSync(`${runtime}/secret`)).toBe(true);
  });

  test("it ends as its command does", async () => {
    expect((await isolated("exit 7")).code).toBe(7);
    expect((await isolated("kill -TERM $$")).signal).toBe("SIGTERM");
    const none = await run(["broker", "--isolate", "openai", "--", "gum-cred-no-such-program"], { env: ENV });
    expect(none.code).toBe(127);
  });
});

test("where it cannot be had the command does not run, exit 6", async () => {
  const { code, stdout, stderr } = await isolated("echo ran", { env: { PATH: `${folder}/empty` } });
  expect({ code, stdout }).toEqual({ code: 6, stdout: "" });
  expect(stderr).toContain("E_ISOLATION");
});
