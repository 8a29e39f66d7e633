/** KWallet of KDE Frameworks 6, which this cannot run for real, and faults that the real one does not show. */

import { afterEach, describe, expect, test } from "bun:test";
import { reveal, secret } from "../../../src/core/secret.ts";
import type { Keychain } from "../../../src/keychain/keychain.ts";
import { kwallet } from "../../../src/keychain/kwallet/kwallet.ts";
import { type FakeKwalletOptions, startFakeKwallet } from "../../support/fake-kwallet.ts";
import { SOON_MS } from "../../support/patience.ts";
import { type PrivateBus, startPrivateBus } from "../../support/private-bus.ts";
import { startPrivateKeyring } from "../../support/private-keyring.ts";
import { expectError } from "./suite.ts";

const SERVICE = "gumloop-cli";
const ACCOUNT = "default:api_key";

let stopping: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stopping.reverse()) await stop();
  stopping = [];
});

async function on(bus: PrivateBus, options: FakeKwalletOptions) {
  const daemon = await startFakeKwallet(bus.env, bus.directory, options);
  const keychain = kwallet({ timeoutMs: 700, mayPrompt: false }, bus.env);
  stopping.push(bus.stop, daemon.stop, keychain.close);
  return { daemon, keychain };
}

const classic = async (options: FakeKwalletOptions = {}) =>
  on(await startPrivateBus(), { keepsItsOwn: true, ...options });

const stored = async (keychain: Keychain) =>
  reveal((await keychain.read(SERVICE, [ACCOUNT])).get(ACCOUNT) ?? secret("absent"));

describe("kwalletd6 before the Frameworks 6.14, with wallets of its own", () => {
  test("is preferred, and its wallet is closed for nobody but us", async () => {
    const { daemon, keychain } = await classic();
    await keychain.write(SERVICE, ACCOUNT, secret("six-EXAMPLE"));
    expect(await stored(keychain)).toBe("six-EXAMPLE");
    const closes = daemon.calls().filter((call) => call.startsWith("close"));
    expect(closes).toEqual(["close False", "close False"]);
    expect(daemon.calls().filter((call) => call === "open")).toHaveLength(2);
  });

  test("kwalletd5 alone is found", async () => {
    const { daemon, keychain } = await classic({ names: ["org.kde.kwalletd5"] });
    expect(await keychain.state()).toBe("unlocked");
    expect(daemon.calls()).not.toContain("Introspect");
  });
});

describe("kwalletd6 from the Frameworks 6.14 on, which passes all on to a Secret Service", () => {
  async function proxy(options: FakeKwalletOptions = {}) {
    const keyring = await startPrivateKeyring();
    return { keyring, ...(await on(keyring, options)) };
  }

  test("works while the collection behind it is unlocked, and leaves no handle", async () => {
    const { daemon, keychain } = await proxy();
    expect(await keychain.state()).toBe("unlocked");
    await keychain.write(SERVICE, ACCOUNT, secret("proxied-EXAMPLE"));
    expect(await stored(keychain)).toBe("proxied-EXAMPLE");
    expect(await keychain.remove(SERVICE, ACCOUNT)).toBe(true);
    expect(await keychain.remove(SERVICE, ACCOUNT)).toBe(false);
    expect(daemon.calls().filter((call) => call === "open")).toHaveLength(4);
    expect(daemon.calls().filter((call) => call === "close True")).toHaveLength(4);
  });

  test("is locked when that is, although an application holds the wallet open; and opens nothing", async () => {
    const { daemon, keychain, keyring } = await proxy();
    await Bun.spawn(
      [
        ...["dbus-send", "--session", "--print-reply", "--dest=org.kde.kwalletd6", "/modules/kwalletd6"],
        ...["org.kde.KWallet.open", "string:Login", "int64:0", "string:other"],
      ],
      { env: { PATH: process.env["PATH"], ...keyring.env }, stdout: "ignore" },
    ).exited;
    await keyring.lock();
    expect(await keychain.state()).toBe("locked");
    await expectError(keychain.read(SERVICE, [ACCOUNT]), "E_KEYCHAIN_LOCKED");
    await expectError(keychain.write(SERVICE, ACCOUNT, secret("x-EXAMPLE")), "E_KEYCHAIN_LOCKED");
    expect(daemon.calls().filter((call) => call === "open")).toHaveLength(1);
    await keyring.unlock();
    expect(await keychain.state()).toBe("unlocked");
  });

  test("is locked where there is no default collection: opening would make one, with a dialog", async () => {
    const keyring = await startPrivateKeyring({ unlocked: false });
    const { daemon, keychain } = await on(keyring, {});
    expect(await keychain.state()).toBe("locked");
    expect(daemon.calls()).not.toContain("open");
  });
});

describe("faults", () => {
  test("switched off by the user: there is no keychain", async () => {
    const { keychain } = await classic({ enabled: false });
    expect(await keychain.state()).toBe("unavailable");
    const error = await expectError(keychain.list(SERVICE), "E_KEYCHAIN_UNAVAILABLE");
    expect(error.message).toContain("is disabled");
  });

  test("a handle of -1 is a refusal", async () => {
    const { keychain } = await classic({ handle: -1 });
    await expectError(keychain.read(SERVICE, [ACCOUNT]), "E_KEYCHAIN_DENIED");
  });

  test.each(["readPassword", "entryList", "writePassword", "removeEntry"])(
    "a wallet that is closed just before %s is locked, not empty",
    async (losesWalletAt) => {
      const { keychain } = await classic({ losesWalletAt });
      const operation = {
        readPassword: () => keychain.read(SERVICE, [ACCOUNT]),
        entryList: () => keychain.list(SERVICE),
        writePassword: () => keychain.write(SERVICE, ACCOUNT, secret("x-EXAMPLE")),
        removeEntry: async () => {
          await keychain.write(SERVICE, ACCOUNT, secret("x-EXAMPLE"));
          return keychain.remove(SERVICE, ACCOUNT);
        },
      }[losesWalletAt];
      await expectError(operation?.() ?? Promise.resolve(), "E_KEYCHAIN_LOCKED");
    },
  );

  test("a write that KWallet does not do is a failure, and its handle is closed", async () => {
    const { daemon, keychain } = await classic({ full: true });
    await expectError(keychain.write(SERVICE, ACCOUNT, secret("x-EXAMPLE")), "E_KEYCHAIN_FAILED");
    expect(daemon.calls().at(-1)).toBe("close False");
  });

  const STEPS = ["Introspect", "isEnabled", "networkWallet", "isOpen", "open", "hasEntry", "readPassword"];
  test.each(STEPS)("read, and no answer, nonsense, an error, or the end at %s", async (step) => {
    const outcomes = [
      [{ deafTo: step }, "E_KEYCHAIN_TIMEOUT"],
      [{ nonsenseAt: step }, "E_KEYCHAIN_FAILED"],
      [{ failsAt: step }, "E_KEYCHAIN_FAILED"],
      [{ diesAt: step }, "E_KEYCHAIN_TIMEOUT"],
    ] as const;
    for (const [fault, code] of outcomes) {
      const { keychain } = await classic(fault);
      const started = performance.now();
      await expectError(keychain.read(SERVICE, [ACCOUNT]), code);
      expect(performance.now() - started).toBeLessThan(SOON_MS);
    }
  });
});
