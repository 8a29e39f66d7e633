/** The lock between processes: freed by death, bounded in waiting, ours alone, and never gone without. */

import { afterEach, describe, expect, test } from "bun:test";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { gumCred } from "../support/binary.ts";
import { SOON_MS } from "../support/patience.ts";
import { profileEntries, requests, storeExpiredSession } from "../support/stored-session.ts";
import { useWorld } from "../support/world.ts";

const world = useWorld({ consent: "approve" });
afterEach(() => world.server.reset());

let count = 0;
const fresh = (): string => `lock${++count}`;
const get = (profile: string, env: Record<string, string> = {}) =>
  world.run(["get", "gumloop", "--profile", profile], { env });
const tokenRequests = () => requests(world, "/oauth/token");

/** A gum-cred that holds the lock and waits for the server's answer. */
async function startHolder(profile: string): Promise<Bun.Subprocess> {
  world.server.faults.inject({ path: "/oauth/token", times: 1, hang: true });
  const holder = Bun.spawn([gumCred(), "get", "gumloop", "--profile", profile], {
    env: world.env,
    stdio: ["ignore", "ignore", "ignore"],
  });
  while (tokenRequests() === 0) await Bun.sleep(2);
  return holder;
}

describe("whoever holds the lock", () => {
  test("and is killed frees it: the next process has it at once", async () => {
    const profile = fresh();
    await storeExpiredSession(world, profile);
    const holder = await startHolder(profile);
    const waiting = get(profile);
    await Bun.sleep(300);
    expect(tokenRequests()).toBe(1);
    const killed = performance.now();
    holder.kill("SIGKILL");
    expect((await waiting).code).toBe(0);
    expect(performance.now() - killed).toBeLessThan(SOON_MS);
    expect(tokenRequests()).toBe(2);
  });

  test("and hangs costs the others exit 5 in bounded time, never a refresh without the lock", async () => {
    const profile = fresh();
    await storeExpiredSession(world, profile);
    const before = await profileEntries(world, profile);
    const holder = await startHolder(profile);
    holder.kill("SIGSTOP");
    const started = performance.now();
    const results = await Promise.all([
      get(profile),
      world.run(["logout", "--profile", profile]),
      world.run(["login", "--access-token", "-", "--profile", profile, "--base-url", world.server.baseUrl], {
        stdin: world.server.issueTokens().accessToken,
      }),
    ]);
    for (const { code, stderr } of results) {
      expect(code).toBe(5);
      expect(stderr).toContain("E_LOCK_TIMEOUT");
    }
    expect(performance.now() - started).toBeLessThan(25_000);
    expect(tokenRequests()).toBe(1);
    expect(await profileEntries(world, profile)).toEqual(before);
    expect((await get(fresh())).stderr).toContain("E_NOT_SIGNED_IN"); // other profiles have their own lock
    holder.kill("SIGKILL");
    await holder.exited;
    expect((await get(profile)).code).toBe(0);
  }, 40_000);

  test("is asked by Ctrl-C or a polite kill to end, and stores what the server gave first", async () => {
    for (const [signal, code] of [
      ["SIGINT", 130],
      ["SIGTERM", 143],
    ] as const) {
      const profile = fresh();
      const { refreshToken } = await storeExpiredSession(world, profile);
      world.server.reset();
      const again = await storeExpiredSession(world, profile);
      world.server.faults.inject({ path: "/oauth/token", times: 1, delayMs: 500, afterHandling: true });
      const running = Bun.spawn([gumCred(), "get", "gumloop", "--profile", profile], {
        env: world.env,
        stdio: ["ignore", "ignore", "ignore"],
      });
      while (tokenRequests() === 0) await Bun.sleep(2);
      running.kill(signal);
      await running.exited;
      expect(128 + (running.signalCode === "SIGINT" ? 2 : 15)).toBe(code);
      const after = await profileEntries(world, profile);
      expect([refreshToken, again.refreshToken]).not.toContain(after["refresh_token"]);
      expect((await world.run(["status", "--verify", "--profile", profile])).code).toBe(0);
    }
  });
});

describe("a reader beside a sign-in", () => {
  test("sees the credential before it or the one after it, never neither", async () => {
    const profile = fresh();
    const keys = ["a", "b"].map((name) =>
      world.server.addApiKey({ key: `gum_EXAMPLE_${name}`, userId: name }),
    );
    const signIn = ({ key, userId }: { key: string; userId: string }) =>
      world.ok(
        [
          "login",
          "--api-key",
          "-",
          "--user-id",
          userId,
          "--profile",
          profile,
          "--base-url",
          world.server.baseUrl,
        ],
        { stdin: key },
      );
    const [a, b] = keys;
    if (!a || !b) throw new Error("two keys");
    await signIn(a);
    let signing = true;
    const seen: { code: number | null; stdout: string }[] = [];
    const reading = (async () => {
      while (signing) seen.push(...(await Promise.all([get(profile), get(profile), get(profile)])));
    })();
    for (let round = 0; round < 12; round++) await signIn(round % 2 === 0 ? b : a);
    signing = false;
    await reading;
    expect(new Set(seen.map(({ code }) => code))).toEqual(new Set([0]));
    expect([...new Set(seen.map(({ stdout }) => stdout))].sort()).toEqual([`${a.key}\n`, `${b.key}\n`]);
  }, 30_000);
});

describe("the lock's folder", () => {
  /** Runs with a runtime folder of its own; the keyring is reached by its address. */
  async function refreshWith(prepare: (runtime: string) => void, home = world.home) {
    const runtime = mkdtempSync("/tmp/gum-cred-runtime-");
    const profile = fresh();
    await storeExpiredSession(world, profile);
    const before = await profileEntries(world, profile);
    prepare(runtime);
    const result = await get(profile, { XDG_RUNTIME_DIR: runtime, HOME: home });
    rmSync(runtime, { recursive: true, force: true });
    return { ...result, untouched: Bun.deepEquals(await profileEntries(world, profile), before) };
  }

  const elsewhere = mkdtempSync("/tmp/gum-cred-elsewhere-");
  const refused: [string, (runtime: string) => void][] = [
    ["is a symbolic link", (runtime) => symlinkSync(elsewhere, `${runtime}/gum-cred`)],
    ["is a dangling link", (runtime) => symlinkSync(`${elsewhere}/none`, `${runtime}/gum-cred`)],
    ["is a file", (runtime) => writeFileSync(`${runtime}/gum-cred`, "")],
    [
      "belongs to somebody else",
      (runtime) => {
        mkdirSync(`${runtime}/gum-cred`);
        chownSync(`${runtime}/gum-cred`, 65_534, 65_534);
      },
    ],
    [
      "can be written by others",
      (runtime) => {
        mkdirSync(`${runtime}/gum-cred`);
        chmodSync(`${runtime}/gum-cred`, 0o777);
      },
    ],
    [
      "holds a lock file that is a link",
      (runtime) => {
        mkdirSync(`${runtime}/gum-cred`, { mode: 0o700 });
        symlinkSync(`${elsewhere}/file`, `${runtime}/gum-cred/session-lock${count}.lock`);
      },
    ],
    [
      "holds a lock file of somebody else's",
      (runtime) => {
        mkdirSync(`${runtime}/gum-cred`, { mode: 0o700 });
        writeFileSync(`${runtime}/gum-cred/session-lock${count}.lock`, "");
        chownSync(`${runtime}/gum-cred/session-lock${count}.lock`, 65_534, 65_534);
      },
    ],
    [
      "holds a FIFO for a lock file",
      (runtime) => {
        mkdirSync(`${runtime}/gum-cred`, { mode: 0o700 });
        Bun.spawnSync(["mkfifo", "-m", "600", `${runtime}/gum-cred/session-lock${count}.lock`]);
      },
    ],
  ];
  for (const [what, prepare] of refused) {
    test(`that ${what} is exit 6, and nothing is refreshed`, async () => {
      const result = await refreshWith(prepare);
      expect(result).toMatchObject({ code: 6, stdout: "", untouched: true });
      expect(result.stderr).toContain("E_UNSAFE_FILE");
      if (what === "belongs to somebody else")
        expect(result.stderr).toContain("hint: set XDG_RUNTIME_DIR to");
      expect(tokenRequests()).toBe(0);
    });
  }

  test("that cannot be made at all is a clear exit 6 at once, and nothing is refreshed", async () => {
    const profile = fresh();
    await storeExpiredSession(world, profile);
    const started = performance.now();
    // The folder of the bus's socket would do: as in many containers, it is everybody's here.
    const open = mkdtempSync("/tmp/gum-cred-open-");
    chmodSync(open, 0o777);
    const [, bus = ""] = (world.env["DBUS_SESSION_BUS_ADDRESS"] ?? "").split("path=");
    symlinkSync(bus, `${open}/bus`);
    const address = { DBUS_SESSION_BUS_ADDRESS: `unix:path=${open}/bus` };
    const result = await get(profile, { XDG_RUNTIME_DIR: "", XDG_STATE_HOME: "/proc/none", ...address });
    rmSync(open, { recursive: true });
    expect(performance.now() - started).toBeLessThan(SOON_MS);
    expect(result.code).toBe(6);
    expect(result.stderr).toContain("/proc/none/gum-cred cannot be used");
    expect(result.stderr).toContain("XDG_STATE_HOME");
    expect(tokenRequests()).toBe(0);
  });

  test.each([
    ["/proc/self/fd", "XDG_RUNTIME_DIR", { XDG_RUNTIME_DIR: "/proc/self/fd" }],
    ["/proc/none", "XDG_STATE_HOME", { XDG_RUNTIME_DIR: "/tmp", XDG_STATE_HOME: "/proc/none" }],
  ])("that cannot be made in %s is mended by %s, and by no other variable", async (place, variable, env) => {
    const profile = fresh();
    await storeExpiredSession(world, profile);
    const { code, stderr } = await get(profile, env);
    expect(code).toBe(6);
    expect(stderr).toContain(`${place}/gum-cred cannot be used`);
    expect(stderr).toContain(`hint: set ${variable} to a folder of yours that you can write to\n`);
    const mended = await get(profile, { ...env, [variable]: world.home });
    expect(mended.code).toBe(0);
  });

  test("is in the state folder where the runtime folder is missing or somebody else's, as under sudo", async () => {
    const home = mkdtempSync("/tmp/gum-cred-home-");
    const foreign = (runtime: string) => chownSync(runtime, 65_534, 65_534);
    for (const prepare of [foreign, (runtime: string) => rmSync(runtime, { recursive: true })]) {
      expect((await refreshWith(prepare, home)).code).toBe(0);
    }
    const stat = await world.sh(
      `stat -c %a "${home}/.local/state/gum-cred" && ls "${home}/.local/state/gum-cred"`,
    );
    expect(stat.stdout).toMatch(/^700\n(?:changed\n)?session-lock/);
    rmSync(home, { recursive: true });
  });
});
