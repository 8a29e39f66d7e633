/** What becomes of a Secret Service that fails, and of one with other ways than GNOME Keyring's. */

import { afterEach, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { hasCode } from "../../../src/core/errors.ts";
import { reveal, secret } from "../../../src/core/secret.ts";
import { openKeychain, unlockKeychain } from "../../../src/keychain/choose.ts";
import type { Keychain } from "../../../src/keychain/keychain.ts";
import {
  type FakeOptions,
  type FakeSecretService,
  type Method,
  startFakeSecretService,
} from "../../support/fake-secret-service.ts";
import { SOON_MS } from "../../support/patience.ts";
import { startPrivateBus } from "../../support/private-bus.ts";
import { expectError } from "./suite.ts";

const SERVICE = "gumloop-cli";
const ACCOUNT = "default:api_key";
const TIMEOUT_MS = 700;
/** Over the limit by what a busy machine may need to notice. */
const PATIENCE_MS = TIMEOUT_MS + 500;

const ITEM = {
  attributes: { application: "Python keyring library", service: SERVICE, username: ACCOUNT },
  value: "stored-EXAMPLE",
};
const FILLED = { login: { items: [ITEM] } };
const LOCKED = { login: { locked: true, items: [ITEM] } };

let stopping: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stopping.reverse()) await stop();
  stopping = [];
});

async function fake(
  options: FakeOptions,
  timeoutMs = TIMEOUT_MS,
): Promise<{ service: FakeSecretService; keychain: Keychain }> {
  const service = await startFakeSecretService(options);
  const keychain = openKeychain({ timeoutMs, mayPrompt: false }, service.env);
  stopping.push(service.stop, keychain.close);
  return { service, keychain };
}

const OPERATIONS: Record<string, (keychain: Keychain) => Promise<unknown>> = {
  state: (keychain) => keychain.state(),
  read: (keychain) => keychain.read(SERVICE, [ACCOUNT, "default:user_id"]),
  write: (keychain) => keychain.write(SERVICE, ACCOUNT, secret("new-EXAMPLE")),
  remove: (keychain) => keychain.remove(SERVICE, ACCOUNT),
  list: (keychain) => keychain.list(SERVICE),
};

/** Every operation with the methods that it needs. */
const NEEDS: readonly (readonly [operation: string, methods: readonly Method[]])[] = [
  ["state", ["ReadAlias", "Get"]],
  ["read", ["ReadAlias", "OpenSession", "Get", "SearchItems", "GetSecrets"]],
  ["write", ["ReadAlias", "OpenSession", "Get", "CreateItem", "SearchItems"]],
  ["remove", ["ReadAlias", "Get", "SearchItems", "Delete"]],
  ["list", ["ReadAlias", "Get", "SearchItems"]],
];
const EVERY_STEP = NEEDS.flatMap(([operation, methods]) =>
  methods.map((method) => [operation, method] as const),
);

/** Runs an operation to its error, which has to come in time. */
async function failing(keychain: Keychain, operation: string): Promise<string> {
  const started = performance.now();
  const outcome = await OPERATIONS[operation]?.(keychain).then(
    () => "nothing",
    (error: unknown) => (hasCode(error, "E_KEYCHAIN_UNAVAILABLE") ? "unavailable" : codeOf(error)),
  );
  expect(performance.now() - started).toBeLessThan(PATIENCE_MS);
  return outcome ?? "no such operation";
}

function codeOf(error: unknown): string {
  const { code, message, hint } = error as { code?: string; message: string; hint?: string };
  expect(`${message} ${hint}`).not.toContain("EXAMPLE");
  return code ?? message;
}

describe("a fault at any step of any operation is an error, in time", () => {
  test.each(EVERY_STEP)("%s: no answer to %s", async (operation, deafTo) => {
    const { keychain } = await fake({ collections: FILLED, deafTo });
    expect(await failing(keychain, operation)).toBe("E_KEYCHAIN_TIMEOUT");
  });

  test.each(EVERY_STEP)("%s: it dies at %s", async (operation, diesAt) => {
    const { keychain } = await fake({ collections: FILLED, diesAt });
    // Who was asked and is gone has not answered; what was sent later found nobody.
    expect(["E_KEYCHAIN_TIMEOUT", "E_KEYCHAIN_FAILED"]).toContain(await failing(keychain, operation));
  });

  test.each(EVERY_STEP)("%s: nonsense in answer to %s", async (operation, nonsenseAt) => {
    for (const nonsense of [
      ["s", ["nonsense-EXAMPLE"]],
      ["", []],
      ["aas", [[["nonsense-EXAMPLE"]]]],
      // What a property is, is not in the reply's own type.
      ["v", [["s", "nonsense-EXAMPLE"]]],
      ["v", [["a{su}", { nonsense: 1 }]]],
    ] as const) {
      const { keychain } = await fake({ collections: FILLED, nonsenseAt, nonsense });
      expect(await failing(keychain, operation)).toBe("E_KEYCHAIN_FAILED");
    }
  });

  test("no answer to anything, nor to the attempt to unlock", async () => {
    const { service, keychain } = await fake({ deafTo: "everything" });
    for (const operation of Object.keys(OPERATIONS)) {
      expect(await failing(keychain, operation)).toBe("E_KEYCHAIN_TIMEOUT");
    }
    await expectError(unlockKeychain(service.env, 300), "E_KEYCHAIN_TIMEOUT");
  });
});

test("a write that fails on its way leaves the old value readable", async () => {
  for (const fault of [{ diesAt: "CreateItem" }, { deafTo: "CreateItem" }] as const) {
    const { service, keychain } = await fake({ collections: FILLED, ...fault });
    await keychain.write(SERVICE, ACCOUNT, secret("new-EXAMPLE")).catch(() => {});
    expect(service.calls()).not.toContain("Delete");
    if ("deafTo" in fault) {
      const found = await keychain.read(SERVICE, [ACCOUNT]);
      expect(reveal(found.get(ACCOUNT) ?? secret(""))).toBe("stored-EXAMPLE");
    }
  }
});

test("nobody has the name: unavailable, at once, and the message says what is missing", async () => {
  const bus = await startPrivateBus();
  const keychain = openKeychain({ timeoutMs: 5000, mayPrompt: false }, bus.env);
  stopping.push(bus.stop, keychain.close);
  const started = performance.now();
  expect(await keychain.state()).toBe("unavailable");
  const error = await expectError(keychain.read(SERVICE, [ACCOUNT]), "E_KEYCHAIN_UNAVAILABLE");
  expect(error.message).toBe("no keychain service runs on the session bus");
  await expectError(unlockKeychain(bus.env, 5000), "E_KEYCHAIN_UNAVAILABLE");
  expect(performance.now() - started).toBeLessThan(SOON_MS);
});

describe("other ways", () => {
  test("plain sessions only", async () => {
    const { keychain, service } = await fake({});
    await keychain.write(SERVICE, ACCOUNT, secret("plain-EXAMPLE"));
    expect(reveal((await keychain.read(SERVICE, [ACCOUNT])).get(ACCOUNT) ?? secret(""))).toBe(
      "plain-EXAMPLE",
    );
    expect(service.calls().filter((method) => method === "OpenSession")).toHaveLength(2);
  });

  test("the default collection has another name, and only what is in it counts", async () => {
    const { keychain } = await fake({ collections: { ...FILLED, other: {} }, default: "other" });
    expect(await keychain.read(SERVICE, [ACCOUNT])).toEqual(new Map());
    await keychain.write(SERVICE, ACCOUNT, secret("elsewhere-EXAMPLE"));
    expect(await keychain.list(SERVICE)).toEqual([ACCOUNT]);
    expect(await keychain.remove(SERVICE, ACCOUNT)).toBe(true);
    expect(await keychain.list(SERVICE)).toEqual([]);
  });

  test("no collection at all: locked, and nothing is found", async () => {
    for (const options of [
      { collections: {}, default: null },
      { collections: { session: {} }, default: null },
    ]) {
      const { service, keychain } = await fake(options);
      expect(await keychain.state()).toBe("locked");
      expect(await keychain.read(SERVICE, [ACCOUNT])).toEqual(new Map());
      await expectError(keychain.write(SERVICE, ACCOUNT, secret("x-EXAMPLE")), "E_KEYCHAIN_LOCKED");
      expect(service.calls()).not.toContain("CreateCollection");
    }
  });

  test.each([
    ["none", { collections: FILLED, default: null }],
    ["one that is gone", { collections: { ...FILLED, other: {} }, default: "gone" }],
  ])("collections, and as the default %s: a failure, never an empty keychain", async (_, options) => {
    const { keychain } = await fake(options);
    for (const operation of Object.values(OPERATIONS)) {
      const error = await expectError(operation(keychain), "E_KEYCHAIN_FAILED");
      expect(error.message).toContain("no default one");
    }
  });

  test.each([
    ["a public key of 3 MB", "OpenSession", ["vo", [["ay", [1]], "/s"]], 3_000_000],
    ["half a million items", "SearchItems", ["ao", [["/a"]]], 500_000],
    ["5 MB", "SearchItems", ["ao", [[`/${"a".repeat(50_000)}`]]], 100],
  ] as const)(
    "%s in answer to %s: a failure, at once",
    async (_, nonsenseAt, nonsense, nonsenseTimes) => {
      const options = { collections: FILLED, nonsenseAt, nonsense, nonsenseTimes };
      const { keychain } = await fake(options, 20_000);
      const memory = process.memoryUsage().rss;
      const started = process.cpuUsage();
      await expectError(keychain.read(SERVICE, [ACCOUNT]), "E_KEYCHAIN_FAILED");
      expect(process.cpuUsage(started).user / 1000).toBeLessThan(SOON_MS);
      expect(process.memoryUsage().rss - memory).toBeLessThan(400_000_000);
    },
    30_000,
  );

  test("KeePassXC: searches find supersets, items have attributes of its own, a write replaces them", async () => {
    const extraAttributes = { Title: "gumloop", UserName: "", URL: "", Notes: "", Path: "/gumloop" };
    const items = [{ attributes: { ...ITEM.attributes, ...extraAttributes }, value: "kept-EXAMPLE" }];
    const { keychain } = await fake({ collections: { login: { items } }, extraAttributes });
    expect(reveal((await keychain.read(SERVICE, [ACCOUNT])).get(ACCOUNT) ?? secret(""))).toBe("kept-EXAMPLE");
    await keychain.write(SERVICE, ACCOUNT, secret("new-EXAMPLE"));
    expect(reveal((await keychain.read(SERVICE, [ACCOUNT])).get(ACCOUNT) ?? secret(""))).toBe("new-EXAMPLE");
    expect(await keychain.list(SERVICE)).toEqual([ACCOUNT]);
    expect(await keychain.remove(SERVICE, ACCOUNT)).toBe(true);
    expect(await keychain.list(SERVICE)).toEqual([]);
  });

  test("KeePassXC: a locked database finds nothing, and that is locked, not absent", async () => {
    const { service, keychain } = await fake({ collections: LOCKED });
    expect(await keychain.state()).toBe("locked");
    for (const operation of ["read", "write", "remove", "list"]) {
      expect(await failing(keychain, operation)).toBe("E_KEYCHAIN_LOCKED");
    }
    // Nobody was there to be asked, so nobody was.
    expect(service.calls().filter((method) => ["Unlock", "Prompt"].includes(method))).toEqual([]);
  });
});

describe("unlocking", () => {
  test("the user accepts: it is unlocked, and what it holds is found", async () => {
    const { service, keychain } = await fake({ collections: LOCKED, user: "accepts" });
    await unlockKeychain(service.env, 5000);
    expect(await keychain.state()).toBe("unlocked");
    expect(await keychain.list(SERVICE)).toEqual([ACCOUNT]);
    expect(service.calls()).not.toContain("Dismiss");
  });

  test("it is unlocked already: nobody is asked", async () => {
    const { service } = await fake({ user: "dismisses" });
    await unlockKeychain(service.env, 5000);
    expect(service.calls()).not.toContain("Prompt");
  });

  test("there is no default collection: the user is asked to make one", async () => {
    const { service, keychain } = await fake({ collections: {}, default: null, user: "accepts" });
    await unlockKeychain(service.env, 5000);
    expect(service.calls()).toContain("CreateCollection");
    await keychain.write(SERVICE, ACCOUNT, secret("first-EXAMPLE"));
    expect(await keychain.list(SERVICE)).toEqual([ACCOUNT]);
  });

  test("the user dismisses the dialog: denied, at once", async () => {
    for (const options of [{ collections: LOCKED }, { collections: {}, default: null }]) {
      const { service } = await fake({ ...options, user: "dismisses" });
      const started = performance.now();
      const error = await expectError(unlockKeychain(service.env, 5000), "E_KEYCHAIN_DENIED");
      expect(error.message).toContain("dismissed");
      expect(performance.now() - started).toBeLessThan(SOON_MS);
    }
  });

  test("nobody looks at the dialog: it is withdrawn when the time is up", async () => {
    const { service } = await fake({ collections: LOCKED, user: "away" });
    const started = performance.now();
    await expectError(unlockKeychain(service.env, 600), "E_KEYCHAIN_TIMEOUT");
    expect(performance.now() - started).toBeWithin(580, 1200);
    await Bun.sleep(50);
    expect(service.calls().at(-1)).toBe("Dismiss");
  });

  test.each(["Unlock", "Prompt"] as const)(
    "no answer to %s, or nonsense, or the end of it",
    async (method) => {
      const locked = { collections: LOCKED, user: "accepts" } as const;
      const deaf = await fake({ ...locked, deafTo: method });
      await expectError(unlockKeychain(deaf.service.env, 400), "E_KEYCHAIN_TIMEOUT");
      const dying = await fake({ ...locked, diesAt: method });
      await expectError(unlockKeychain(dying.service.env, 5000), "E_KEYCHAIN_TIMEOUT");
      const mad = await fake({ ...locked, nonsenseAt: method, nonsense: ["s", ["nonsense"]] });
      await expectError(unlockKeychain(mad.service.env, 5000), "E_KEYCHAIN_FAILED");
    },
  );
});

test("a process that gave up leaves no child", async () => {
  const { service } = await fake({ deafTo: "everything" });
  const script = `${import.meta.dir}/probe.ts`;
  const env = { PATH: process.env["PATH"], GUM_CRED_TEST_RUN: service.directory, ...service.env };
  const child = Bun.spawn([process.execPath, script, "read", "300"], { env, stdout: "pipe" });
  expect(JSON.parse(await child.stdout.text()).code).toBe("E_KEYCHAIN_TIMEOUT");
  await child.exited;
  const left = readdirSync("/proc").filter((pid) => environmentOf(pid).includes("GUM_CRED_TEST_RUN="));
  expect(left).toEqual([]);
});

function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1");
  } catch {
    return ""; // no process, or none of ours
  }
}
