/**
 * Values beyond what one Windows credential holds: split, joined, replaced in one step, and never lost when the
 * process dies, a write fails, or another process reads or writes at the same time.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { reveal, secret } from "../../../src/core/secret.ts";
import type { Keychain } from "../../../src/keychain/keychain.ts";
import { openWindowsKeychain } from "../../support/wine/keychain-proxy.ts";
import { expectError } from "./suite.ts";
import { startWindowsHost, type WindowsHost } from "./windows-host.ts";

const SERVICE = "gum-cred";
const ACCOUNT = "default:long";
const PART = "gum-cred:part:";
/** Three parts each, of the same length: Wine's CredRead is not safe from a blob that grows while it reads. */
const OLD = "old-EXAMPLE-".repeat(300);
const NEW = "new-EXAMPLE-".repeat(300);

describe("windows: long values", () => {
  let host: WindowsHost;
  let keychain: Keychain;
  beforeAll(async () => {
    host = await startWindowsHost();
    keychain = host.open();
  });
  afterAll(() => host.stop());
  beforeEach(async () => {
    for (const { target } of await host.tool.list()) await host.tool.delete(target);
  });

  const put = (value: string, on = keychain) => on.write(SERVICE, ACCOUNT, secret(value));
  const current = async () => {
    const found = (await keychain.read(SERVICE, [ACCOUNT])).get(ACCOUNT);
    return found && reveal(found);
  };
  const parts = async () => (await host.tool.list()).filter(({ target }) => target.startsWith(PART));

  test.each([
    [1279, 0],
    [1280, 0],
    [1281, 2],
    [2560, 2],
    [2561, 3],
    [65_536, 52],
  ])("%i characters take %i parts, and no blob is beyond the limit", async (length, count) => {
    const value = "EXAMPLE😀"
      .repeat(length)
      .slice(-length)
      .replace(/^\p{Surrogate}/u, "E");
    await put(value);
    expect(await current()).toBe(value);
    expect(await parts()).toHaveLength(count);
    for (const { blob } of await host.tool.list()) expect(blob.byteLength).toBeLessThanOrEqual(2560);
  });

  test("parts are hidden from lists, go when the value is replaced, and go when it is removed", async () => {
    await put(OLD);
    const before = (await parts()).map(({ target }) => target);
    await put(NEW);
    const after = (await parts()).map(({ target }) => target);
    expect(after).toHaveLength(3);
    expect(after.filter((target) => before.includes(target))).toEqual([]);
    expect(await keychain.list(SERVICE)).toEqual([ACCOUNT]);
    await put("short-EXAMPLE");
    expect(await parts()).toEqual([]);
    await put(OLD);
    await keychain.write(SERVICE, "default:another", secret(OLD));
    expect(await keychain.remove(SERVICE, ACCOUNT)).toBe(true);
    expect(new Set((await host.tool.list()).map(({ userName }) => userName))).toEqual(
      new Set(["default:another"]),
    );
    expect(await keychain.list(SERVICE)).toEqual(["default:another"]);
  });

  test("a value that looks like a head is a value", async () => {
    for (const value of [`gum-cred:parts:1:${"a".repeat(32)}:1`, "gum-cred:parts:EXAMPLE"]) {
      await put(value);
      expect(await current()).toBe(value);
    }
  });

  test("a head of a later version is malformed, not a value", async () => {
    await host.tool.write(SERVICE, ACCOUNT, Buffer.from("gum-cred:parts:2:whatever", "utf16le"));
    await expectError(keychain.read(SERVICE, [ACCOUNT]), "E_MALFORMED");
  });

  test("a value whose part is missing is a failure, never a shorter value, and can be replaced", async () => {
    await put(OLD);
    await host.tool.delete((await parts())[1]?.target ?? "");
    const error = await expectError(keychain.read(SERVICE, [ACCOUNT]), "E_KEYCHAIN_FAILED");
    expect(error.message).toContain(ACCOUNT);
    await put(NEW);
    expect(await current()).toBe(NEW);
    expect(await parts()).toHaveLength(3);
  });

  test("a value beyond all measure is refused before anything is written", async () => {
    await put(OLD);
    await expectError(put("EXAMPLE-".repeat(159_841)), "E_INVALID_VALUE");
    expect(await current()).toBe(OLD);
    expect(await parts()).toHaveLength(3);
  });

  test("a crash at any point leaves the old value or the new, and the next write clears up", async () => {
    const seen: string[] = [];
    for (let change = 1; ; change += 1) {
      await put(OLD);
      const dying = openWindowsKeychain({ env: { STRICT_DIE_AT: String(change) } });
      const outcome = await put(NEW, dying).then(
        () => "done",
        () => "died",
      );
      if (outcome === "done") break;
      expect(await dying.exited()).toBe(99);
      const value = await current();
      seen.push(value === OLD ? "old" : value === NEW ? "new" : "lost");
      await put(OLD);
      expect(await parts()).toHaveLength(3);
    }
    // Three new parts and the head, then three old parts to remove: the head is what counts.
    expect(seen).toEqual(["old", "old", "old", "old", "new", "new", "new"]);
  }, 60_000);

  test("a crash while removing leaves the value or nothing, and the next removal clears up", async () => {
    const seen: string[] = [];
    for (let change = 1; ; change += 1) {
      await put(OLD);
      const dying = openWindowsKeychain({ env: { STRICT_DIE_AT: String(change) } });
      if ((await dying.remove(SERVICE, ACCOUNT).catch(() => "died")) === true) break;
      const value = await current();
      seen.push(value === OLD ? "old" : value === undefined ? "absent" : "lost");
      await keychain.remove(SERVICE, ACCOUNT);
      expect(await host.tool.list()).toEqual([]);
    }
    expect(seen).toEqual(["old", "absent", "absent", "absent"]);
  }, 60_000);

  test("a write that fails at any point leaves the old value and no parts of the new one", async () => {
    for (const [change, expected] of ["old", "old", "old", "old", "new"].entries()) {
      await put(OLD);
      const failing = openWindowsKeychain({ env: { STRICT_FAIL_AT: String(change + 1) } });
      if (expected === "old") {
        const error = await expectError(put(NEW, failing), "E_KEYCHAIN_FAILED");
        expect(error.message).toContain("Windows error 112");
      } else await put(NEW, failing); // what fails is to clear up after it
      expect(await current()).toBe(expected === "old" ? OLD : NEW);
      expect(new Set((await parts()).map(({ target }) => target.split(":")[3])).size).toBe(
        expected === "old" ? 1 : 2,
      );
    }
  }, 60_000);

  test("with two entries a failed write leaves the old value to every reader", async () => {
    await host.python.set(SERVICE, ACCOUNT, "1-EXAMPLE");
    await host.python.set(SERVICE, ACCOUNT, "2-EXAMPLE");
    const failing = openWindowsKeychain({ env: { STRICT_FAIL_AT: "2" } }); // the plain target's turn
    await expectError(put("3-EXAMPLE", failing), "E_KEYCHAIN_FAILED");
    expect(await current()).toBe("2-EXAMPLE");
    expect(await host.python.get(SERVICE, ACCOUNT)).toBe("2-EXAMPLE");
  });

  test("a reader beside a writer sees one whole value or the other", async () => {
    await put(OLD);
    const writer = openWindowsKeychain();
    const reader = openWindowsKeychain();
    const shared = { service: SERVICE, account: ACCOUNT, values: [OLD, NEW] };
    const [, seen] = await Promise.all([
      writer.call("writeByTurns", { ...shared, count: 150 }),
      reader.call("readMany", { ...shared, count: 300 }),
    ]);
    expect(Object.keys(seen as object).sort()).toEqual(["0", "1"]);
  }, 60_000);

  test("writers side by side leave one whole value and no other's parts", async () => {
    const values = ["a", "b", "c"].map((who) => `${who}-EXAMPLE-`.repeat(400));
    await Promise.all(
      values.map((value) =>
        openWindowsKeychain({ timeoutMs: 20_000 }).call("writeByTurns", {
          service: SERVICE,
          account: ACCOUNT,
          values: [value],
          count: 10,
        }),
      ),
    );
    expect(values).toContain((await current()) ?? "absent");
    expect(await parts()).toHaveLength(4);
  }, 60_000);
});
