/** How the official client is recognised, and how long it is waited for: by a clock that only the test moves. */
import { describe, expect, test } from "bun:test";
import { reveal, secret } from "../core/secret.ts";
import type { RunningProcess } from "../os/process/running.ts";
import { isOfficialClient, readBesideOfficialClient } from "./official-client.ts";
import type { ProfileReading } from "./profile.ts";

describe("the words of a process", () => {
  test.each([
    "/home/u/venv/bin/python /home/u/venv/bin/gumloop models list",
    "/home/u/.local/share/pipx/venvs/gumloop/bin/python /home/u/.local/bin/gumloop chat",
    "/home/u/.local/share/uv/tools/gumloop/bin/python3 /home/u/.local/bin/gumloop",
    "/home/u/.cache/uv/archive-v0/x/bin/python /home/u/.cache/uv/archive-v0/x/bin/gumloop --help",
    "/usr/bin/python3 -s /usr/bin/gumloop models list",
    "/usr/bin/python3.12 -sP /usr/local/bin/gumloop models list",
    "/usr/bin/python3.13t -X dev -Wignore ./gumloop",
    "/nix/store/x/bin/python3.12 /nix/store/y/bin/.gumloop-wrapped agents list",
    "/usr/bin/python3 /home/u/.local/bin/gumloop@0.5",
    "pypy3 gumloop",
    "python -m gumloop.cli.main models list",
    "python3 -m gumloop",
    "python3 -Im gumloop.cli.main",
    "python3 -mgumloop.cli.main",
    "python3 -X importtime -m gumloop.cli.main",
    "python3 --check-hash-based-pycs never -m gumloop.cli.main",
    "python3 -W ignore -u /usr/bin/gumloop",
  ])("%s: the official client", (line) => expect(isOfficialClient(line.split(" "))).toBe(true));

  test.each([
    "",
    "python",
    "python -",
    "python -i",
    "python -m",
    "python -m gumloopy",
    "python -m pip install gumloop",
    "python -m keyring get gumloop-cli default:access_token",
    "python server.py gumloop",
    "python ./gumloop.d/serve.py",
    "python -W gumloop other.py",
    "python -c gumloop gumloop",
    "python -Ic gumloop",
    "pythonista-notes/gumloop gumloop",
    "/home/u/python/run gumloop",
    "bash /home/u/bin/gumloop",
    "vim gumloop",
    "gumloop models list",
    "gum-cred exec -- gumloop models list",
    "uv tool run gumloop",
  ])("%s: another program", (line) => expect(isOfficialClient(line.split(" "))).toBe(false));
});

/** A client for as long as `untilMs`, which stores what it received at `storesMs`, if it does. */
interface Client {
  readonly fromMs?: number;
  readonly untilMs?: number;
  readonly storesMs?: number;
  /** How old it is when the first look is taken. */
  readonly ageMs?: number;
  readonly environment?: Readonly<Record<string, string>>;
}

const BUS = "unix:path=/run/user/1000/bus";

/** Reads beside these clients; the result, and what it cost. */
async function read(clients: readonly Client[], { profile = "default", atLeastMs = 0, raw = {} } = {}) {
  let clock = 0;
  const told: string[] = [];
  const shown: string[] = [];
  let reads = 0;
  let looks = 0;
  const reading = await readBesideOfficialClient(
    {
      name: profile,
      read: async () => {
        reads++;
        const stored = clients.some(({ storesMs = Number.POSITIVE_INFINITY }) => storesMs <= clock);
        const access_token = secret(stored ? "new-EXAMPLE" : "old-EXAMPLE");
        return { stored: { access_token } } as unknown as ProfileReading;
      },
    },
    ({ stored }) => stored.access_token !== undefined && reveal(stored.access_token) === "new-EXAMPLE",
    {
      raw,
      processes: async () => {
        looks++;
        return clients.flatMap((client, pid): RunningProcess[] => {
          const { fromMs = 0, untilMs = Number.POSITIVE_INFINITY, ageMs = 100, environment = {} } = client;
          if (clock < fromMs || clock >= untilMs) return [];
          return [{ pid, ageMs: ageMs + clock - fromMs, variable: (name) => environment[name] ?? "" }];
        });
      },
      busy: (what, work) => {
        shown.push(what);
        return work;
      },
      debug: (line) => told.push(line),
    },
    {
      atLeastMs,
      clock: {
        now: () => clock,
        sleep: async (ms) => {
          clock += ms;
        },
      },
    },
  );
  const token = reading.stored.access_token;
  return { result: token && reveal(token).slice(0, 3), waitedMs: clock, reads, looks, told, shown };
}

describe("a refresh beside official clients", () => {
  test("without one: reads once, waits for nothing, says nothing", async () => {
    const nothing = { result: "old", waitedMs: 0, reads: 1, looks: 1, told: [], shown: [] };
    expect(await read([])).toEqual(nothing);
  });

  test.each<[string, readonly Client[], string, number, number]>([
    // What happens, the clients, what is read in the end, and between which milliseconds the wait ends.
    ["one that stores a new session", [{ storesMs: 700, untilMs: 900 }], "new", 700, 950],
    ["one that ends without storing any", [{ untilMs: 1_200 }], "old", 1_200, 1_450],
    ["one that stores and ends at once", [{ storesMs: 800, untilMs: 800 }], "new", 800, 1_050],
    ["one that stored before the first look", [{ storesMs: 0 }], "new", 0, 0],
    ["a young one that lasts", [{}], "old", 5_000, 5_250],
    ["one that is no longer young meanwhile", [{ ageMs: 8_000 }], "old", 2_000, 2_250],
    ["one that has run for long", [{ ageMs: 60_000 }], "old", 1_000, 1_250],
    ["one that has run for long and stores", [{ ageMs: 60_000, storesMs: 300 }], "new", 300, 550],
    ["two, one old", [{ ageMs: 60_000 }, { untilMs: 1_500 }], "old", 1_500, 1_750],
    ["two, and the second stores", [{ untilMs: 200 }, { fromMs: 100, storesMs: 900 }], "new", 900, 1_150],
    ["one after the other without end", Array.from({ length: 90 }, (_, i) => chain(i)), "old", 5_000, 5_250],
  ])("%s", async (_, clients, result, from, to) => {
    const found = await read(clients);
    expect(found.result).toBe(result);
    expect(found.waitedMs).toBeGreaterThanOrEqual(from);
    expect(found.waitedMs).toBeLessThanOrEqual(to);
    // The last read comes after the last look: what was stored before a client ended is seen.
    expect(found.reads).toBe(found.looks);
    expect(found.reads).toBeLessThan(30);
    expect(found.shown).toEqual(to === 0 ? [] : ["Waiting for the gumloop CLI"]);
    expect(found.told.length).toBe(found.shown.length);
  });

  test.each<[string, Readonly<Record<string, string>>, boolean]>([
    ["no credential", {}, true],
    ["an empty credential", { GUMLOOP_ACCESS_TOKEN: "" }, true],
    ["an access token", { GUMLOOP_ACCESS_TOKEN: "at-EXAMPLE" }, false],
    ["an API key", { GUMLOOP_API_KEY: "gum-EXAMPLE" }, false],
    ["the same bus", { DBUS_SESSION_BUS_ADDRESS: BUS }, true],
    ["the same bus, told in more words", { DBUS_SESSION_BUS_ADDRESS: `${BUS},guid=0a1b` }, true],
    ["another bus, so another keyring", { DBUS_SESSION_BUS_ADDRESS: "unix:path=/tmp/other" }, false],
  ])("with %s in its environment", async (_, environment, isWaitedFor) => {
    const raw = { DBUS_SESSION_BUS_ADDRESS: BUS };
    const found = await read([{ environment, untilMs: 400 }], { raw });
    expect(found.waitedMs > 0).toBe(isWaitedFor);
  });

  test("another profile than `default` is not its: nothing is looked for", async () => {
    expect(await read([{}], { profile: "work" })).toMatchObject({ waitedMs: 0, reads: 1, looks: 0 });
  });
});

describe("after a refused refresh token", () => {
  const atLeastMs = 500;
  test("without a client it is read for half a second", async () => {
    const found = await read([], { atLeastMs });
    expect([found.result, found.waitedMs >= 500, found.waitedMs <= 700]).toEqual(["old", true, true]);
    expect(found.shown).toEqual([]);
  });

  test("beside one, until it has stored or ended", async () => {
    expect(await read([{ storesMs: 3_000 }], { atLeastMs })).toMatchObject({ result: "new" });
    const ended = await read([{ untilMs: 2_000 }], { atLeastMs });
    expect([ended.result, ended.waitedMs >= 2_000]).toEqual(["old", true]);
  });

  test("what another program without a name stores meanwhile counts too", async () => {
    const found = await read([{ fromMs: 9_999, storesMs: 300 }], { atLeastMs });
    expect([found.result, found.waitedMs]).toEqual(["new", 350]);
  });
});

/** A script that runs the client over and over. */
function chain(index: number): Client {
  return { fromMs: index * 100, untilMs: index * 100 + 150 };
}
