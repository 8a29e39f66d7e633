/** The official `gumloop` client and gum-cred on one keyring: sessions, sign-ins and refreshes of either. */
import { afterEach, describe, expect, test } from "bun:test";
import { type OfficialClient, officialClient } from "../support/official-client.ts";
import { forget, plant, profileEntries, requests } from "../support/stored-session.ts";
import { useWorld } from "../support/world.ts";

const client = officialClient();
const world = useWorld({ consent: "approve" });
afterEach(() => world.server.reset());

/** How many reads, and rounds of both clients; a release is tried with 10000 and 200. */
const READS = Number(process.env["GUM_CRED_OFFICIAL_READS"] ?? 300);
const ROUNDS = Number(process.env["GUM_CRED_OFFICIAL_ROUNDS"] ?? 12);

/** Runs Python code that may use the official client's modules. */
function python(code: string, ...args: readonly string[]): Bun.Subprocess<"ignore", "pipe", "pipe"> {
  const { python: program, env } = client as OfficialClient;
  return Bun.spawn([program, "-c", code, ...args], {
    env: { PATH: "/usr/bin:/bin", ...world.env, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
}

async function done(child: Bun.Subprocess<"ignore", "pipe", "pipe">): Promise<string> {
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  if ((await child.exited) !== 0) throw new Error(stderr);
  return stdout;
}

/** Signs the default profile in as the official client does. */
const save = (fields: Readonly<Record<string, string>>) =>
  done(
    python(
      "import json, sys\n" +
        "from gumloop.cli.credentials import Credentials, save_credentials\n" +
        "save_credentials(Credentials(**json.loads(sys.argv[1])))",
      JSON.stringify(fields),
    ),
  );

/** Runs the official client. */
async function gumloop(...args: readonly string[]) {
  const { gumloop: program, env } = client as OfficialClient;
  const child = Bun.spawn([...program, ...args], {
    env: { PATH: "/usr/bin:/bin", ...world.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { code: await child.exited, stdout, stderr };
}

/** Moves this process's idea of the time, as far as gum-cred asks for it. */
const FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";
const later = (minutes: number) => ({
  LD_PRELOAD: FAKETIME,
  FAKETIME: `+${minutes}m`,
  DONT_FAKE_MONOTONIC: "1",
});

describe.skipIf(client === null)("a session that the official client stored", () => {
  const session = async () => {
    const tokens = world.server.issueTokens();
    await save({
      access_token: tokens.accessToken,
      refresh_token: tokens.refreshToken,
      base_url: world.server.baseUrl,
    });
    return tokens;
  };

  test.each([
    ["is used as it is while it is fresh", 0, 0],
    ["is used as it is for almost an hour", 58, 0],
    ["is refreshed when it is an hour old", 61, 1],
  ])("%s", async (_, minutes, refreshes) => {
    const { accessToken } = await session();
    const result = await world.ok(["get", "gumloop"], { env: minutes > 0 ? later(minutes) : {} });
    expect(result.stdout.trim() === accessToken).toBe(refreshes === 0);
    expect(requests(world, "/oauth/token")).toBe(refreshes);
    const headers = { authorization: `Bearer ${result.stdout.trim()}` };
    expect((await fetch(`${world.server.baseUrl}/models`, { headers })).status).toBe(200);
  });

  test("has an expiry that `env` exports and `status` shows", async () => {
    await session();
    const exported = JSON.parse((await world.ok(["env", "gumloop", "--format", "json"])).stdout);
    const left = Number(exported.GUM_CRED_EXPIRES) - Date.now() / 1000;
    expect(left).toBeGreaterThan(3500);
    expect(left).toBeLessThanOrEqual(3600);
  });

  test("without a refresh token is exit 3 when it is an hour old", async () => {
    const { accessToken } = world.server.issueTokens();
    await save({ access_token: accessToken, base_url: world.server.baseUrl });
    const result = await world.run(["get", "gumloop"], { env: later(61) });
    expect(result.code).toBe(3);
    expect(result.stderr).toContain("E_EXPIRED");
  });

  test("is refreshed by the one and the other in turn", async () => {
    await session();
    for (let turn = 0; turn < 2; turn++) {
      world.server.expireAccessTokens();
      expect(await gumloop("models", "list")).toMatchObject({ code: 0 });
      expect((await world.run(["get", "gumloop"], { env: later(61) })).code).toBe(0);
    }
    expect(world.server.state().revokedFamilies).toBe(0);
  });
});

/**
 * Signs in over and over, as the official client does, by turns to two servers with other keys and users, until it is
 * told to stop. Between two sign-ins is a pause, as there is between two commands of a person or script.
 */
const SIGNING_IN = `
import random, sys, time
from gumloop.cli.credentials import Credentials, save_credentials
turn = 0
while True:
    which = "ab"[turn % 2]
    turn += 1
    while True:
        try:
            save_credentials(Credentials(api_key=f"gum-{which}-{turn}-EXAMPLE", user_id=f"user-{which}-{turn}",
                                         base_url=f"https://{which}-{turn}.example/api/v1"))
            break
        except Exception:
            time.sleep(0.1) # GNOME Keyring has died and is started again (private-keyring.ts)
    if turn == 1: print("ready", flush=True)
    time.sleep(random.uniform(0, 1.5))
`;

describe.skipIf(client === null)("read while the official client signs in", () => {
  test(
    `${READS} reads: no key beside another sign-in's user id or server, and none incomplete`,
    async () => {
      const child = python(SIGNING_IN);
      await child.stdout.getReader().read();
      const seen = { whole: 0, mixed: [] as string[], failed: [] as string[] };
      let left = READS;
      const reader = async (): Promise<void> => {
        while (left-- > 0) {
          const result = await world.run(["env", "gumloop", "--format", "json"]);
          if (/KEYCHAIN|no keychain service/.test(result.stderr)) {
            await Bun.sleep(500);
            await world.keyring.whole();
            left++;
            continue;
          }
          if (result.code !== 0) {
            seen.failed.push(result.stderr);
            continue;
          }
          const found = JSON.parse(result.stdout);
          const names = [
            /^gum-(\w-\d+)-EXAMPLE$/.exec(found.GUMLOOP_API_KEY)?.[1],
            /^user-(\w-\d+)$/.exec(found.GUMLOOP_USER_ID)?.[1],
            /^https:\/\/(\w-\d+)\.example/.exec(found.GUMLOOP_BASE_URL)?.[1],
          ];
          if (new Set(names).size === 1) seen.whole++;
          else seen.mixed.push(names.join(" "));
        }
      };
      await Promise.all([reader(), reader(), reader(), reader()]);
      child.kill();
      await child.exited;
      expect(seen).toEqual({ whole: READS, mixed: [], failed: [] });
    },
    READS * 1_500,
  );
});

/** One presentation of a refresh token. */
interface Presented {
  readonly by: "gum-cred" | "official";
  /** Whether the server had taken this very token before: with reuse detection it then ends the session. */
  readonly used: boolean;
  readonly status: number | null;
}

function presentations(): readonly Presented[] {
  const seen = new Set<string>();
  return world.server.log().flatMap(({ path, form, headers, status }) => {
    const token = form?.["refresh_token"];
    if (path !== "/oauth/token" || token === undefined) return [];
    const used = seen.has(token);
    seen.add(token);
    const by = headers["user-agent"]?.startsWith("gum-cred") ? "gum-cred" : "official";
    return [{ by, used, status }];
  });
}

/** Stores a session that has expired, as either client left it. */
async function plantExpired() {
  const tokens = world.server.issueTokens({ expiresIn: 0 });
  const fields = {
    access_token: tokens.accessToken,
    refresh_token: tokens.refreshToken,
    base_url: world.server.baseUrl,
  };
  await forget(world, "default");
  await plant(world, "default", fields, Date.now() - 1_000);
}

/**
 * Lets both clients find one expired session, either first. Throws when gum-cred presents a token that was used; a session
 * that the official client presented a used token of is lost, which is told.
 */
async function playRound(answerDelayMs: number) {
  world.server.reset();
  await plantExpired();
  if (answerDelayMs > 0) {
    world.server.faults.inject({ path: "/oauth/token", afterHandling: true, delayMs: answerDelayMs });
  }
  // Gum-cred starts up to 0.3 s earlier and up to 0.9 s later.
  const offsetMs = Math.random() * 1_200 - 300;
  const theirs = Bun.sleep(Math.max(0, -offsetMs)).then(() => gumloop("models", "list"));
  const ours = Bun.sleep(Math.max(0, offsetMs)).then(async () => {
    const started = performance.now();
    const result = await world.run(["get", "gumloop"]);
    return { ...result, tookMs: Math.round(performance.now() - started) };
  });
  const [official, own] = await Promise.all([theirs, ours]);
  const presented = presentations();
  const used = presented.find((one) => one.used);
  if (used?.by === "gum-cred") {
    throw new Error(
      `gum-cred presented a used token: ${JSON.stringify({ offsetMs, presented, stderr: own.stderr })}`,
    );
  }
  if (used === undefined) {
    expect([own.code, own.stderr, official.code]).toEqual([0, "", 0]);
    const { access_token: token } = await profileEntries(world, "default");
    const headers = { authorization: `Bearer ${token}` };
    expect((await fetch(`${world.server.baseUrl}/models`, { headers })).status).toBe(200);
  }
  return { usedByOfficial: used !== undefined, tookMs: own.tookMs };
}

/**
 * Between the server's answer to the official client and its write to the keyring, anybody reads a token that is used up:
 * it takes no lock. Gum-cred waits for it instead. The other way round, the official client presents what it read at its
 * start, which is not gum-cred's to change: that is counted, and said aloud.
 */
describe.skipIf(client === null)("both clients on one expired session", () => {
  test(
    `${ROUNDS} rounds with rotation and reuse detection: gum-cred presents no used token`,
    async () => {
      const rounds = { kept: 0, usedByOfficial: 0, longestMs: 0 };
      for (let round = 0; round < ROUNDS; round++) {
        // In every other round the answers take long, so that a used token is in the keyring for long.
        const { usedByOfficial, tookMs } = await world.keyring.survive(() =>
          playRound(round % 2 === 1 ? 300 : 0),
        );
        rounds.longestMs = Math.max(rounds.longestMs, tookMs);
        rounds[usedByOfficial ? "usedByOfficial" : "kept"]++;
      }
      console.log(
        `both clients, ${ROUNDS} rounds: ${rounds.kept} kept, ${rounds.usedByOfficial} lost by the official one, ` +
          `none by gum-cred, which took at most ${rounds.longestMs} ms`,
      );
    },
    ROUNDS * 10_000,
  );
});

describe.skipIf(client === null)("a refresh beside an official client that does something else", () => {
  /** Starts `gumloop login`, which waits for a browser for minutes, and returns when it does. */
  const signingIn = async (words: readonly string[], env: Readonly<Record<string, string>> = {}) => {
    const login = ["login", "--method", "oauth", "--no-browser", "--callback-port", "0"];
    const child = Bun.spawn([...words, ...login], {
      env: { PATH: "/usr/bin:/bin", PYTHONUNBUFFERED: "1", ...world.env, ...client?.env, ...env },
      stdio: ["ignore", "pipe", "ignore"],
    });
    const reader = child.stdout.getReader();
    for (let text = ""; !text.includes("http"); ) {
      const { value, done: ended } = await reader.read();
      if (ended) throw new Error(`gumloop login ended: ${text}`);
      text += new TextDecoder().decode(value);
    }
    return child;
  };
  const python = client?.python ?? "";
  const asModule = client?.gumloop ?? [];
  // What the kernel makes of a console script's first line.
  const asScript = [python, python.replace(/python$/, "gumloop")];

  test.each<[string, readonly string[], Readonly<Record<string, string>>, boolean]>([
    ["as a module, waits until it has ended", asModule, {}, true],
    ["as a script, waits until it has ended", asScript, {}, true],
    [
      "with a credential of its own, waits for nothing",
      asModule,
      { GUMLOOP_ACCESS_TOKEN: "at-EXAMPLE" },
      false,
    ],
  ])("%s", async (_, words, env, waits) => {
    await plantExpired();
    const child = await signingIn(words, env);
    try {
      const run = world.ok(["get", "gumloop", "--debug"]);
      if (waits) {
        // Long enough for a refresh, short enough not to reach any limit.
        expect(await Promise.race([run.then(() => "done"), Bun.sleep(900).then(() => "waits")])).toBe(
          "waits",
        );
        expect(presentations()).toEqual([]);
        child.kill();
      }
      const { stderr } = await run;
      expect(stderr.includes("the official client is running")).toBe(waits);
      expect(presentations()).toEqual([{ by: "gum-cred", used: false, status: 200 }]);
    } finally {
      child.kill();
      await child.exited;
    }
  });
});

describe.skipIf(client === null)("signing in again while the official client runs", () => {
  test("never leaves it without a credential, and revokes nothing", async () => {
    const at = ["--base-url", world.server.baseUrl];
    const first = world.server.issueTokens().accessToken;
    await world.ok(["login", "--access-token", "-", ...at], { stdin: first });
    const watcher = python(`
import sys
from gumloop.cli.credentials import load_credentials
print("ready", flush=True)
empty = looks = 0
import time
end = time.time() + 4
while time.time() < end:
    looks += 1
    found = load_credentials()
    if not found.access_token or not found.base_url: empty += 1
print(f"{looks} {empty}")`);
    const reader = watcher.stdout.getReader();
    await reader.read();
    for (let turn = 0; turn < 12; turn++) {
      const { accessToken } = world.server.issueTokens();
      await world.ok(["login", "--access-token", "-", ...at], { stdin: accessToken });
    }
    const { value } = await reader.read();
    const [looks, empty] = new TextDecoder().decode(value).trim().split(" ").map(Number);
    expect(looks).toBeGreaterThan(20);
    expect(empty).toBe(0);
    expect(requests(world, "/oauth/revoke")).toBe(0);
    const headers = { authorization: `Bearer ${first}` };
    expect((await fetch(`${world.server.baseUrl}/models`, { headers })).status).toBe(200);
  }, 30_000);
});
