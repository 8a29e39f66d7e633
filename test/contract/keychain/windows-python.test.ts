/**
 * gum-cred and Python keyring on the same Credential Manager entries. Python keyring's Windows backend is the real
 * one, but it runs on Linux's Python, above a C program under Wine, and not on Python for Windows
 * (test/support/wine/python-keyring.py says what that leaves out).
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { reveal, secret } from "../../../src/core/secret.ts";
import type { Keychain } from "../../../src/keychain/keychain.ts";
import { expectError } from "./suite.ts";
import { startWindowsHost, type WindowsHost } from "./windows-host.ts";

const SERVICE = "gumloop-cli";
const TOKEN = "default:access_token";
const KEY = "default:api_key";

describe("windows: together with Python keyring", () => {
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

  const put = (account: string, value: string) => keychain.write(SERVICE, account, secret(value));
  const stored = async (account: string) => {
    const found = (await keychain.read(SERVICE, [account])).get(account);
    return found && reveal(found);
  };
  /** Where an account's entries lie: targets, the plain one first. */
  const placesOf = async (account: string) =>
    (await host.items(SERVICE, account))
      .map(({ identity }) => identity)
      .sort()
      .reverse();

  test("an entry is to the byte what Python keyring writes, but for where it lies", async () => {
    await host.python.set(SERVICE, KEY, "Ünïcödé 😀 EXAMPLE");
    const python = await host.tool.read(SERVICE);
    await host.tool.delete(SERVICE);
    await put(KEY, "Ünïcödé 😀 EXAMPLE");
    const ours = await host.tool.read(`${KEY}@${SERVICE}`);
    expect(ours).toEqual({ ...python, target: `${KEY}@${SERVICE}` } as typeof ours);
    expect(ours).toMatchObject({ type: 1, persist: 3, comment: "Stored using python-keyring" });
    expect(ours?.blob.toString("utf16le")).toBe("Ünïcödé 😀 EXAMPLE");
  });

  test("what Python writes is read, wherever its rules have moved it", async () => {
    await host.python.set(SERVICE, TOKEN, "token-EXAMPLE");
    await host.python.set(SERVICE, KEY, "key-EXAMPLE");
    expect(await placesOf(KEY)).toEqual([SERVICE]);
    expect(await placesOf(TOKEN)).toEqual([`${TOKEN}@${SERVICE}`]);
    const found = await keychain.read(SERVICE, [TOKEN, KEY, "default:user_id"]);
    expect([...found].map(([account, value]) => [account, reveal(value)])).toEqual([
      [TOKEN, "token-EXAMPLE"],
      [KEY, "key-EXAMPLE"],
    ]);
    expect(await keychain.list(SERVICE)).toEqual([TOKEN, KEY]);
  });

  test("what we write is read, updated and deleted by Python, and the other account stays where it is", async () => {
    await host.python.set(SERVICE, KEY, "key-EXAMPLE");
    await put(TOKEN, "token-EXAMPLE");
    expect(await placesOf(KEY)).toEqual([SERVICE]);
    expect(await placesOf(TOKEN)).toEqual([`${TOKEN}@${SERVICE}`]);
    expect(await host.python.get(SERVICE, TOKEN)).toBe("token-EXAMPLE");
    expect(await host.python.get(SERVICE, KEY)).toBe("key-EXAMPLE");
    await host.python.set(SERVICE, TOKEN, "token-2-EXAMPLE");
    expect(await stored(TOKEN)).toBe("token-2-EXAMPLE");
    expect(await stored(KEY)).toBe("key-EXAMPLE");
    await host.python.delete(SERVICE, TOKEN);
    expect(await stored(TOKEN)).toBeUndefined();
    expect(await keychain.list(SERVICE)).toEqual([KEY]);
  });

  test("an entry at the plain target is updated there", async () => {
    await host.python.set(SERVICE, TOKEN, "old-EXAMPLE");
    await put(TOKEN, "new-EXAMPLE");
    expect(await placesOf(TOKEN)).toEqual([SERVICE]);
    expect(await host.python.get(SERVICE, TOKEN)).toBe("new-EXAMPLE");
  });

  test("of the two entries that Python leaves behind none is ever stale after a write of ours", async () => {
    await host.python.set(SERVICE, TOKEN, "1-EXAMPLE");
    await host.python.set(SERVICE, TOKEN, "2-EXAMPLE"); // now 1 lies at the compound target, 2 at the plain one
    expect(await placesOf(TOKEN)).toEqual([SERVICE, `${TOKEN}@${SERVICE}`]);
    expect(await stored(TOKEN)).toBe("2-EXAMPLE");
    expect(await keychain.list(SERVICE)).toEqual([TOKEN]);
    await put(TOKEN, "3-EXAMPLE");
    const values = (await host.items(SERVICE, TOKEN)).map(({ value }) => value);
    expect(values).toEqual(["3-EXAMPLE", "3-EXAMPLE"]);
    expect(await host.python.get(SERVICE, TOKEN)).toBe("3-EXAMPLE");
    expect(await host.python.credential(SERVICE, TOKEN)).toBe("3-EXAMPLE"); // compound target first
    expect(await keychain.remove(SERVICE, TOKEN)).toBe(true);
    expect(await placesOf(TOKEN)).toEqual([]);
    expect(await host.python.get(SERVICE, TOKEN)).toBeNull();
  });

  test("a long value survives Python moving its head, and is replaced by what Python writes", async () => {
    const long = "long-EXAMPLE-".repeat(300);
    await host.python.set(SERVICE, TOKEN, "short-EXAMPLE");
    await put(TOKEN, long); // at the plain target, where the entry was
    await host.python.set(SERVICE, KEY, "key-EXAMPLE"); // moves it
    expect(await placesOf(TOKEN)).toEqual([`${TOKEN}@${SERVICE}`]);
    expect(await stored(TOKEN)).toBe(long);
    expect(await keychain.list(SERVICE)).toEqual([TOKEN, KEY]);
    // What Python cannot do is to read it: it sees the head, which names the parts.
    expect(await host.python.get(SERVICE, TOKEN)).toMatch(/^gum-cred:parts:1:[0-9a-f]{32}:4$/);
    await host.python.set(SERVICE, TOKEN, "short-again-EXAMPLE");
    expect(await stored(TOKEN)).toBe("short-again-EXAMPLE");
    expect(await keychain.remove(SERVICE, TOKEN)).toBe(true);
    expect((await host.tool.list()).map(({ userName }) => userName)).toEqual([KEY]); // no part left either
  });

  test.each([
    ["UTF-8 of an odd length", Buffer.from("odd-EXAMPLE"), "odd-EXAMPLE"],
    ["UTF-16 with a byte order mark", Buffer.from("\ufeffmarked-EXAMPLE", "utf16le"), "marked-EXAMPLE"],
    ["UTF-16-BE with a byte order mark", Buffer.from("\ufeffbig-EXAMPLE", "utf16le").swap16(), "big-EXAMPLE"],
  ])("read by Python's rule: %s", async (_what, blob, expected) => {
    await host.tool.write(SERVICE, KEY, blob);
    expect(await host.python.get(SERVICE, KEY)).toBe(expected);
    expect(await stored(KEY)).toBe(expected);
  });

  test("a blob that is no text is malformed, not absent, and can be replaced", async () => {
    await host.tool.write(SERVICE, KEY, Buffer.from([0xff, 0xfe, 0xfd]));
    await expectError(keychain.read(SERVICE, [KEY]), "E_MALFORMED");
    await put(KEY, "mended-EXAMPLE");
    expect(await stored(KEY)).toBe("mended-EXAMPLE");
  });

  test("values that begin like a byte order mark reach Python whole", async () => {
    for (const value of ["\ufeffmark-EXAMPLE", "\ufffenoncharacter-EXAMPLE"]) {
      await put(KEY, value);
      expect(await host.python.get(SERVICE, KEY)).toBe(value);
      expect(await stored(KEY)).toBe(value);
    }
  });

  test("names that Windows takes for one are refused, and what was there stays", async () => {
    await put("Profile:api_key", "upper-EXAMPLE");
    expect(await stored("profile:api_key")).toBeUndefined();
    await expectError(put("profile:api_key", "lower-EXAMPLE"), "E_INVALID_VALUE");
    expect(await keychain.remove(SERVICE, "profile:api_key")).toBe(false);
    // "a@b" of service "c" and "a" of service "b@c" have the target "a@b@c" in common.
    await keychain.write("c", "a@b", secret("one-EXAMPLE"));
    await expectError(keychain.write("b@c", "a", secret("two-EXAMPLE")), "E_INVALID_VALUE");
    expect(await keychain.read("b@c", ["a"])).toEqual(new Map());
    expect(await keychain.list("b@c")).toEqual([]);
    expect(await keychain.list("c")).toEqual(["a@b"]);
    expect(await stored("Profile:api_key")).toBe("upper-EXAMPLE");
  });

  test("credentials of other programs at other targets are neither listed nor touched", async () => {
    await host.tool.write("gumloop-cli-other", KEY, Buffer.from("theirs-EXAMPLE", "utf16le"));
    await host.tool.write(`somebody@${SERVICE}`, "somebody else", Buffer.from("theirs-EXAMPLE", "utf16le"));
    expect(await keychain.list(SERVICE)).toEqual([]);
    expect(await keychain.read(SERVICE, [KEY, "somebody"])).toEqual(new Map());
    expect(await keychain.remove(SERVICE, "somebody")).toBe(false);
    expect(await host.tool.list()).toHaveLength(2);
  });
});
