/**
 * What macOS can answer besides success, and what the backend owes it: every object released, every value
 * overwritten, no dialog without a person, no wait without an end.
 */

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { reveal, secret } from "../../../src/core/secret.ts";
import type { Keychain } from "../../../src/keychain/keychain.ts";
import { textOf } from "../../../src/keychain/macos/core-foundation.ts";
import { macosItems } from "../../../src/keychain/macos/items.ts";
import { macosKeychain, unlockMacosKeychain } from "../../../src/keychain/macos/macos.ts";
import { openSecurityFramework } from "../../../src/keychain/macos/security-framework.ts";
import { type FakeSecurity, startFakeSecurity } from "../../support/fake-security/fake-security.ts";
import { SOON_MS } from "../../support/patience.ts";
import { expectError } from "./suite.ts";

const SERVICE = "gum-cred-contract";
const VALUE = "value-EXAMPLE";
const utf8 = (text: string) => new TextEncoder().encode(text);

describe.skipIf(process.platform !== "linux")("macos: faults", () => {
  let fake: FakeSecurity;
  let unattended: Keychain;
  let attended: Keychain;
  beforeAll(() => {
    fake = startFakeSecurity();
    unattended = macosKeychain({ timeoutMs: 5000, mayPrompt: false }, fake.libraries);
    attended = macosKeychain({ timeoutMs: 5000, mayPrompt: true }, fake.libraries);
  });
  afterEach(async () => {
    expect(fake.liveObjects()).toBe(0);
    expect(fake.complaints()).toEqual([]);
    fake.behave();
    for (const account of await unattended.list(SERVICE)) await unattended.remove(SERVICE, account);
  });
  afterAll(() => {
    unattended?.close();
    attended?.close();
    fake?.stop();
  });

  const put = (keychain: Keychain, account: string) => keychain.write(SERVICE, account, secret(VALUE));
  const stored = async (keychain: Keychain, account: string) => {
    const found = (await keychain.read(SERVICE, [account])).get(account);
    return found && reveal(found);
  };
  /** Every operation but `state`. */
  const operations = (keychain: Keychain) => [
    keychain.read(SERVICE, ["account"]),
    put(keychain, "account"),
    keychain.remove(SERVICE, "account"),
    keychain.list(SERVICE),
  ];

  test.each([
    [-128, "E_KEYCHAIN_DENIED"],
    [-25293, "E_KEYCHAIN_DENIED"],
    [-25308, "E_KEYCHAIN_DENIED"],
    [-25315, "E_KEYCHAIN_DENIED"],
    [-25320, "E_KEYCHAIN_DENIED"],
    [-25307, "E_KEYCHAIN_UNAVAILABLE"],
    [-25291, "E_KEYCHAIN_FAILED"],
    [-34018, "E_KEYCHAIN_FAILED"],
    [-50, "E_KEYCHAIN_FAILED"],
  ])("OSStatus %i of an open keychain is %s", async (status, code) => {
    fake.behave(`fail=${status}`);
    for (const keychain of [unattended, attended]) {
      for (const operation of operations(keychain)) {
        const { message } = await expectError(operation, code);
        if (code !== "E_KEYCHAIN_UNAVAILABLE") expect(message).toContain(`(${status})`);
      }
    }
  });

  test("a default keychain that cannot be looked at is a failure, not an absent one", async () => {
    fake.behave("gone=-25294");
    for (const operation of [...operations(unattended), unattended.state()]) {
      expect((await expectError(operation, "E_KEYCHAIN_FAILED")).message).toContain("(-25294)");
    }
  });

  test("without a default keychain it is unavailable, and nothing found is not absent", async () => {
    fake.behave("no-default");
    expect(await unattended.state()).toBe("unavailable");
    for (const keychain of [unattended, attended]) {
      for (const operation of operations(keychain)) await expectError(operation, "E_KEYCHAIN_UNAVAILABLE");
    }
  });

  test("locked: unattended no dialog is shown, and the hint says how to unlock", async () => {
    await put(unattended, "account");
    fake.behave("locked");
    const dialogs = fake.dialogs().length;
    for (const operation of operations(unattended)) {
      expect((await expectError(operation, "E_KEYCHAIN_LOCKED")).hint).toContain("security unlock-keychain");
    }
    expect(fake.dialogs()).toHaveLength(dialogs);
  });

  test("locked: a person may unlock it", async () => {
    await put(unattended, "account");
    fake.behave("locked answering");
    expect(await attended.state()).toBe("locked");
    expect(await stored(attended, "account")).toBe(VALUE);
    expect(fake.dialogs().at(-1)).toBe("unlock");
    expect(await attended.state()).toBe("unlocked");
  });

  test.each([["locked"], ["locked ssh"]])(
    "%s: a dialog dismissed or impossible leaves it locked",
    async (how) => {
      await put(unattended, "account");
      fake.behave(how);
      await expectError(stored(attended, "account"), "E_KEYCHAIN_LOCKED");
      await expectError(put(attended, "account"), "E_KEYCHAIN_LOCKED");
      fake.behave();
      expect(await stored(unattended, "account")).toBe(VALUE);
    },
  );

  test("unlocking asks the person once, and not at all when it is open", async () => {
    const unlock = () => unlockMacosKeychain(5000, fake.libraries);
    const before = fake.dialogs().length;
    await unlock();
    expect(fake.dialogs()).toHaveLength(before);
    fake.behave("locked");
    await expectError(unlock(), "E_KEYCHAIN_DENIED");
    fake.behave("locked ssh");
    await expectError(unlock(), "E_KEYCHAIN_LOCKED");
    fake.behave("locked answering");
    await unlock();
    expect(fake.dialogs().slice(before)).toEqual(["unlock", "unlock"]);
    expect(await unattended.state()).toBe("unlocked");
    fake.behave("no-default");
    await expectError(unlock(), "E_KEYCHAIN_UNAVAILABLE");
  });

  test("an entry of a program that macOS keeps apart is denied, still listed, replaced and removed", async () => {
    await fake.python("set_generic_password", SERVICE, "theirs", "theirs-EXAMPLE");
    fake.behave("owners");
    const before = fake.dialogs().length;
    await expectError(stored(unattended, "theirs"), "E_KEYCHAIN_DENIED");
    expect(fake.dialogs()).toHaveLength(before);
    await expectError(stored(attended, "theirs"), "E_KEYCHAIN_DENIED");
    expect(fake.dialogs().slice(before)).toEqual(["allow"]);
    expect(await unattended.list(SERVICE)).toEqual(["theirs"]);
    const [item] = fake.items();
    await put(unattended, "theirs");
    expect(fake.items()).toMatchObject([{ id: item?.id, value: VALUE }]);
    expect(await unattended.remove(SERVICE, "theirs")).toBe(true);
    expect(fake.items()).toEqual([]);
  });

  test("Python keyring reads, replaces and deletes what we wrote", async () => {
    const value = "Ünïcödé-EXAMPLE 漢字 😀";
    await unattended.write(SERVICE, "default:api_key", secret(value));
    expect(await fake.python("find_generic_password", SERVICE, "default:api_key")).toBe(value);
    await fake.python("set_generic_password", SERVICE, "default:api_key", VALUE);
    expect(await stored(unattended, "default:api_key")).toBe(VALUE);
    await fake.python("delete_generic_password", SERVICE, "default:api_key");
    expect(await stored(unattended, "default:api_key")).toBeUndefined();
  });

  test("one account in several keychains: the first is read and written, all are removed", async () => {
    for (const keychain of [1, 0, 2]) {
      const value = utf8(`in-${keychain}-EXAMPLE`);
      fake.plant({ keychain, service: SERVICE, account: utf8("twice"), value });
    }
    expect(await stored(unattended, "twice")).toBe("in-0-EXAMPLE");
    expect(await unattended.list(SERVICE)).toEqual(["twice"]);
    await put(unattended, "twice");
    const values = fake.items().map(({ keychain, value }) => [keychain, value]);
    expect(values).toEqual([
      [0, VALUE],
      [1, "in-1-EXAMPLE"],
      [2, "in-2-EXAMPLE"],
    ]);
    expect(await unattended.remove(SERVICE, "twice")).toBe(true);
    expect(fake.items()).toEqual([]);
  });

  test("an entry of another keychain is replaced there, so that reading finds the new value", async () => {
    fake.plant({ keychain: 1, service: SERVICE, account: utf8("elsewhere"), value: utf8("old-EXAMPLE") });
    await put(unattended, "elsewhere");
    expect(fake.items()).toMatchObject([{ keychain: 1, value: VALUE }]);
  });

  test("another program that adds the entry first is overwritten, not doubled", async () => {
    fake.behave("racing");
    await put(unattended, "raced");
    expect(fake.items()).toMatchObject([{ account: "raced", value: VALUE }]);
  });

  test("a damaged entry that macOS replaces counts as written", async () => {
    await put(unattended, "damaged");
    fake.behave("damaged");
    await put(unattended, "damaged");
    expect(fake.items()).toMatchObject([{ account: "damaged", value: VALUE }]);
  });

  test("what is not text: a value is malformed, a name is not listed", async () => {
    const bytes = Uint8Array.of(0xff, 0xfe, 0x41);
    fake.plant({ keychain: 0, service: SERVICE, account: utf8("bytes"), value: bytes });
    await expectError(stored(unattended, "bytes"), "E_MALFORMED");
    fake.plant({ keychain: 0, service: `${SERVICE}-names`, account: bytes, value: utf8(VALUE) });
    expect(await unattended.list(`${SERVICE}-names`)).toEqual([]);
  });

  test("constants are the variables' values, each its own", () => {
    const framework = openSecurityFramework(fake.libraries);
    if (framework === null) throw new Error("the fake frameworks cannot be opened");
    const { kCFAllocatorNull, kCFBooleanTrue, ...strings } = framework.constants;
    const texts = Object.entries(strings).map(([name, ref]) => [name, textOf(framework, ref)]);
    // From Apple's SecItemConstants.c.
    expect(Object.fromEntries(texts)).toEqual({
      kSecClass: "class",
      kSecClassGenericPassword: "genp",
      kSecAttrService: "svce",
      kSecAttrAccount: "acct",
      kSecValueData: "v_Data",
      kSecReturnData: "r_Data",
      kSecReturnAttributes: "r_Attributes",
      kSecReturnRef: "r_Ref",
      kSecMatchLimit: "m_Limit",
      kSecMatchLimitAll: "m_LimitAll",
      kSecUseAuthenticationUI: "u_AuthUI",
      kSecUseAuthenticationUIFail: "u_AuthUIF",
    });
    expect(kCFAllocatorNull).not.toBe(kCFBooleanTrue);
  });

  test("a library without the symbols is no keychain", async () => {
    const libraries = { ...fake.libraries, security: "libm.so.6" };
    const keychain = macosKeychain({ timeoutMs: 5000, mayPrompt: false }, libraries);
    expect(await keychain.state()).toBe("unavailable");
    for (const operation of operations(keychain)) {
      expect((await expectError(operation, "E_KEYCHAIN_UNAVAILABLE")).message).toContain("libm.so.6");
    }
    keychain.close();
  });

  test("what a write was given is overwritten afterwards, also when it was refused", () => {
    const items = macosItems(fake.libraries, false);
    items.write(SERVICE, "wiped", VALUE);
    expect(fake.lastBytesAreZero()).toBe(true);
    fake.behave("fail=-25293");
    expect(() => items.write(SERVICE, "wiped", "refused-EXAMPLE")).toThrow("macOS does not let");
    expect(fake.lastBytesAreZero()).toBe(true);
  });

  test("10,000 cycles keep nothing", () => {
    const items = macosItems(fake.libraries, false);
    const value = VALUE.repeat(100);
    const cycle = () => {
      items.write(SERVICE, "cycle", value);
      items.read(SERVICE, ["cycle", "absent"]);
    };
    const rss = () => {
      Bun.gc(true);
      return process.memoryUsage.rss() / 2 ** 20;
    };
    // As many before as after: what the engine's own heap takes has been taken by then.
    for (let index = 0; index < 10_000; index++) cycle();
    const before = rss();
    for (let index = 0; index < 10_000; index++) {
      cycle();
      if (index % 10 === 0) items.list(SERVICE);
    }
    expect(rss() - before).toBeLessThan(8); // MiB; one copy of each value kept would be 13
  }, 60_000);
});

describe.skipIf(process.platform !== "linux")("macos: a keychain that never answers", () => {
  test("every operation ends in time, timers run meanwhile, and a later one starts anew", async () => {
    const fake = startFakeSecurity(); // its own: what hangs never releases anything
    const keychain = macosKeychain({ timeoutMs: 300, mayPrompt: false }, fake.libraries);
    await keychain.write(SERVICE, "account", secret(VALUE));
    fake.behave("silent");
    for (const operation of [
      () => keychain.read(SERVICE, ["account"]),
      () => keychain.write(SERVICE, "account", secret("late-EXAMPLE")),
      () => keychain.remove(SERVICE, "account"),
      () => keychain.list(SERVICE),
      () => keychain.state(),
    ]) {
      const started = performance.now();
      let ticks = 0;
      const ticker = setInterval(() => ticks++, 20);
      await expectError(operation(), "E_KEYCHAIN_TIMEOUT");
      clearInterval(ticker);
      expect(performance.now() - started).toBeLessThan(SOON_MS);
      expect(ticks).toBeGreaterThan(5);
    }
    fake.behave();
    expect([...(await keychain.read(SERVICE, ["account"])).values()].map(reveal)).toEqual([VALUE]);
    keychain.close();
    fake.stop();
  });
});
