/**
 * `gum-cred keychain` and the choice of the keychain, with the built binary: on GNOME Keyring, on KWallet, before a
 * dialog, and on a machine that has nothing at all.
 */
import { afterEach, describe, expect, test } from "bun:test";
import { copyFileSync, linkSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { gumCred, type RunResult, run } from "../support/binary.ts";
import { startFakeKwallet } from "../support/fake-kwallet.ts";
import { type FakeOptions, startFakeSecretService } from "../support/fake-secret-service.ts";
import { startPrivateBus } from "../support/private-bus.ts";
import { startPrivateKwallet } from "../support/private-kwallet.ts";
import { useWorld } from "../support/world.ts";

const world = useWorld();

let stopping: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stopping.reverse()) await stop();
  stopping = [];
});
const kept = <T extends { stop(): Promise<void> }>(started: T): T => {
  stopping.push(started.stop);
  return started;
};

describe("keychain", () => {
  test("names what is stored, and shows no value", async () => {
    const { key, userId } = await world.signInWithKey();
    const { stdout } = await world.ok(["keychain", "--json"]);
    expect(JSON.parse(stdout)).toEqual({
      backend: "secret-service",
      state: "unlocked",
      reason: "it is the only one on the session bus",
      entries: [
        { service: "gumloop-cli", account: "default:api_key" },
        { service: "gumloop-cli", account: "default:base_url" },
        { service: "gumloop-cli", account: "default:user_id" },
        { service: "gum-cred", account: "default:expiry" },
      ],
    });
    const human = (await world.ok(["keychain"])).stdout;
    expect(human).toMatch(/^Keychain {2}secret-service$/m);
    expect(human).toMatch(/^State {5}unlocked$/m);
    expect(human).toMatch(/^gumloop-cli {2}default:api_key$/m);
    for (const value of [key, userId]) expect(stdout + human).not.toContain(value);
    await world.ok(["logout"]);
    expect((await world.ok(["keychain"])).stdout).toContain("Nothing of gum-cred's is stored in it.");
  });

  test("locked: says so, names nothing, and fails", async () => {
    await world.keyring.lock();
    try {
      const { code, stdout, stderr } = await world.run(["keychain", "--json"]);
      expect(code).toBe(4);
      expect(JSON.parse(stdout)).toMatchObject({ state: "locked", entries: null });
      expect(JSON.parse(stderr).error.code).toBe("E_KEYCHAIN_LOCKED");
    } finally {
      await world.keyring.unlock();
    }
  });

  test("both there: says which one, why, and how to have the other", async () => {
    const kwallet = await startFakeKwallet(world.keyring.env, world.keyring.directory, { keepsItsOwn: true });
    stopping.push(kwallet.stop);
    expect(JSON.parse((await world.ok(["keychain", "--json"])).stdout)).toMatchObject({
      backend: "secret-service",
      reason: expect.stringContaining("GUM_CRED_KEYCHAIN=kwallet"),
    });
    expect(kwallet.calls()).toEqual([]);
    const other = await world.ok(["keychain", "--json"], { env: { GUM_CRED_KEYCHAIN: "kwallet" } });
    expect(JSON.parse(other.stdout)).toMatchObject({
      backend: "kwallet",
      reason: "GUM_CRED_KEYCHAIN says so",
    });
  });

  test("a name that no keychain has is a mistake", async () => {
    const { code, stderr } = await world.run(["keychain"], { env: { GUM_CRED_KEYCHAIN: "gnome" } });
    expect(code).toBe(2);
    expect(stderr).toContain("error[E_INVALID_VALUE]");
    expect(stderr).toContain("secret-service, kwallet, macos-keychain, windows-credential-manager");
  });
});

describe("a whole run on KWallet", () => {
  test.each([
    ["alone", false, "kwallet"],
    ["as a Secret Service", true, "secret-service"],
  ])("%s: login, status, env, logout", async (_how, secretService, backend) => {
    const { env } = kept(await startPrivateKwallet({ secretService }));
    const { key, userId } = world.server.addApiKey();
    const flags = ["--api-key", "-", "--user-id", userId, "--base-url", world.server.baseUrl];
    const login = await run(["login", "--json", ...flags], { env, stdin: key });
    expect(login.stderr).toBe("");
    expect(JSON.parse(login.stdout)).toMatchObject({ status: "ok", keychain: backend });
    const status = JSON.parse((await run(["status", "--json"], { env })).stdout);
    expect(status).toMatchObject({ authenticated: true, keychain: { backend, state: "unlocked" } });
    expect((await run(["env"], { env })).stdout).toContain(`GUMLOOP_API_KEY='${key}'`);
    expect((await run(["logout", "--json"], { env })).code).toBe(0);
    expect((await run(["status"], { env })).code).toBe(3);
  });
});

describe("unlocking", () => {
  const LOCKED = { collections: { login: { locked: true } } } as const;
  const DIALOGS = ["Unlock", "CreateCollection", "Prompt"];

  /** Runs gum-cred on a terminal, with a display where `display` is given. */
  async function onTerminal(
    env: Record<string, string>,
    display: string,
    ...args: string[]
  ): Promise<RunResult> {
    const line = ["gum-cred", ...args].join(" ");
    return run(["-qefc", line, "/dev/null"], { program: ["script"], env: { ...env, DISPLAY: display } });
  }
  const service = async (options: FakeOptions) => kept(await startFakeSecretService(options));

  test("on a terminal with a display the system may ask; then it is open", async () => {
    const { env, calls } = await service({ ...LOCKED, user: "accepts" });
    const { code, stdout } = await onTerminal(env, ":99", "keychain", "unlock");
    expect([code, stdout.trim()]).toEqual([0, "The keychain is open now (secret-service)."]);
    expect(calls().filter((method) => method === "Prompt")).toHaveLength(1);
    const again = await run(["keychain", "unlock", "--json"], { env });
    expect(JSON.parse(again.stdout)).toEqual({ status: "ok", backend: "secret-service", was_locked: false });
  });

  test("the user declines", async () => {
    const { env } = await service({ ...LOCKED, user: "dismisses" });
    const { code, stdout } = await onTerminal(env, ":99", "keychain", "unlock");
    expect(code).toBe(4);
    expect(stdout).toContain("error[E_KEYCHAIN_DENIED]");
  });

  test("without display, without terminal, or with --no-input nobody is asked", async () => {
    const { env, calls } = await service({ ...LOCKED, user: "accepts" });
    const runs = [
      onTerminal(env, "", "keychain", "unlock"),
      onTerminal(env, ":99", "keychain", "unlock", "--no-input"),
      run(["keychain", "unlock"], { env: { ...env, DISPLAY: ":99" } }),
    ];
    for (const { code, stdout, stderr } of await Promise.all(runs)) {
      expect(code).toBe(4);
      expect(stdout + stderr).toContain("error[E_KEYCHAIN_LOCKED]");
      expect(stdout + stderr).toContain("gum-cred keychain unlock");
    }
    expect(calls().filter((method) => DIALOGS.includes(method))).toEqual([]);
  });

  test("login asks too, where it may; other commands never do", async () => {
    const { env, calls } = await service({ ...LOCKED, user: "accepts" });
    const { key, userId } = world.server.addApiKey();
    const flags = ["--api-key", key, "--user-id", userId, "--base-url", world.server.baseUrl];
    for (const command of [["status"], ["env"], ["keychain"], ["login", "--no-input", ...flags]]) {
      await onTerminal(env, ":99", ...command);
    }
    expect(calls().filter((method) => DIALOGS.includes(method))).toEqual([]);
    const { code, stdout } = await onTerminal(env, ":99", "login", ...flags);
    expect(stdout).toContain("Signed in to Gumloop");
    expect(code).toBe(0);
    expect(calls().filter((method) => method === "Prompt")).toHaveLength(1);
  });
});

describe("a machine without", () => {
  test("a session bus: unavailable, with what to set instead", async () => {
    const { code, stdout, stderr } = await run(["keychain"]);
    expect(code).toBe(4);
    expect(stdout).toMatch(/^State {5}unavailable$/m);
    expect(stderr).toContain("no session bus");
    expect(stderr).toContain("GUMLOOP_ACCESS_TOKEN");
    expect((await run(["keychain", "unlock"])).stderr).toContain("error[E_KEYCHAIN_UNAVAILABLE]");
  });

  test("a keychain on its bus", async () => {
    const { env } = kept(await startPrivateBus());
    const { code, stdout, stderr } = await run(["keychain"], { env });
    expect(code).toBe(4);
    expect(stdout).toContain("neither a Secret Service nor KWallet is on the session bus");
    expect(stderr).toContain("no keychain service runs on the session bus");
  });

  // Nothing but the C library, the binary and /proc. Takes root to enter.
  test.skipIf(process.getuid?.() !== 0)(
    "any library: it starts, says which one is missing, and works",
    async () => {
      const bus = kept(await startPrivateBus());
      const root = mkdtempSync("/tmp/gum-cred-root-");
      stopping.push(() => rmSync(root, { recursive: true, force: true }));
      const needed = Bun.spawnSync(["ldd", gumCred()]).stdout.toString();
      for (const [, library = ""] of needed.matchAll(/(\/\S+\.so\S*) \(/g)) {
        mkdirSync(`${root}${dirname(library)}`, { recursive: true });
        copyFileSync(library, `${root}${library}`);
      }
      copyFileSync(gumCred(), `${root}/gum-cred`);
      linkSync(`${bus.env["XDG_RUNTIME_DIR"]}/bus`, `${root}/bus`);
      mkdirSync(`${root}/proc`);
      const enter = [
        ...["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c"],
        `mount -t proc proc ${root}/proc && exec /usr/sbin/chroot ${root} "$@"`,
        "sh",
      ];
      const inside = (args: string[], env: Record<string, string> = {}) =>
        run(["/gum-cred", ...args], {
          program: enter,
          env: { HOME: "/", DBUS_SESSION_BUS_ADDRESS: "unix:path=/bus", ...env },
        });

      expect((await inside(["--version"])).code).toBe(0);
      const { code, stdout, stderr } = await inside(["keychain"]);
      expect(code).toBe(4);
      expect(stdout).toMatch(/^State {5}unavailable$/m);
      expect(stderr).toContain("E_KEYCHAIN_UNAVAILABLE");
      for (const [name, missing] of [
        ["kwallet", "no KWallet runs"],
        ["macos-keychain", "macOS"],
        ["windows-credential-manager", "advapi32.dll"],
      ] as const) {
        const other = await inside(["keychain"], { GUM_CRED_KEYCHAIN: name });
        expect(other.stderr).toContain("error[E_KEYCHAIN_UNREACHABLE]");
        expect(other.stderr).toContain(missing);
      }
      const env = await inside(["env"], { GUMLOOP_ACCESS_TOKEN: "token-EXAMPLE", GUM_CRED_KEYCHAIN: "" });
      expect(env.code).toBe(0);
      expect((await inside(["status", "--json"], { GUMLOOP_ACCESS_TOKEN: "token-EXAMPLE" })).code).toBe(0);
      expect((await inside(["env"], { OPENAI_API_KEY: "sk-EXAMPLE" })).stdout).not.toContain("(exit");
    },
  );
});
