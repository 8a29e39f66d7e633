/** A stored session beside what others do to it: malformed entries, another program's sign-in, another environment, a clock. */
import { describe, expect, test } from "bun:test";
import { gumCred } from "../support/binary.ts";
import { startStandIn } from "../support/stand-in/server.ts";
import { requests, storeEntries, storeExpiredSession, storeSession } from "../support/stored-session.ts";
import { useWorld } from "../support/world.ts";

const world = useWorld();

describe("a refresh token with white space around it", () => {
  test.each(["env gumloop", "header", "refresh", "teams", "status --verify"])(
    "is sent nowhere and costs nothing: %s",
    async (line) => {
      world.server.reset();
      const session = await storeExpiredSession(world, "default");
      await storeEntries(world, "gumloop-cli", { "default:refresh_token": `${session.refreshToken} ` });
      const before = await world.entries("gumloop-cli");
      const { code, stderr } = await world.run(line.split(" "));
      expect([code, stderr]).toEqual([7, expect.stringContaining("gumloop-cli/default:refresh_token")]);
      expect(requests(world, "/oauth/token")).toBe(0);
      expect(await world.entries("gumloop-cli")).toEqual(before);
    },
  );

  test("is not revoked by logout, which says so", async () => {
    world.server.reset();
    const session = await storeExpiredSession(world, "default");
    await storeEntries(world, "gumloop-cli", { "default:refresh_token": `${session.refreshToken}\n` });
    const { stdout } = await world.ok(["logout", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ oauth_revoked: false, oauth_revoke_failed: true });
    expect(requests(world, "/oauth/revoke")).toBe(0);
    expect(await world.entries("gumloop-cli")).toEqual({});
  });
});

test("while another program signs in to another server, its tokens go there alone", async () => {
  const other = startStandIn();
  try {
    for (const command of [["refresh"], ["logout"], ["teams"], ["status", "--verify"]]) {
      world.server.reset();
      other.reset();
      const ours = world.server.issueTokens();
      await storeSession(world, "default", { ...ours, baseUrl: world.server.baseUrl });
      await Bun.sleep(3_100); // long enough ago for nobody to expect more of it
      const theirs = other.issueTokens();
      const [access, refresh] = [theirs.accessToken, theirs.refreshToken ?? ""];
      await storeEntries(world, "gumloop-cli", {
        "default:access_token": access,
        "default:refresh_token": refresh,
      });
      const running = world.run(command);
      await Bun.sleep(700);
      await storeEntries(world, "gumloop-cli", { "default:base_url": other.baseUrl });
      await running;
      const sent = JSON.stringify(world.server.log());
      expect([command, sent.includes(access), sent.includes(refresh)]).toEqual([command, false, false]);
    }
  } finally {
    await other.stop();
  }
}, 60_000);

test("two processes of different environments take one lock", async () => {
  world.server.reset();
  await storeExpiredSession(world, "default");
  world.server.faults.inject({ path: "/oauth/token", delayMs: 400 });
  const outcomes = await Promise.all(
    [{}, { XDG_RUNTIME_DIR: "" }].map((env) => world.run(["get", "gumloop"], { env })),
  );
  world.server.faults.clear();
  const [first, second] = outcomes;
  expect(outcomes.map(({ code }) => code)).toEqual([0, 0]);
  expect(second?.stdout).toBe(first?.stdout ?? "");
  expect(requests(world, "/oauth/token")).toBe(1);
  expect((await world.run(["status", "--verify"])).code).toBe(0);
});

test.each(["SIGINT", "SIGTERM"] as const)(
  "%s ends the wait of logout for it: all is removed, and nothing is sent",
  async (signal) => {
    world.server.reset();
    const { accessToken } = world.server.issueTokens();
    const entries = { "default:base_url": world.server.baseUrl, "default:access_token": accessToken };
    await storeEntries(world, "gumloop-cli", entries);
    const child = Bun.spawn([gumCred(), "logout"], { env: world.env, stderr: "pipe", stdout: "pipe" });
    await Bun.sleep(300);
    const before = performance.now();
    child.kill(signal);
    expect(await child.exited).toBe(130);
    expect(performance.now() - before).toBeLessThan(500);
    expect(await child.stderr.text()).toContain("warning: the session could not be revoked");
    expect([await world.entries("gumloop-cli"), requests(world, "/oauth/revoke")]).toEqual([{}, 0]);
  },
);
