/** What only KWallet has: dialogs that must not be shown, handles, settings, other kinds of entries. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { appendFileSync, writeFileSync } from "node:fs";
import { reveal, secret } from "../../../src/core/secret.ts";
import { unlockKeychain } from "../../../src/keychain/choose.ts";
import type { Keychain } from "../../../src/keychain/keychain.ts";
import { kwallet } from "../../../src/keychain/kwallet/kwallet.ts";
import { asksBeforeAccess } from "../../../src/keychain/kwallet/settings.ts";
import { startFakeKwallet } from "../../support/fake-kwallet.ts";
import { startPrivateBus } from "../../support/private-bus.ts";
import { startPrivateKwallet } from "../../support/private-kwallet.ts";
import { type KwalletHost, startKwalletHost } from "./kwallet-host.ts";
import { expectError } from "./suite.ts";

const SERVICE = "gumloop-cli";
const ACCOUNT = "default:api_key";
const OPTIONS = { timeoutMs: 3000, mayPrompt: false };

describe("an open wallet", () => {
  let host: KwalletHost;
  let keychain: Keychain;
  beforeAll(async () => {
    host = await startKwalletHost();
    keychain = host.open();
  });
  afterAll(async () => {
    keychain?.close();
    await host?.stop();
  });

  test("Python keyring and KDE's own tool see what was written, and the other way round", async () => {
    await keychain.write(SERVICE, ACCOUNT, secret("layout-EXAMPLE"));
    expect(JSON.parse(await host.python("get", SERVICE, ACCOUNT))).toBe("layout-EXAMPLE");
    const query = ["kwallet-query", "--folder", SERVICE];
    expect((await host.sh([...query, "--list-entries", "kdewallet"])).trim()).toBe(ACCOUNT);
    expect((await host.sh([...query, "--read-password", ACCOUNT, "kdewallet"])).trim()).toBe(
      "layout-EXAMPLE",
    );
    await host.python("set", SERVICE, ACCOUNT, "python-EXAMPLE");
    expect(reveal((await keychain.read(SERVICE, [ACCOUNT])).get(ACCOUNT) ?? secret(""))).toBe(
      "python-EXAMPLE",
    );
    await host.python("delete", SERVICE, ACCOUNT);
    expect(await keychain.read(SERVICE, [ACCOUNT])).toEqual(new Map());
  });

  test("no handle stays, after success and after failure", async () => {
    await keychain.write(SERVICE, "held", secret("held-EXAMPLE"));
    await keychain.read(SERVICE, ["held", "absent"]);
    await keychain.list(SERVICE);
    await keychain.remove(SERVICE, "held");
    expect(host.wallet.users()).not.toContain("gum-cred");
    // Closing ours has closed nobody else's.
    expect(await keychain.state()).toBe("unlocked");
  });

  test("what was written is on the disk at once", async () => {
    const other = await startKwalletHost();
    await other.open().write(SERVICE, ACCOUNT, secret("durable-EXAMPLE"));
    await other.wallet.kill();
    const size = Bun.file(`${other.wallet.env["XDG_DATA_HOME"]}/kwalletd/kdewallet.kwl`).size;
    expect(size).toBeGreaterThan(100); // an empty wallet has 60 bytes
    await other.stop();
  });

  test("a map is no password: malformed, not absent and not empty", async () => {
    const handle = /int32 (-?\d+)/.exec(
      host.wallet.call("open", "string:kdewallet", "int64:0", "string:x"),
    )?.[1];
    host.wallet.call(
      "writeMap",
      `int32:${handle}`,
      `string:${SERVICE}`,
      "string:a-map",
      "array:byte:0",
      "string:x",
    );
    expect(await keychain.list(SERVICE)).toContain("a-map");
    const error = await expectError(keychain.read(SERVICE, ["a-map"]), "E_MALFORMED");
    expect(error.message).toContain("'a-map'");
    await keychain.write(SERVICE, "a-map", secret("a-password-EXAMPLE"));
    expect((await keychain.read(SERVICE, ["a-map"])).size).toBe(1);
  });

  test("an empty password of another program is found, and is empty", async () => {
    await host.python("set", SERVICE, "empty", "");
    expect(reveal((await keychain.read(SERVICE, ["empty"])).get("empty") ?? secret("absent"))).toBe("");
  });
});

describe("dialogs", () => {
  test("a closed wallet is locked, and nobody is asked for its password", async () => {
    const wallet = await startPrivateKwallet({ unlocked: false });
    const keychain = kwallet(OPTIONS, wallet.env);
    expect(await keychain.state()).toBe("locked");
    await expectError(keychain.read(SERVICE, [ACCOUNT]), "E_KEYCHAIN_LOCKED");
    await expectError(keychain.write(SERVICE, ACCOUNT, secret("x-EXAMPLE")), "E_KEYCHAIN_LOCKED");
    // While a dialog is open kwalletd does not let PAM open the wallet. There was none.
    await wallet.unlock();
    expect(await keychain.state()).toBe("unlocked");
    keychain.close();
    await wallet.stop();
  });

  test("unlocking an open wallet asks nobody; a closed one waits for the user, and no longer than told", async () => {
    const wallet = await startPrivateKwallet();
    const env = { ...wallet.env, GUM_CRED_KEYCHAIN: "kwallet" };
    await unlockKeychain(env, 3000);
    expect(wallet.users()).toEqual([]);
    await wallet.lock();
    const started = performance.now();
    await expectError(unlockKeychain(env, 500), "E_KEYCHAIN_TIMEOUT");
    expect(performance.now() - started).toBeWithin(480, 1000);
    await wallet.stop();
  });

  test("KWallet that asks for every application: denied with what to do, and nobody is asked", async () => {
    const wallet = await startPrivateKwallet({ settings: ["Prompt on Open=true"] });
    const keychain = kwallet({ ...OPTIONS, timeoutMs: 1500 }, wallet.env);
    const error = await expectError(keychain.read(SERVICE, [ACCOUNT]), "E_KEYCHAIN_DENIED");
    expect(error.hint).toContain("Allow Always");
    await expectError(keychain.state(), "E_KEYCHAIN_DENIED");
    // The setting does what it is taken for: whoever opens the wallet now waits for a dialog.
    expect(wallet.call("open", "string:kdewallet", "int64:0", "string:another")).toBe("");
    await wallet.stop();
  });

  test("once the user has said 'Allow Always' there is no question", async () => {
    const settings = ["Prompt on Open=true"];
    const wallet = await startPrivateKwallet({ settings, groups: "[Auto Allow]\nkdewallet=other,gum-cred" });
    const keychain = kwallet(OPTIONS, wallet.env);
    await keychain.write(SERVICE, ACCOUNT, secret("allowed-EXAMPLE"));
    expect(await keychain.list(SERVICE)).toEqual([ACCOUNT]);
    expect(wallet.call("open", "string:kdewallet", "int64:0", "string:other")).toContain("int32");
    keychain.close();
    await wallet.stop();
  });

  test("an application that the user refuses for good is denied", async () => {
    const wallet = await startPrivateKwallet({ groups: "[Auto Deny]\nkdewallet=gum-cred" });
    const keychain = kwallet(OPTIONS, wallet.env);
    await expectError(keychain.read(SERVICE, [ACCOUNT]), "E_KEYCHAIN_DENIED");
    keychain.close();
    await wallet.stop();
  });

  test("kwalletrc: the user's file before the system's, groups and markers as KDE writes them", async () => {
    const { directory, stop, env } = await startPrivateBus();
    const own = `${env["XDG_CONFIG_HOME"]}/kwalletrc`;
    const places = { ...env, XDG_CONFIG_DIRS: `${directory}/nowhere:${directory}` };
    const asks = (application = "gum-cred") => asksBeforeAccess("kdewallet", application, places);
    expect(asks()).toBe(false);
    writeFileSync(
      `${directory}/kwalletrc`,
      "[Other]\nPrompt on Open=false\n[Wallet]\nPrompt on Open[$i]=true\n",
    );
    expect(asks()).toBe(true);
    writeFileSync(own, "[Wallet]\nPrompt on Open=false\n");
    expect(asks()).toBe(false);
    writeFileSync(own, "# comment\n[Wallet]\r\nPrompt on Open = true\r\n");
    expect(asks()).toBe(true);
    appendFileSync(own, "[Auto Allow]\nkdewallet=KDE System,gum-cred\nother=nobody\n");
    expect([asks(), asks("KDE System"), asks("gum")]).toEqual([false, false, true]);
    await stop();
  });
});

test("KWallet switched off by the user: there is no keychain, and nothing is started", async () => {
  const bus = await startPrivateBus();
  writeFileSync(`${bus.env["XDG_CONFIG_HOME"]}/kwalletrc`, "[Wallet]\nEnabled=false\n");
  // It would be there, and say otherwise.
  const daemon = await startFakeKwallet(bus.env, bus.directory, { keepsItsOwn: true });
  const keychain = kwallet(OPTIONS, bus.env);
  expect(await keychain.state()).toBe("unavailable");
  const error = await expectError(keychain.read(SERVICE, [ACCOUNT]), "E_KEYCHAIN_UNAVAILABLE");
  expect(error.message).toContain("is disabled");
  expect(daemon.calls()).toEqual([]);
  await daemon.stop();
  await bus.stop();
});

describe("faults", () => {
  test("a kwalletd that hangs is a timeout, and the next operation works again", async () => {
    const wallet = await startPrivateKwallet();
    const keychain = kwallet({ ...OPTIONS, timeoutMs: 400 }, wallet.env);
    await keychain.write(SERVICE, ACCOUNT, secret("one-EXAMPLE"));
    for (const operation of [() => keychain.state(), () => keychain.read(SERVICE, [ACCOUNT])]) {
      wallet.freeze();
      const started = performance.now();
      await expectError(operation(), "E_KEYCHAIN_TIMEOUT");
      wallet.thaw();
      expect(performance.now() - started).toBeWithin(380, 900);
    }
    expect(await keychain.list(SERVICE)).toEqual([ACCOUNT]);
    await wallet.kill();
    expect(await keychain.state()).toBe("unavailable");
    await expectError(keychain.list(SERVICE), "E_KEYCHAIN_UNAVAILABLE");
    keychain.close();
    await wallet.stop();
  });
});
