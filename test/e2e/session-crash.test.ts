/**
 * Whatever the moment at which gum-cred or the keyring dies, the next run finds the credential before, the one
 * after, or "signed out", and nothing stands beside what it does not belong to. The real binary, a real
 * GNOME Keyring; the faults are real SIGKILLs and connections to the bus that are cut.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { gumCred } from "../support/binary.ts";
import { type BusProxy, startBusProxy } from "../support/bus-proxy.ts";
import { judge, type Outcome, prepare, type Scene, type SceneName } from "../support/session-scenes.ts";
import type { LogEntry } from "../support/stand-in/log.ts";
import { type StandIn, startStandIn } from "../support/stand-in/server.ts";
import { forget } from "../support/stored-session.ts";
import { useWorld, type World } from "../support/world.ts";

/** A world, a second server in it, and who wants to know about requests. */
function useLane(): { readonly world: World; other(): StandIn; onRequest: (entry: LogEntry) => void } {
  let other: StandIn | undefined;
  const lane = {
    world: useWorld({ consent: "approve", onRequest: (entry) => lane.onRequest(entry) }),
    other: () => other ?? startStandIn(),
    onRequest: (_: LogEntry): void => {},
  };
  beforeAll(() => {
    other = startStandIn({ onRequest: (entry) => lane.onRequest(entry) });
  });
  afterAll(() => other?.stop());
  return lane;
}

const lanes = [useLane(), useLane()];
type Lane = (typeof lanes)[number];

describe("kill -9", () => {
  /** A nightly run asks for more. Below 100, an outcome that is expected below might not come up. */
  const KILLS = Number(process.env["GUM_CRED_TEST_ROUNDS"] ?? 120);
  /** Kills for each scene, as a share; the browser's is the slowest. */
  const SCENES: readonly SceneName[] = [
    "login with a key",
    "refresh",
    "logout",
    "login with a token",
    "refresh",
    "login with a key",
    "logout",
    "refresh",
    "login in the browser",
    "refresh",
  ];

  test(
    `at ${KILLS} random moments of login, refresh and logout`,
    async () => {
      const outcomes = new Map<string, number>();
      let killed = 0;
      let next = 0;
      const work = async (lane: Lane, laneIndex: number): Promise<void> => {
        while (killed < KILLS) {
          const outcome = await lane.world.keyring.survive(() => round(lane, laneIndex, next++));
          if (outcome === null) continue;
          killed++;
          outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        }
      };
      await Promise.all(lanes.map(work));
      const counts = [...outcomes].sort().map(([outcome, times]) => `  ${times} × ${outcome}`);
      console.log(`${killed} processes killed:\n${counts.join("\n")}`);
      expect(killed).toBeGreaterThanOrEqual(Math.max(KILLS, 100));
      // The moments were spread well: every scene was met before, amid and after its writes.
      for (const wanted of [
        "refresh: old",
        "refresh: new",
        "login with a key: signed out",
        "logout: signed out",
      ]) {
        expect([...outcomes.keys()]).toContain(wanted);
      }
    },
    60_000 + KILLS * 1_500,
  );

  /** What came of one kill; null when the run was done before it came. */
  async function round(lane: Lane, laneIndex: number, number: number): Promise<string | null> {
    const name = SCENES[number % SCENES.length] ?? "refresh";
    const profile = `kill${laneIndex}-${number}`;
    const scene = await prepare(name, profile, lane.world, lane.other());
    if (!(await runAndKill(scene, lane, number))) return null;
    const outcome = await judge(name, scene, profile, lane.world);
    await forget(lane.world, profile);
    return `${name}: ${outcome}`;
  }

  /** False when it was done before the kill came. A third dies anywhere, the others amid the writes. */
  async function runAndKill(scene: Scene, lane: Lane, number: number): Promise<boolean> {
    const child = Bun.spawn([gumCred(), ...scene.args], {
      env: { PATH: "/usr/bin:/bin", ...scene.env },
      stdin: scene.stdin === undefined ? "ignore" : new Blob([scene.stdin]),
      stdout: "ignore",
      stderr: "ignore",
    });
    const kill = (): void => child.kill("SIGKILL");
    if (number % 3 === 0) setTimeout(kill, Math.random() * 90);
    else {
      lane.onRequest = ({ path }) => {
        if (path === scene.decisive.path) setTimeout(kill, Math.random() * 24);
      };
    }
    await child.exited;
    lane.onRequest = () => {};
    return child.signalCode === "SIGKILL";
  }
});

describe("a keyring that fails at the n-th message, for every n", () => {
  const SCENES: readonly SceneName[] = ["refresh", "login with a key", "login with a token", "logout"];
  const faults = [
    { what: "breaks off once, before it has the message", delivered: false, forGood: false },
    { what: "dies after it has acted on the message", delivered: true, forGood: true },
  ] as const;
  type Fault = (typeof faults)[number];
  let cuts = 0;

  for (const fault of faults) {
    test(`of a login, refresh or logout, when it ${fault.what}`, async () => {
      const ofLane = (lane: number) => SCENES.filter((_, index) => index % lanes.length === lane);
      await Promise.all(
        lanes.map(async (lane, index) => {
          for (const name of ofLane(index)) await cutEverywhere(name, fault, lane);
        }),
      );
    }, 480_000);
  }

  async function cutEverywhere(name: SceneName, fault: Fault, { world, other }: Lane): Promise<void> {
    const proxy = startBusProxy(world.keyring.env["DBUS_SESSION_BUS_ADDRESS"] ?? "");
    const outcomes: Outcome[] = [];
    for (let message = 1, reached = true; reached; message++) {
      const cut = () => cutAt(message, name, fault, world, other(), proxy);
      const { outcome, ...rest } = await world.keyring.survive(cut);
      reached = rest.reached;
      outcomes.push(outcome);
    }
    proxy.stop();
    console.log(`${name}: cut at each of ${outcomes.length - 1} messages`);
    expect(outcomes.length).toBeGreaterThan(10);
    expect(outcomes[0]).toBe("old");
  }

  /** What came of it, and whether there were so many messages at all. */
  async function cutAt(
    message: number,
    name: SceneName,
    fault: Fault,
    world: World,
    other: StandIn,
    proxy: BusProxy,
  ): Promise<{ readonly outcome: Outcome; readonly reached: boolean }> {
    const profile = `cut${++cuts}`;
    const scene = await prepare(name, profile, world, other);
    proxy.arm({ message, ...fault });
    const env = { ...scene.env, DBUS_SESSION_BUS_ADDRESS: proxy.address };
    const result = await world.run(scene.args, { env, ...(scene.stdin ? { stdin: scene.stdin } : {}) });
    const reached = proxy.count() >= message;
    const outcome = await judge(name, scene, profile, world);
    await forget(world, profile);
    const said = `${name} at message ${message}: ${outcome}: ${result.stderr}`;
    expect([said, (reached ? [0, 3, 4] : [0]).includes(result.code ?? -1)]).toEqual([said, true]);
    // A hiccup of the keyring costs no session: what the server gave is written in a second attempt.
    if (!fault.forGood) expect([said, outcome === "rotation lost in flight"]).toEqual([said, false]);
    return { outcome, reached };
  }
});
