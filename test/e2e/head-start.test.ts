/**
 * The everyday lines that need the keychain of a Linux desktop: one visit to it, begun before the program is loaded, with
 * the same outcome as without that start, and never a keyring left with a caller that has hung up. What the first modules
 * answer by themselves is everyday-stored.test.ts.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { reveal, secret } from "../../src/core/secret.ts";
import { expiryNote, keyNote } from "../../src/gumloop/expiry.ts";
import { type BusProxy, startBusProxy } from "../support/bus-proxy.ts";
import { type FakeOptions, startFakeSecretService } from "../support/fake-secret-service.ts";
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

/** Hello, ReadAlias, OpenSession, Locked, GetSecrets; a profile without its refresh token, and the expiry note. */
const WHOLE = 10;
/** All that is stored for the vendors and for the note is one search, and a name for each item: there is only the note. */
const KEYS = 1;

/** An environment credential leaves the vendors' keys to look for, for which no session is opened where there are none. */
const GIVEN = { GUMLOOP_ACCESS_TOKEN: "token-EXAMPLE" };
/** Hello, ReadAlias, Locked, the search, and the note's name. */
const NAMES_ALONE = 5;

/** For which the first modules do not answer by themselves. */
const TEAM = { GUMLOOP_TEAM_ID: "team_1" };
const LINES: readonly (readonly [line: readonly string[], messages: number])[] = [
  [["env", "gumloop"], WHOLE],
  [["env"], WHOLE + KEYS],
  [["exec", "gumloop", "--", "sh", "-c", "env | grep ^GUM | sort"], WHOLE],
  [["exec", "--", "sh", "-c", "env | grep ^GUM | sort; exit 9"], WHOLE + KEYS],
];

test.each(LINES)("%j visits the keychain once, and says what it says otherwise", async (line, messages) => {
  const [command = "", ...rest] = line;
  proxy.arm(null);
  const started = await world.run(line, { env: { DBUS_SESSION_BUS_ADDRESS: proxy.address, ...TEAM } });
  expect(started.stdout).toContain("GUMLOOP_ACCESS_TOKEN");
  expect(proxy.count()).toBe(messages);
  // A flag that changes nothing makes the line none of those that get the start.
  const whole = await world.run([command, "--no-color", ...rest], { env: TEAM });
  const marker = /GUM_CRED_EXPORTED='?[^'\n ]*'?/g;
  expect({ ...started, stdout: started.stdout.replace(marker, "") }).toEqual({
    ...whole,
    stdout: whole.stdout.replace(marker, ""),
  });
});

test.each([
  [["env"], NAMES_ALONE],
  [["exec", "--", "true"], NAMES_ALONE],
  [["env", "gumloop"], 0],
])("%j beside an environment credential asks for names alone", async (line, messages) => {
  proxy.arm(null);
  const env = { DBUS_SESSION_BUS_ADDRESS: proxy.address, ...GIVEN };
  expect(await world.run(line, { env })).toMatchObject({ code: 0, stderr: "" });
  expect(proxy.count()).toBe(messages);
});

const item = (service: string, username: string, value: string) => {
  return { attributes: { service, username, application: "Python keyring library" }, value };
};
const USER = "user_EXAMPLE";
const SERVER = "https://api.gumloop.com/api/v1";
const sha256 = (text: string) => new Bun.CryptoHasher("sha256").update(text).digest("hex");
/** An API key with the note that it was stored with. */
const profile = (key: string) => [
  item("gumloop-cli", "default:api_key", key),
  item("gumloop-cli", "default:user_id", USER),
  item("gumloop-cli", "default:base_url", SERVER),
  item("gum-cred", "default:expiry", reveal(keyNote(secret(key), secret(USER), secret(SERVER), sha256))),
];
const SIGNED_IN = profile("key-EXAMPLE");
const noted = expiryNote(secret("tok-EXAMPLE"), Date.now() + 3_600_000, sha256, null, {
  server: secret(SERVER),
});
const SESSION = [
  item("gumloop-cli", "default:access_token", "tok-EXAMPLE"),
  item("gumloop-cli", "default:base_url", SERVER),
  item("gum-cred", "default:expiry", reveal(noted)),
];
const OTHERS = Array.from({ length: 20 }, (_, index) => item("gum-cred", `p${index}:expiry`, "{}"));
const NOTE = item("gum-cred", "work:expiry", "{}");
const OPENAI = item("gum-cred", "llm:personal:default:openai", "sk-EXAMPLE");

test.each<[what: string, FakeOptions]>([
  ["nothing is stored", {}],
  ["a profile", { collections: { login: { items: SIGNED_IN } } }],
  ["a session", { collections: { login: { items: SESSION } } }],
  ["a session and a vendor's key", { collections: { login: { items: [...SESSION, OPENAI] } } }],
  [
    "two access tokens",
    {
      collections: {
        login: { items: [...SESSION, item("gumloop-cli", "default:access_token", "wrong-EXAMPLE")] },
      },
    },
  ],
  ["the default with a session is locked", { collections: { login: { locked: true, items: SESSION } } }],
  [
    "the default with a session is another than login",
    {
      collections: { login: { items: profile("wrong-EXAMPLE") }, work: { items: SESSION } },
      default: "work",
    },
  ],
  [
    "the session is not in the default",
    { collections: { login: { items: SESSION }, work: { items: SIGNED_IN } }, default: "work" },
  ],
  [
    "a session is answered with nonsense",
    {
      collections: { login: { items: SESSION } },
      nonsenseAt: "GetSecrets",
      nonsense: ["a{o(oayays)}", [{}]],
    },
  ],
  [
    "secrets are answered with nonsense",
    { collections: { login: { items: SESSION } }, nonsenseAt: "GetSecrets", nonsense: ["s", ["nonsense"]] },
  ],
  ["a profile and a vendor's key", { collections: { login: { items: [...SIGNED_IN, OPENAI] } } }],
  ["more entries than are named", { collections: { login: { items: [...SIGNED_IN, OPENAI, ...OTHERS] } } }],
  ["other profiles alone", { collections: { login: { items: OTHERS } } }],
  ["a vendor's key alone", { collections: { login: { items: [OPENAI] } } }],
  ["many keys", { collections: { login: { items: [...SIGNED_IN, ...Array(12).fill(OPENAI)] } } }],
  [
    "attributes of the service's own",
    { collections: { login: { items: [...SIGNED_IN, OPENAI] } }, extraAttributes: { x: "y" } },
  ],
  [
    "the default is another than login",
    {
      collections: { login: { items: profile("wrong-EXAMPLE") }, work: { items: SIGNED_IN } },
      default: "work",
    },
  ],
  [
    "login is locked and not the default",
    {
      collections: { login: { locked: true, items: profile("wrong-EXAMPLE") }, work: { items: SIGNED_IN } },
      default: "work",
    },
  ],
  ["the default is locked", { collections: { login: { locked: true, items: SIGNED_IN } } }],
  ["no collection is the default", { collections: { login: { items: SIGNED_IN } }, default: null }],
  ["there is no collection", { collections: {}, default: null }],
  ["a search is answered with nonsense", { nonsenseAt: "SearchItems", nonsense: ["s", ["nonsense"]] }],
  ["a session is refused", { nonsenseAt: "OpenSession", nonsense: ["s", ["nonsense"]] }],
])(
  "says what the whole program says: %s",
  async (_, options) => {
    const lines = [
      ["env", "gumloop"],
      ["env"],
      ["exec", "--", "sh", "-c", "env | grep -E '^(GUM|OPEN)' | sort"],
    ];
    const says = async (words: readonly string[], more: readonly string[], given: Record<string, string>) => {
      // A service that has ended is not there for the next run.
      const service = await startFakeSecretService(options);
      const [command = "", ...rest] = words;
      const env = { DBUS_SESSION_BUS_ADDRESS: service.env["DBUS_SESSION_BUS_ADDRESS"] ?? "", ...given };
      const said = await world.run([command, ...more, ...rest], { env });
      await service.stop();
      return said;
    };
    for (const line of lines) {
      for (const given of [{}, GIVEN]) {
        expect([line, given, await says(line, [], given)]).toEqual([
          line,
          given,
          await says(line, ["--no-color"], given),
        ]);
      }
    }
  },
  60_000,
);

test.each([
  ["env", [OPENAI], 6],
  ["env", [OPENAI, item("gum-cred", "llm:organization:xai", "xai-EXAMPLE"), NOTE], 6],
  ["env", [NOTE], 6],
  ["env gumloop", [OPENAI], 5],
] as const)("%s with what else is stored reads all secrets at once: %#", async (line, more, searches) => {
  const items = [...SIGNED_IN, ...more];
  const service = await startFakeSecretService({ collections: { login: { items } } });
  const env = { DBUS_SESSION_BUS_ADDRESS: service.env["DBUS_SESSION_BUS_ADDRESS"] ?? "" };
  const { code, stdout } = await world.run(line.split(" "), { env });
  const count = (method: string) => service.calls().filter((called) => called === method).length;
  expect([code, stdout]).toEqual([0, expect.stringContaining("key-EXAMPLE")]);
  expect([count("SearchItems"), count("GetSecrets")]).toEqual([searches, 1]);
  await service.stop();
});

test.each(["SearchItems", "OpenSession", "Get"] as const)(
  "a service that ends at %s is no machine without one",
  async (diesAt) => {
    for (const line of [["env"], ["env", "gumloop"], ["env", "--no-color"]]) {
      const service = await startFakeSecretService({ diesAt });
      const env = { DBUS_SESSION_BUS_ADDRESS: service.env["DBUS_SESSION_BUS_ADDRESS"] ?? "" };
      const { code, stderr } = await world.run(line, { env });
      expect([line, code, stderr]).toEqual([line, 4, expect.stringContaining("exited before it answered")]);
      await service.stop();
    }
  },
);

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

/** A program at a bus's address that says this when it is spoken to, and stays. */
async function startTalker(words: string): Promise<{ readonly address: string; stop(): void }> {
  const path = `${world.home}/talker-${words.length}`;
  const server = Bun.listen({
    unix: path,
    socket: { data: (socket) => void socket.write(Buffer.from(words, "latin1")) },
  });
  return { address: `unix:path=${path}`, stop: () => server.stop(true) };
}

/** A guid, and then a message whose byte order is none. */
const MALFORMED = `OK ${"0".repeat(32)}\r\n${"x".repeat(64)}`;

test.each(["REJECTED EXTERNAL\r\n", "220 hello\r\n", MALFORMED])(
  "what cannot be a bus is said at once: %j",
  async (words) => {
    for (const line of [["env"], ["env", "gumloop"]]) {
      const [command = "", ...rest] = line;
      const talker = await startTalker(words);
      const env = { DBUS_SESSION_BUS_ADDRESS: talker.address };
      const began = performance.now();
      const started = await world.run(line, { env });
      expect(performance.now() - began).toBeLessThan(3_000);
      expect(started.code).toBe(4);
      expect(started).toEqual(await world.run([command, "--no-color", ...rest], { env }));
      talker.stop();
    }
  },
);

test("a bus with another GUID than its address's is refused", async () => {
  const address = `${world.env["DBUS_SESSION_BUS_ADDRESS"]},guid=${"0".repeat(31)}1`;
  for (const line of [["env"], ["env", "gumloop"]]) {
    const [command = "", ...rest] = line;
    const env = { DBUS_SESSION_BUS_ADDRESS: address };
    const started = await world.run(line, { env });
    expect(started).toMatchObject({ code: 4, stderr: expect.stringContaining("GUID") });
    expect(started).toEqual(await world.run([command, "--no-color", ...rest], { env }));
  }
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
