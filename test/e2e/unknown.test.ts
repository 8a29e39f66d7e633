/** A keychain that is locked or does not answer: nobody can tell who is signed in, and nobody waits for it twice. */
import { afterEach, describe, expect, test } from "bun:test";
import { onTerminal } from "../support/terminal.ts";
import { useWorld } from "../support/world.ts";

const world = useWorld();
afterEach(async () => {
  world.keyring.thaw();
  await world.keyring.unlock();
});

describe.each([
  ["locked", () => world.keyring.lock(), "E_KEYCHAIN_LOCKED"],
  ["hung", async () => world.keyring.freeze(), "E_KEYCHAIN_TIMEOUT"],
])("%s", (_name, begin, code) => {
  test("status: unknown, not no", async () => {
    await begin();
    const { code: exit, stdout, stderr } = await world.run(["status", "--json"]);
    expect(exit).toBe(4);
    expect(JSON.parse(stdout).authenticated).toBeNull();
    expect(JSON.parse(stderr).error.code).toBe(code);
    expect((await world.run(["status"])).stdout).toMatch(/^Signed in +unknown: /m);
  }, 20_000);

  test.each([[["status"]], [["keys", "list"]], [["env"]], [["explain", "openai"]]])(
    "%p: one message, one wait, and a word while waiting",
    async (args) => {
      await begin();
      const start = performance.now();
      const { screen } = await onTerminal(args, [], { env: world.env, timeoutMs: 9_000 });
      expect(performance.now() - start).toBeLessThan(7_500);
      expect(screen.split("warning").length).toBeLessThanOrEqual(1);
      expect(screen.includes("Waiting for the keychain")).toBe(code === "E_KEYCHAIN_TIMEOUT");
    },
    20_000,
  );
});

test("--quiet waits in silence", async () => {
  world.keyring.freeze();
  const { screen } = await onTerminal(["status", "--quiet"], [], { env: world.env, timeoutMs: 9_000 });
  expect(screen).not.toContain("Waiting");
}, 20_000);

describe("a keychain or bus that is named and cannot be used is said with its name, once", () => {
  test.each([
    [{ GUM_CRED_KEYCHAIN: "nonsense" }, 2, "GUM_CRED_KEYCHAIN is 'nonsense'"],
    [{ GUM_CRED_KEYCHAIN: "kwallet" }, 4, "no KWallet runs on the session bus"],
    [{ DBUS_SESSION_BUS_ADDRESS: "unix:path=/nonexistent/bus" }, 4, "listens at unix:path=/nonexistent/bus"],
    [{ DBUS_SESSION_BUS_ADDRESS: "rubbish" }, 4, "DBUS_SESSION_BUS_ADDRESS names no Unix socket"],
  ])("%p", async (env, exit, said) => {
    const { code, stdout, stderr } = await world.run(["status"], { env });
    expect(code).toBe(exit);
    expect(stdout.replace(/\s+/g, " ")).toContain("Signed in unknown: ");
    expect(stderr).toContain(said);
    expect(stderr).not.toContain("warning");
    const json = await world.run(["status", "--json"], { env });
    expect(JSON.parse(json.stdout).authenticated).toBeNull();
    const list = await world.run(["keys", "list"], { env });
    expect([list.code, list.stderr.split(said).length]).toEqual([exit, 2]);
    const doctor = await world.run(["doctor", "--json"], { env });
    const checks: readonly { name: string; message: string }[] = JSON.parse(doctor.stdout).checks;
    expect(checks.find(({ name }) => name === "keychain")?.message).toContain(said);
  });
});

describe("without a keychain service, who asks for a vendor's key is told its variable and nothing that cannot work", () => {
  const nowhere = { DBUS_SESSION_BUS_ADDRESS: "", XDG_RUNTIME_DIR: "/nonexistent" };
  test.each([
    [["get", "openai"], 3, "set OPENAI_API_KEY; create a key at"],
    [["exec", "openai", "--", "true"], 125, "set OPENAI_API_KEY; create a key at"],
    [["broker", "openai", "--", "true"], 125, "set OPENAI_API_KEY; create a key at"],
    [["keys", "set", "openai", "--key", "-"], 4, "set OPENAI_API_KEY\n"],
    [["keys", "rotate", "openai", "--key", "-"], 4, "set OPENAI_API_KEY\n"],
    [["keys", "remove", "openai"], 4, "set OPENAI_API_KEY\n"],
    [["keys", "import", "-"], 4, "set OPENAI_API_KEY\n"],
  ])("%p", async (args, exit, said) => {
    const { code, stderr } = await world.run(args, { env: nowhere, stdin: "OPENAI_API_KEY=sk-EXAMPLE" });
    expect(code).toBe(exit);
    expect(stderr).toContain(said);
    expect(stderr).not.toMatch(/GUMLOOP_|keys set/);
  });

  test("on a terminal it is said before the key is asked for", async () => {
    const { code, screen } = await onTerminal(["keys", "set", "openai"], [], {
      env: { ...world.env, ...nowhere },
    });
    expect(code).toBe(4);
    expect(screen).not.toContain("(hidden)");
  });
});
