/**
 * The everyday lines that need the keychain of a Linux desktop: one visit to it, begun before the program is loaded, with
 * the same outcome as without that start, and never a keyring left with a caller that has hung up.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type BusProxy, startBusProxy } from "../support/bus-proxy.ts";
import { startPrivateBus } from "../support/private-bus.ts";
import { storeSession } from "../support/stored-session.ts";
import { useWorld } from "../support/world.ts";

const world = useWorld();
let proxy: BusProxy;
beforeAll(async () => {
  proxy = startBusProxy(world.keyring.env["DBUS_SESSION_BUS_ADDRESS"] ?? "");
  const expiresAtMs = Date.now() + 3_600_000;
  await storeSession(world, "default", {
    ...world.server.issueTokens(),
    baseUrl: world.server.baseUrl,
    expiresAtMs,
  });
});
afterAll(() => proxy?.stop());

/** Hello, ReadAlias, OpenSession, Locked, GetSecrets. */
const AROUND = 5;
/** A profile without its refresh token, and the expiry note. */
const PROFILE = 5;
/** All that is stored for the vendors and for the note is one search, and a name for each item: there is only the note. */
const KEYS = 1;

const LINES: readonly (readonly [line: readonly string[], messages: number])[] = [
  [["env", "gumloop"], AROUND + PROFILE],
  [["env"], AROUND + PROFILE + KEYS],
  [["exec", "gumloop", "--", "sh", "-c", "env | grep ^GUM | sort"], AROUND + PROFILE],
  [["exec", "--", "sh", "-c", "env | grep ^GUM | sort; exit 9"], AROUND + PROFILE + KEYS],
];

test.each(LINES)("%j visits the keychain once, and says what it says otherwise", async (line, messages) => {
  const [command = "", ...rest] = line;
  proxy.arm(null);
  const started = await world.run(line, { env: { DBUS_SESSION_BUS_ADDRESS: proxy.address } });
  expect(started.stdout).toContain("GUMLOOP_ACCESS_TOKEN");
  expect(proxy.count()).toBe(messages);
  // A flag that changes nothing makes the line none of those that get the start.
  const whole = await world.run([command, "--no-color", ...rest]);
  const marker = /GUM_CRED_EXPORTED='?[^'\n ]*'?/g;
  expect({ ...started, stdout: started.stdout.replace(marker, "") }).toEqual({
    ...whole,
    stdout: whole.stdout.replace(marker, ""),
  });
});

/** The name by which the bus knows the running keyring: another one after it has died. */
async function keyringsName(): Promise<string> {
  const owner = "org.freedesktop.DBus.GetNameOwner string:org.freedesktop.secrets";
  const { stdout } = await world.sh(
    `dbus-send --session --print-reply=literal --dest=org.freedesktop.DBus / ${owner}`,
  );
  return stdout.trim();
}

test("a run that ends before it needs what was begun leaves the keyring alive", async () => {
  const before = await keyringsName();
  for (let round = 0; round < 40; round++) {
    const { code, stderr } = await world.run(["env", "gumloop"], { env: { GUMLOOP_BASE_URL: "nonsense" } });
    expect([code, stderr]).toEqual([2, expect.stringContaining("E_INVALID_VALUE")]);
  }
  expect(before).toStartWith(":");
  expect(await keyringsName()).toBe(before);
});

test("where there is no keychain to begin with, the error is the same", async () => {
  const bus = await startPrivateBus();
  const addresses = ["unix:path=/nonexistent/bus", "nonsense", bus.env["DBUS_SESSION_BUS_ADDRESS"] ?? ""];
  for (const address of addresses) {
    const env = { DBUS_SESSION_BUS_ADDRESS: address };
    const started = await world.run(["env", "gumloop"], { env });
    expect(started.code).toBe(address.includes("gum-cred-bus") ? 3 : 4);
    expect(started).toEqual(await world.run(["env", "--no-color", "gumloop"], { env }));
  }
  await bus.stop();
});

/** A bus that never answers; with a full queue it does not even accept who connects. */
const DEAF_BUS = `import os, socket, subprocess, sys
path, is_full, *line = sys.argv[1:]
bus = socket.socket(socket.AF_UNIX)
bus.bind(path)
bus.listen(0 if is_full else 9)
waiting = []
try:
    while is_full:
        waiting.append(socket.socket(socket.AF_UNIX))
        waiting[-1].setblocking(False)
        waiting[-1].connect(path)
except BlockingIOError:
    pass
sys.exit(subprocess.run(line, env={**os.environ, "DBUS_SESSION_BUS_ADDRESS": "unix:path=" + path}).returncode)`;

test.each([
  ["that does not answer", "", {}, 4, 5_000],
  ["that nobody can connect to", "full", {}, 4, 5_000],
  ["that does not answer, and is not needed", "", { GUMLOOP_BASE_URL: "nonsense" }, 2, 1_000],
  ["that nobody can connect to, and is not needed", "full", { GUMLOOP_BASE_URL: "nonsense" }, 2, 50],
])(
  "a bus %s is waited for once",
  async (name, full, env, code, waitMs) => {
    const path = `${world.home}/bus-${name.length}`;
    const started = performance.now();
    const line = ["gum-cred", "env", "gumloop"];
    const waited = await world.run([path, full, ...line], { program: ["python3", "-c", DEAF_BUS], env });
    const tookMs = performance.now() - started;
    expect([waited.code, waited.stderr.match(/error/g)]).toEqual([code, ["error"]]);
    expect(tookMs).toBeGreaterThanOrEqual(waitMs);
    expect(tookMs).toBeLessThan(waitMs + 2_000);
  },
  20_000,
);
