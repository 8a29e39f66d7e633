/**
 * The names of many profiles, which `completion profiles` remembers for a few minutes instead of asking the keyring about
 * each item: it finds what asking finds, believes nothing that is not its own, and writes nothing but names.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { secret } from "../../src/core/secret.ts";
import type { Keychain } from "../../src/keychain/keychain.ts";
import { secretService } from "../../src/keychain/secret-service/secret-service.ts";
import { useWorld } from "../support/world.ts";

const world = useWorld();
const NAMES = Array.from({ length: 20 }, (_, index) => `p${index}`).toSorted();
/** As another program writes: without gum-cred's note that something changed. */
let other: Keychain;

beforeAll(async () => {
  other = secretService({ timeoutMs: 30_000, mayPrompt: false }, world.keyring.env);
  for (const name of NAMES) {
    await other.write("gumloop-cli", `${name}:access_token`, secret("token-EXAMPLE"));
    await other.write("gumloop-cli", `${name}:base_url`, secret("https://EXAMPLE.invalid"));
  }
  await other.write("gumloop-cli", "No Profile:user_id", secret("EXAMPLE"));
});
afterAll(() => other.close());

const folder = () => `${world.env["HOME"]}/.local/state/gum-cred`;
const memory = () => `${folder()}/profiles.names.json`;
const completed = async () =>
  (await world.ok(["completion", "profiles"])).stdout.split("\n").filter((name) => name !== "");

interface Whole {
  readonly [field: string]: unknown;
  readonly sinceMs: number;
  readonly items: string;
}
const whole = (): Whole => JSON.parse(readFileSync(memory(), "utf8"));
const change = (changes: Readonly<Record<string, unknown>>): void =>
  writeFileSync(memory(), JSON.stringify({ ...whole(), ...changes }));
/** A profile whose items are neither the first nor the last of the keyring's, about which it is always asked. */
function inTheMiddle(): string {
  const names = whole()
    .items.split(" ")
    .filter((_, index) => index % 2 === 1);
  const inner = names
    .slice(3, -3)
    .find((name) => !["-", "p5:", ...names.slice(0, 3), ...names.slice(-3)].includes(name));
  return inner?.slice(0, -1) ?? "none";
}
/** Gives it another name, which is returned with the others: who reads it uses the memory. */
function mark(as = "marked"): string[] {
  const marked = inTheMiddle();
  change({ items: whole().items.replaceAll(` ${marked}:`, ` ${as}:`) });
  return NAMES.map((name) => (name === marked ? as : name)).toSorted();
}

beforeEach(async () => {
  rmSync(folder(), { recursive: true, force: true });
  expect(await completed()).toEqual(NAMES);
});

test("only names of profiles are in it, for this user alone", () => {
  const { items } = whole();
  const words = items.split(" ").filter((_, index) => index % 2 === 1);
  expect([...new Set(words)].toSorted()).toEqual(["-", ...NAMES.map((name) => `${name}:`)].toSorted());
  expect(statSync(memory()).mode & 0o777).toBe(0o600);
  for (const word of ["EXAMPLE", "token", "base_url", "Profile"]) {
    expect(readFileSync(memory(), "utf8")).not.toContain(word);
  }
});

test("it is used, and not written again while nothing is new", async () => {
  const marked = mark();
  const { ino } = statSync(memory());
  expect(await completed()).toEqual(marked);
  expect(statSync(memory()).ino).toBe(ino);
});

test("what another program adds or removes shows at once; only the new is asked for", async () => {
  const marked = mark();
  await other.write("gumloop-cli", "work:api_key", secret("EXAMPLE"));
  expect(await completed()).toEqual([...marked, "work"].toSorted());
  expect(whole().items).toContain(" work:");
  await other.remove("gumloop-cli", "work:api_key");
  await other.remove("gumloop-cli", "p5:access_token");
  await other.remove("gumloop-cli", "p5:base_url");
  expect(await completed()).toEqual(marked.filter((name) => name !== "p5"));
  await other.write("gumloop-cli", "p5:access_token", secret("token-EXAMPLE"));
  await other.write("gumloop-cli", "p5:base_url", secret("https://EXAMPLE.invalid"));
});

test("few entries are asked for each time: of a vendor's key nothing is written", async () => {
  await other.write("gum-cred", "llm:personal:mine:openai", secret("EXAMPLE"));
  await other.write("gum-cred", "llm:organization:openai", secret("EXAMPLE"));
  expect(await completed()).toEqual(["mine", ...NAMES]);
  expect(readFileSync(memory(), "utf8")).not.toContain("mine");
  for (const account of ["llm:personal:mine:openai", "llm:organization:openai"])
    await other.remove("gum-cred", account);
});

describe("it is not believed", () => {
  const MINUTES = 60_000;
  const rows: [name: string, spoil: () => unknown][] = [
    ["after ten minutes", () => change({ sinceMs: Date.now() - 11 * MINUTES })],
    ["from the future", () => change({ sinceMs: Date.now() + MINUTES })],
    ["of another service or bus", () => change({ life: "another :1.2 /x" })],
    ["of another format", () => change({ format: 0 })],
    ["where others can write it", () => chmodSync(memory(), 0o620)],
    [
      "behind a link",
      () => [renameSync(memory(), `${memory()}.real`), symlinkSync(`${memory()}.real`, memory())],
    ],
    ["as a folder", () => [rmSync(memory()), mkdirSync(memory())]],
    ["cut off", () => writeFileSync(memory(), readFileSync(memory()).subarray(0, -5))],
    ["with a name missing", () => change({ items: whole().items.replace(/ \S+$/, "") })],
    ["without items", () => change({ items: 5 })],
    ["as nothing", () => writeFileSync(memory(), "null")],
    ["after a change by gum-cred", () => writeFileSync(`${folder()}/changed`, "now")],
  ];
  for (const [name, spoil] of rows) {
    test(name, async () => {
      mark();
      spoil();
      expect(await completed()).toEqual(NAMES);
    });
  }
  test("with a name that no profile has", async () => {
    const marked = mark("$(id)");
    expect(await completed()).toEqual(marked.filter((name) => name !== "$(id)"));
  });
});

test("signing in and out shows at once", async () => {
  mark();
  await world.signInWithKey("work");
  expect(await completed()).toEqual([...NAMES, "work"].toSorted());
  mark();
  await world.ok(["logout", "--profile", "work"]);
  expect(await completed()).toEqual(NAMES);
});

test("nothing shows while the keyring is locked", async () => {
  await world.keyring.lock();
  try {
    expect(await completed()).toEqual([]);
  } finally {
    await world.keyring.unlock();
  }
});

test("where it cannot be kept, the names are there without it", async () => {
  rmSync(folder(), { recursive: true });
  writeFileSync(folder(), "a file");
  try {
    expect(await completed()).toEqual(NAMES);
    expect(existsSync(memory())).toBe(false);
  } finally {
    rmSync(folder());
  }
});
