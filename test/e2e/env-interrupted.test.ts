/** `env` that a signal ends says so on standard output: `eval` of nothing would succeed. */
import { afterEach, describe, expect, test } from "bun:test";
import { gumCred } from "../support/binary.ts";
import { storeExpiredSession } from "../support/stored-session.ts";
import { useWorld } from "../support/world.ts";

const world = useWorld();
afterEach(() => {
  world.keyring.thaw();
  world.server.faults.clear();
});

/** Long enough for gum-cred to be in its wait, and far from the wait's end. */
const SOON_MS = 700;

async function interrupted(args: readonly string[], signal: NodeJS.Signals, trap = ":", afterMs = SOON_MS) {
  const child = Bun.spawn(["sh", "-c", `${trap}; exec "$@"`, "sh", gumCred(), "env", ...args], {
    env: { PATH: "/usr/bin:/bin", ...world.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  await Bun.sleep(afterMs);
  child.kill(signal);
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  await child.exited;
  return { code: child.exitCode, stdout, stderr };
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

describe("while the keychain does not answer", () => {
  test.each(SIGNALS)("%s", async (signal) => {
    await world.signInWithKey();
    world.keyring.freeze();
    expect(await interrupted([], signal)).toEqual({
      code: 130,
      stdout: "(exit 130);\n",
      stderr: "gum-cred: error[E_INTERRUPTED]: interrupted\n",
    });
  });

  // Long enough to be in the wait of the first modules, or behind it; a machine that is too slow for once starts later.
  test("by a signal that comes soon", async () => {
    world.keyring.freeze();
    let code: number | null = null;
    for (let tries = 0; tries < 5 && code !== 130; tries++) {
      code = (await interrupted(["gumloop"], "SIGTERM", ":", 160)).code;
    }
    expect(code).toBe(130);
  });

  test("other formats have their own statement, or none", async () => {
    world.keyring.freeze();
    expect((await interrupted(["--format", "fish"], "SIGTERM")).stdout).toContain("return 130");
    expect(await interrupted(["--format", "json"], "SIGTERM")).toMatchObject({ code: 130, stdout: "" });
  });

  test("eval notices", async () => {
    world.keyring.freeze();
    const { stdout } = await world.sh("eval $(timeout 0.7 gum-cred env 2>/dev/null); echo $?", {
      shell: ["bash", "-c"],
    });
    expect(stdout).toBe("130\n");
  });

  test("a signal that the caller ignores ends nothing", async () => {
    world.keyring.freeze();
    const { code, stdout } = await interrupted([], "SIGHUP", "trap '' HUP");
    expect([code, stdout]).toEqual([4, "(exit 4);\n"]);
  });
});

test("while the server does not answer a refresh, which is not cut short, and its tokens are stored", async () => {
  await storeExpiredSession(world, "slow");
  world.server.faults.inject({ path: "/oauth/token", times: 1, delayMs: 2_000 });
  const result = await interrupted(["gumloop", "--profile", "slow"], "SIGTERM");
  expect([result.code, result.stdout]).toEqual([130, "(exit 130);\n"]);
  expect((await world.run(["env", "gumloop", "--profile", "slow"])).code).toBe(0);
});
