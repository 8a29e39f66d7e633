/** Hundreds of entries in a Secret Service: on a bus with the limits that dbus-daemon has by itself, and with a memory. */
import { afterEach, expect, test } from "bun:test";
import { hasCode } from "../../../src/core/errors.ts";
import type { Keychain, ListMemory } from "../../../src/keychain/keychain.ts";
import { secretService } from "../../../src/keychain/secret-service/secret-service.ts";
import { startFakeSecretService } from "../../support/fake-secret-service.ts";

const SERVICE = "gum-cred-many";

const accounts = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `p${index}:field`).toSorted();

const stopping: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stopping.splice(0).reverse()) await stop();
});

async function holding(count: number) {
  const items = accounts(count).map((username) => ({
    attributes: { service: SERVICE, username },
    value: "EXAMPLE",
  }));
  const service = await startFakeSecretService({ collections: { login: { items } } });
  stopping.push(service.stop);
  const open = (timeoutMs: number, listMemory?: ListMemory): Keychain => {
    const options = { timeoutMs, mayPrompt: false, ...(listMemory ? { listMemory } : {}) };
    const keychain = secretService(options, service.env);
    stopping.push(keychain.close);
    return keychain;
  };
  return { open, asked: () => service.calls().filter((method) => method === "Get").length };
}

/** Keeps what is in front of the colon. */
function newMemory() {
  const lives = new Map<string, Map<string, string>>();
  const of = (life: string): Map<string, string> => {
    const all = lives.get(life) ?? new Map<string, string>();
    lives.set(life, all);
    return all;
  };
  const memory: ListMemory = {
    keep: (_service, account) => account.split(":")[0] ?? "",
    recall: of,
    remember: (life, kept) => {
      for (const [item, name] of kept) of(life).set(item, name);
    },
  };
  return { memory, lives };
}

test("all are listed though the bus lets 128 calls wait at most", async () => {
  const { open } = await holding(400);
  expect(await open(20_000).list(SERVICE)).toEqual(accounts(400));
});

test("with a memory each is asked for once", async () => {
  const { open, asked } = await holding(40);
  const { memory, lives } = newMemory();
  const names = accounts(40)
    .map((account) => account.split(":")[0] ?? "")
    .toSorted();
  expect(await open(20_000, memory).list(SERVICE)).toEqual(names);
  const before = asked();
  expect(await open(20_000, memory).list(SERVICE)).toEqual(names);
  // Whether the collection is locked, and the first and the last item, are still looked at.
  expect(asked() - before).toBe(3);
  expect([...lives.keys()]).toHaveLength(1);
  expect([...lives.keys()][0]).toMatch(
    /^[0-9a-f]{32} :\d+\.\d+ \/org\/freedesktop\/secrets\/collection\/login$/,
  );
});

test("what is remembered of a collection that was made anew counts for nothing", async () => {
  const { open } = await holding(40);
  const { memory, lives } = newMemory();
  await open(20_000, memory).list(SERVICE);
  const [[life = "", before] = []] = lives;
  const gone = new Map([...(before ?? [])].map(([path, name]) => [path, `gone-${name}`] as const));
  lives.set(life, gone);
  expect(await open(20_000, memory).list(SERVICE)).toEqual(
    accounts(40)
      .map((account) => account.split(":")[0] ?? "")
      .toSorted(),
  );
});

test("a few are asked for each time, and kept nowhere", async () => {
  const { open } = await holding(8);
  const { memory, lives } = newMemory();
  expect(await open(20_000, memory).list(SERVICE)).toEqual(accounts(8));
  expect(lives.size).toBe(0);
});

test("another process of the service is another life", async () => {
  const { memory, lives } = newMemory();
  for (let life = 1; life <= 2; life++) {
    const { open } = await holding(40);
    await open(20_000, memory).list(SERVICE);
    expect(lives.size).toBe(life);
  }
});

test("what was answered in time is remembered, so that a slow service is listed in a few goes", async () => {
  const { open } = await holding(900);
  const { memory, lives } = newMemory();
  let timeouts = 0;
  let known = 0;
  for (;;) {
    const found = await open(200, memory)
      .list(SERVICE)
      .catch((error) => {
        if (!hasCode(error, "E_KEYCHAIN_TIMEOUT")) throw error;
        return null;
      });
    if (found) {
      expect(found).toHaveLength(900);
      break;
    }
    const now = Math.max(0, ...[...lives.values()].map(({ size }) => size));
    expect(now).toBeGreaterThanOrEqual(known);
    known = now;
    if (++timeouts > 40) throw new Error(`only ${known} after ${timeouts} timeouts`);
  }
});
