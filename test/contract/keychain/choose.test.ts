/** Which keychain is in force: by name, by what is on the bus, and that nobody pays for the ones that are not. */
import { afterEach, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { hasCode } from "../../../src/core/errors.ts";
import { reveal, secret } from "../../../src/core/secret.ts";
import { openKeychain, unlockKeychain } from "../../../src/keychain/choose.ts";
import { describeChoice } from "../../../src/keychain/describe-choice.ts";
import type { Keychain } from "../../../src/keychain/keychain.ts";
import { secretService } from "../../../src/keychain/secret-service/secret-service.ts";
import { startFakeKwallet } from "../../support/fake-kwallet.ts";
import { startFakeSecretService } from "../../support/fake-secret-service.ts";
import { type PrivateBus, startPrivateBus } from "../../support/private-bus.ts";
import { startPrivateKeyring } from "../../support/private-keyring.ts";
import { startPrivateKwallet } from "../../support/private-kwallet.ts";
import { expectError } from "./suite.ts";

const SERVICE = "gumloop-cli";
const ACCOUNT = "default:api_key";

let stopping: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stopping.reverse()) await stop();
  stopping = [];
});

const kept = <T extends { stop(): Promise<void> }>(started: T): T => {
  stopping.push(started.stop);
  return started;
};
const open = (env: Record<string, string>): Keychain => {
  const keychain = openKeychain({ timeoutMs: 3000, mayPrompt: false }, env);
  stopping.push(keychain.close);
  return keychain;
};
const stored = async (keychain: Keychain) =>
  reveal((await keychain.read(SERVICE, [ACCOUNT])).get(ACCOUNT) ?? secret("absent"));

async function kwalletOn(bus: PrivateBus, names = ["org.kde.kwalletd6", "org.kde.kwalletd5"]) {
  return kept(await startFakeKwallet(bus.env, bus.directory, { keepsItsOwn: true, names }));
}

describe("by name", () => {
  test("every backend, where its platform has it or not; a wrong platform is unavailable", async () => {
    for (const name of ["secret-service", "kwallet", "macos-keychain", "windows-credential-manager"]) {
      const keychain = open({ GUM_CRED_KEYCHAIN: name });
      expect(keychain.backend).toBe(name);
      expect(await keychain.state()).toBe("unavailable");
      await expectError(keychain.list(SERVICE), "E_KEYCHAIN_UNREACHABLE");
      await expectError(unlockKeychain({ GUM_CRED_KEYCHAIN: name }, 500), "E_KEYCHAIN_UNREACHABLE");
    }
  });

  test("an unknown name is a mistake and not a way to the default; an empty one is none", () => {
    for (const name of ["gnome", "Secret-Service", " kwallet", "toString", "\u001b[31mred"]) {
      let error: unknown;
      try {
        open({ GUM_CRED_KEYCHAIN: name });
      } catch (thrown) {
        error = thrown;
      }
      expect(hasCode(error, "E_INVALID_VALUE")).toBe(true);
      expect(String(error)).not.toContain("\u001b");
    }
    expect(open({ GUM_CRED_KEYCHAIN: "" }).backend).toBe("secret-service");
  });

  test("KWallet, although there is a Secret Service", async () => {
    const keyring = kept(await startPrivateKeyring());
    const kwallet = await kwalletOn(keyring);
    const keychain = open({ ...keyring.env, GUM_CRED_KEYCHAIN: "kwallet" });
    await keychain.write(SERVICE, ACCOUNT, secret("in-kwallet-EXAMPLE"));
    expect(kwallet.calls()).toContain("writePassword");
    expect(await stored(open(keyring.env))).toBe("absent");
  });
});

describe("by what is on the bus", () => {
  test("both: the Secret Service, and KWallet is not asked anything", async () => {
    const keyring = kept(await startPrivateKeyring());
    const kwallet = await kwalletOn(keyring);
    const keychain = open(keyring.env);
    await keychain.write(SERVICE, ACCOUNT, secret("both-EXAMPLE"));
    expect(await stored(keychain)).toBe("both-EXAMPLE");
    expect(keychain.backend).toBe("secret-service");
    expect(kwallet.calls()).toEqual([]);
    expect(describeChoice(keyring.env, 1000)).toEqual({
      backend: "secret-service",
      reason: "the official CLI prefers it too; GUM_CRED_KEYCHAIN=kwallet would take KWallet",
      candidates: [
        { backend: "secret-service", present: true },
        { backend: "kwallet", present: true },
      ],
    });
  });

  test.each(["read", "write", "remove", "list", "state"] as const)(
    "KWallet alone: found by %s, and used from then on",
    async (first) => {
      const wallet = kept(await startPrivateKwallet());
      const keychain = open(wallet.env);
      await keychain.read(SERVICE, []); // asks nobody, and settles nothing
      const operations = {
        read: () => keychain.read(SERVICE, [ACCOUNT]),
        write: () => keychain.write(SERVICE, ACCOUNT, secret("kde-EXAMPLE")),
        remove: () => keychain.remove(SERVICE, ACCOUNT),
        list: () => keychain.list(SERVICE),
        state: () => keychain.state(),
      };
      await operations[first]();
      expect(keychain.backend).toBe("kwallet");
      await keychain.write(SERVICE, ACCOUNT, secret("kde-EXAMPLE"));
      expect(await stored(keychain)).toBe("kde-EXAMPLE");
    },
  );

  test("KWallet alone and closed: locked; unlocking goes to KWallet", async () => {
    const wallet = kept(await startPrivateKwallet({ unlocked: false }));
    const keychain = open(wallet.env);
    expect(await keychain.state()).toBe("locked");
    await expectError(keychain.read(SERVICE, [ACCOUNT]), "E_KEYCHAIN_LOCKED");
    await expectError(unlockKeychain(wallet.env, 400), "E_KEYCHAIN_TIMEOUT");
  });

  test("either name of KWallet is enough", async () => {
    for (const name of ["org.kde.kwalletd6", "org.kde.kwalletd5"]) {
      const bus = kept(await startPrivateBus());
      await kwalletOn(bus, [name]);
      expect(await open(bus.env).state()).toBe("unlocked");
      expect(describeChoice(bus.env, 1000)).toMatchObject({
        backend: "kwallet",
        reason: "it is the only one on the session bus",
      });
    }
  });

  test("KWallet that is switched off does not count", async () => {
    const bus = kept(await startPrivateBus());
    await kwalletOn(bus);
    writeFileSync(`${bus.env["XDG_CONFIG_HOME"]}/kwalletrc`, "[Wallet]\nEnabled=false\n");
    expect(await open(bus.env).state()).toBe("unavailable");
    expect(describeChoice(bus.env, 1000).backend).toBeNull();
  });

  test("neither", async () => {
    const bus = kept(await startPrivateBus());
    expect(await open(bus.env).state()).toBe("unavailable");
    expect(describeChoice(bus.env, 1000)).toMatchObject({
      backend: null,
      reason: "neither a Secret Service nor KWallet is on the session bus",
    });
  });

  test("a Secret Service that dies is not replaced by KWallet in the middle of the work", async () => {
    const service = await startFakeSecretService();
    const kwallet = await kwalletOn(service);
    stopping.push(service.stop);
    const keychain = open(service.env);
    await keychain.write(SERVICE, ACCOUNT, secret("first-EXAMPLE"));
    await service.end();
    expect(await keychain.write(SERVICE, ACCOUNT, secret("second-EXAMPLE")).catch(() => "failed")).toBe(
      "failed",
    );
    expect(await keychain.state().catch(() => "failed")).not.toBe("unlocked");
    expect(kwallet.calls()).toEqual([]);
  });
});

describe("the Secret Service of kwalletd5", () => {
  test("is used, and opened without a dialog while the wallet is open", async () => {
    const wallet = kept(await startPrivateKwallet({ secretService: true }));
    expect(await secretService({ timeoutMs: 3000, mayPrompt: false }, wallet.env).state()).toBe("locked");
    const keychain = open(wallet.env);
    expect(await keychain.list(SERVICE)).toEqual([]);
    expect(keychain.backend).toBe("secret-service");
    expect(await secretService({ timeoutMs: 3000, mayPrompt: false }, wallet.env).state()).toBe("unlocked");
    expect(await open({ ...wallet.env, GUM_CRED_KEYCHAIN: "secret-service" }).state()).toBe("unlocked");
    await wallet.lock();
    expect(await keychain.state()).toBe("locked");
    await expectError(keychain.list(SERVICE), "E_KEYCHAIN_LOCKED");
    await wallet.unlock(); // PAM could not, while a dialog is open
    expect(await keychain.state()).toBe("unlocked");
  });

  test("stays locked where KWallet would ask whether it may be used", async () => {
    const settings = ["Prompt on Open=true"];
    const wallet = kept(await startPrivateKwallet({ secretService: true, settings }));
    const keychain = open(wallet.env);
    expect(await keychain.state()).toBe("locked");
    await expectError(keychain.list(SERVICE), "E_KEYCHAIN_LOCKED");
  });

  test("another Secret Service that is locked is left alone", async () => {
    const service = kept(
      await startFakeSecretService({ collections: { login: { locked: true } }, user: "accepts" }),
    );
    const kwallet = await kwalletOn(service);
    await expectError(open(service.env).list(SERVICE), "E_KEYCHAIN_LOCKED");
    expect(service.calls()).not.toContain("Prompt");
    expect(kwallet.calls()).toEqual([]);
  });
});
