/**
 * The default profile's session, read from a real keyring by the first modules alone, against the whole program, which a
 * flag that changes nothing makes answer: the same bytes and the same exit code, whatever is stored and set.
 */
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { peak } from "../../scripts/bench/memory.ts";
import { reveal, secret } from "../../src/core/secret.ts";
import { expiryNote, keyNote, type NoteDetails } from "../../src/gumloop/expiry.ts";
import { secretService } from "../../src/keychain/secret-service/secret-service.ts";
import { gumCred } from "../support/binary.ts";
import { type BusProxy, startBusProxy } from "../support/bus-proxy.ts";
import { sha256, storeEntries } from "../support/stored-session.ts";
import { useWorld } from "../support/world.ts";

const world = useWorld();
let proxy: BusProxy;
beforeAll(() => {
  proxy = startBusProxy(world.keyring.env["DBUS_SESSION_BUS_ADDRESS"] ?? "");
});
afterAll(() => proxy?.stop());
afterEach(async () => {
  await removeAll();
  rmSync(settings(), { recursive: true, force: true });
});

const HOUR_MS = 3600_000;
const YEAR_MS = 366 * 24 * HOUR_MS;
const TOKEN = "tok-EXAMPLE";
const SERVER = "https://api.gumloop.com/api/v1";
const SHOWS = ["sh", "-c", "env | grep -E '^(GUM|OPEN|ANTH)' | sort; exit 9"];
const LINES: readonly (readonly string[])[] = [
  ["env", "gumloop"],
  ["env"],
  ["exec", "gumloop", "--", ...SHOWS],
  ["exec", "--", ...SHOWS],
];
type Entries = Readonly<Record<string, string>>;

const session = (token: string = TOKEN, server: string = SERVER): Entries => ({
  "gumloop-cli default:access_token": token,
  "gumloop-cli default:base_url": server,
});
const note = (
  expiresInMs = HOUR_MS,
  { token = TOKEN, replaces = null as string | null, ...details }: NoteDetails & NoteOptions = {},
): Entries => {
  const written = { server: secret(SERVER), lifeMs: HOUR_MS, ...details };
  const before = replaces === null ? null : secret(replaces);
  const text = expiryNote(secret(token), Date.now() + expiresInMs, sha256, before, written);
  return { "gum-cred default:expiry": reveal(text) };
};
interface NoteOptions {
  readonly token?: string;
  readonly replaces?: string | null;
}
const key: Entries = {
  "gumloop-cli default:api_key": "key-EXAMPLE",
  "gumloop-cli default:user_id": "user_EXAMPLE",
};
const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const jwt = (exp: number) => `${base64({})}.${base64({ exp })}.EXAMPLE`;

const settings = () => `${world.env["XDG_CONFIG_HOME"]}/gum-cred`;

function keychain() {
  return secretService({ timeoutMs: 5_000, mayPrompt: false }, world.env);
}

async function store(entries: Entries): Promise<void> {
  const opened = keychain();
  for (const [name, value] of Object.entries(entries)) {
    const [service = "", account = ""] = name.split(" ");
    if (value !== "") await opened.write(service, account, secret(value));
    else await storeEntries(world, service, { [account]: value }); // which gum-cred refuses to write
  }
  opened.close();
}

async function removeAll(): Promise<void> {
  const opened = keychain();
  for (const service of ["gumloop-cli", "gum-cred"]) {
    for (const account of await opened.list(service)) await opened.remove(service, account);
  }
  opened.close();
}

/** What a line says, and the whole program of the same. */
async function both([command, ...rest]: readonly string[], env: Record<string, string>) {
  const first = await world.run([command as string, ...rest], { env });
  return { first, whole: await world.run([command as string, "--no-color", ...rest], { env }) };
}

test.each<[what: string, entries: Entries]>([
  ["as login leaves it", { ...session(), ...note() }],
  [
    "with the refresh token beside it",
    { ...session(), "gumloop-cli default:refresh_token": "r-EXAMPLE", ...note() },
  ],
  [
    "at another server",
    {
      ...session(TOKEN, "https://eu.example.com/v1"),
      ...note(HOUR_MS, { server: secret("https://eu.example.com/v1") }),
    },
  ],
  [
    "at a server on this machine",
    { ...session(TOKEN, "http://127.0.0.1:9/v1"), ...note(HOUR_MS, { server: undefined }) },
  ],
  [
    "with a note of neither server nor life",
    { ...session(), ...note(HOUR_MS, { server: undefined, lifeMs: undefined }) },
  ],
  ["with an API key beside it", { ...session(), ...key, ...note() }],
  ["after a refresh", { ...session(), ...note(HOUR_MS, { replaces: "old-EXAMPLE" }) }],
  ["beside another profile's", { ...session(), ...note(), "gumloop-cli work:access_token": "other-EXAMPLE" }],
])("a session %s is read by the first modules", async (_, entries) => {
  await store(entries);
  for (const line of LINES) {
    const { first, whole } = await both(line, {});
    expect([line, first]).toEqual([line, whole]);
    expect(first).toMatchObject({ code: line[0] === "env" ? 0 : 9, stderr: "" });
    expect(first.stdout).toContain(TOKEN);
  }
});

/** How many secrets are asked for. */
async function secretsAsked([command = "", ...rest]: readonly string[]): Promise<number> {
  proxy.arm(null);
  await world.run([command, ...rest], { env: { DBUS_SESSION_BUS_ADDRESS: proxy.address } });
  const asking = proxy.messages().filter((message) => message.includes("GetSecrets"));
  expect(asking).toHaveLength(1);
  return (asking[0] ?? "").split("/org/freedesktop/secrets/collection/").length - 1;
}

test.each(LINES.map((line) => [line]))(
  "%j asks for the session alone, where the whole program asks for the key too",
  async (line) => {
    await store({ ...session(), ...key, ...note() });
    const [command = "", ...rest] = line;
    // A machine that is too slow for once is answered by the whole program.
    let asked = Number.POSITIVE_INFINITY;
    for (let tries = 0; tries < 5 && asked > 3; tries++) asked = await secretsAsked(line);
    expect([asked, await secretsAsked([command, "--no-color", ...rest])]).toEqual([3, 5]);
  },
);

/** What nothing is known of is waited for: another program may be writing it. */
const LONG = 60_000;

test.each<[what: string, entries: () => Entries, env?: Record<string, string>]>([
  ["nothing", () => ({})],
  ["without a note", () => session()],
  ["with a note about another token", () => ({ ...session(), ...note(HOUR_MS, { token: "old-EXAMPLE" }) })],
  [
    "that the note says was replaced",
    () => ({ ...session("old-EXAMPLE"), ...note(HOUR_MS, { replaces: "old-EXAMPLE" }) }),
  ],
  [
    "of another server than the note's",
    () => ({ ...session(TOKEN, "https://eu.example.com/v1"), ...note() }),
  ],
  ["expired", () => ({ ...session(), ...note(-1) })],
  ["nearly expired", () => ({ ...session(), ...note(20_000) })],
  ["short-lived, and not expired", () => ({ ...session(), ...note(20_000, { lifeMs: 40_000 }) })],
  ["noted by a clock that was ahead", () => ({ ...session(), ...note(3 * HOUR_MS) })],
  [
    "noted by such a clock, of a JWT",
    () => ({ ...session(jwt(4e9)), ...note(3 * HOUR_MS, { token: jwt(4e9) }) }),
  ],
  ["for eleven years, by a note", () => ({ ...session(), ...note(11 * YEAR_MS, { lifeMs: undefined }) })],
  [
    "for eleven years, by a note with a life",
    () => ({ ...session(), ...note(11 * YEAR_MS, { lifeMs: 12 * YEAR_MS }) }),
  ],
  ["with a note that is none", () => ({ ...session(), "gum-cred default:expiry": "nonsense" })],
  ["with an empty note", () => ({ ...session(), "gum-cred default:expiry": "" })],
  [
    "with a key's note",
    () => ({
      ...session(),
      ...key,
      "gum-cred default:expiry": reveal(
        keyNote(secret("key-EXAMPLE"), secret("user_EXAMPLE"), secret(SERVER), sha256),
      ),
    }),
  ],
  ["an API key", () => ({ ...key, "gumloop-cli default:base_url": SERVER })],
  ["an empty token", () => ({ ...session(""), ...key, ...note(HOUR_MS, { token: "" }) })],
  ["a token with a space", () => ({ ...session("tok EXAMPLE"), ...note(HOUR_MS, { token: "tok EXAMPLE" }) })],
  ["a token with a quote", () => ({ ...session("tok'EXAMPLE"), ...note(HOUR_MS, { token: "tok'EXAMPLE" }) })],
  [
    "a token with a line end",
    () => ({ ...session("tok-EXAMPLE\n"), ...note(HOUR_MS, { token: "tok-EXAMPLE\n" }) }),
  ],
  [
    "a token of many bytes",
    () => ({ ...session("t".repeat(9_000)), ...note(HOUR_MS, { token: "t".repeat(9_000) }) }),
  ],
  ["without a server", () => ({ "gumloop-cli default:access_token": TOKEN, ...note() })],
  ["with an empty server", () => ({ ...session(TOKEN, ""), ...note(HOUR_MS, { server: secret("") }) })],
  [
    "with a server that is none",
    () => ({ ...session(TOKEN, "nonsense"), ...note(HOUR_MS, { server: undefined }) }),
  ],
  [
    "with a server by http",
    () => ({ ...session(TOKEN, "http://example.com"), ...note(HOUR_MS, { server: undefined }) }),
  ],
  [
    "with a server that ends in a slash",
    () => ({ ...session(TOKEN, `${SERVER}/`), ...note(HOUR_MS, { server: undefined }) }),
  ],
  [
    "with a server's user",
    () => ({ ...session(TOKEN, "https://u:p@example.com"), ...note(HOUR_MS, { server: undefined }) }),
  ],
  [
    "with a vendor's key",
    () => ({ ...session(), ...note(), "gum-cred llm:personal:default:openai": "sk-EXAMPLE" }),
  ],
  ["with another profile's note", () => ({ ...session(), ...note(), "gum-cred work:expiry": "{}" })],
  [
    "and no note but another profile's",
    () => ({ ...session(), "gum-cred work:expiry": note()["gum-cred default:expiry"] as string }),
  ],
  ["and a variable of Gumloop's", () => ({ ...session(), ...note() }), { GUMLOOP_TEAM_ID: "team_1" }],
  [
    "and another server by variable",
    () => ({ ...session(), ...note() }),
    { GUMLOOP_BASE_URL: "https://eu.example.com/v1" },
  ],
  [
    "and where to stream from by variable",
    () => ({ ...session(), ...note() }),
    { GUMLOOP_STREAM_BASE_URL: "https://x.example" },
  ],
  ["and an expiry that was exported", () => ({ ...session(), ...note() }), { GUM_CRED_EXPIRES: "1" }],
  [
    "and a marker",
    () => ({ ...session(), ...note() }),
    { GUM_CRED_EXPORTED: "GUMLOOP_API_KEY:0123456789ab" },
  ],
  ["and another profile by variable", () => ({ ...session(), ...note() }), { GUM_CRED_PROFILE: "work" }],
  ["and a vendor's key by variable", () => ({ ...session(), ...note() }), { OPENAI_API_KEY: "sk-EXAMPLE" }],
  ["and an empty one", () => ({ ...session(), ...note() }), { ANTHROPIC_AUTH_TOKEN: "" }],
  [
    "and empty variables",
    () => ({ ...session(), ...note() }),
    { GUMLOOP_ACCESS_TOKEN: "", GUMLOOP_API_KEY: "" },
  ],
  ["and no home", () => ({ ...session(), ...note() }), { HOME: "" }],
])(
  "a session %s is what the whole program says",
  async (_, entries, env = {}) => {
    await store(entries());
    for (const line of LINES) {
      const { first, whole } = await both(line, env);
      expect([line, first]).toEqual([line, whole]);
    }
  },
  LONG,
);

test("a chosen default profile counts", async () => {
  await store({
    ...session(),
    ...note(),
    "gumloop-cli work:access_token": "work-EXAMPLE",
    "gumloop-cli work:base_url": SERVER,
  });
  mkdirSync(settings(), { recursive: true, mode: 0o700 });
  writeFileSync(`${settings()}/config.json`, '{"default_profile":"work"}', { mode: 0o600 });
  for (const line of LINES) {
    const { first, whole } = await both(line, {});
    expect(first.stdout).toContain("work-EXAMPLE");
    expect(first).toEqual(whole);
  }
});

test.each(["no-such-program", "/", "/etc/passwd", ""])(
  "exec of %j fails as in the whole program",
  async (command) => {
    await store({ ...session(), ...note() });
    const { first, whole } = await both(["exec", "--", command], {});
    expect(first.code).toBeGreaterThan(100);
    expect(first).toEqual(whole);
  },
);

test("what cannot be written is said, and a closed stdout too", async () => {
  await store({ ...session(), ...note() });
  for (const redirection of [">/dev/full", ">&-"]) {
    const { code, stderr } = await world.sh(`gum-cred env gumloop ${redirection}`);
    expect([redirection, code, stderr]).toEqual([redirection, 1, expect.stringContaining("error[E_OUTPUT]")]);
  }
  proxy.arm(null);
  await world.sh("gum-cred env gumloop >/dev/full", { env: { DBUS_SESSION_BUS_ADDRESS: proxy.address } });
  expect(proxy.messages().filter((message) => message.includes("Hello"))).toHaveLength(1);
  expect(await world.sh("gum-cred env gumloop >/dev/null")).toMatchObject({
    code: 0,
    stdout: "",
    stderr: "",
  });
  expect(await world.sh("gum-cred env gumloop | true")).toMatchObject({ code: 0, stderr: "" });
});

test("the memory of the start is given back while the keyring works", async () => {
  await store({ ...session(), ...note() });
  const started = peak([gumCred(), "env", "gumloop"], world.env);
  const whole = peak([gumCred(), "env", "--no-color", "gumloop"], world.env);
  expect(started / whole).toBeLessThan(0.9);
});

/** Moves the program's code into memory of its own, as libraries for large pages do before `main`. */
const LARGE_PAGES = `
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
__attribute__((constructor)) static void move(void) {
  char line[512], flags[8], path[400];
  unsigned long start, end;
  FILE *maps = fopen("/proc/self/maps", "r");
  while (fgets(line, sizeof line, maps)) {
    if (sscanf(line, "%lx-%lx %7s %*s %*s %*s %399s", &start, &end, flags, path) < 4) continue;
    if (!strstr(path, "gum-cred") || strcmp(flags, "r-xp")) continue;
    char *copy = mmap(0, end - start, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(copy, (void *)start, end - start);
    mprotect(copy, end - start, PROT_READ | PROT_EXEC);
    mremap(copy, end - start, end - start, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)start);
    break;
  }
}`;

test("code that is not the file's any more is left alone", async () => {
  await store({ ...session(), ...note() });
  const library = `${world.home}/large-pages.so`;
  const built = Bun.spawnSync(["gcc", "-shared", "-fPIC", "-o", library, "-xc", "-"], {
    stdin: Buffer.from(LARGE_PAGES),
  });
  expect(built.exitCode).toBe(0);
  for (const line of LINES.slice(0, 2)) {
    const plain = await world.run(line);
    expect(await world.run(line, { env: { LD_PRELOAD: library } })).toEqual(plain);
  }
});

test("a session expires between two runs", async () => {
  await store({ ...session(), ...note(2_000, { lifeMs: 2_000 }) });
  expect(await world.run(["env", "gumloop"])).toMatchObject({ code: 0 });
  await Bun.sleep(2_000);
  expect(await world.run(["env", "gumloop"])).toMatchObject({
    code: 3,
    stderr: expect.stringContaining("E_EXPIRED"),
  });
});
