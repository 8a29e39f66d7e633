/** What only the Secret Service has: Python's layout, duplicates, a missing collection, odd services. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { reveal, secret } from "../../../src/core/secret.ts";
import type { Keychain } from "../../../src/keychain/keychain.ts";
import { secretService } from "../../../src/keychain/secret-service/secret-service.ts";
import { startPrivateBus } from "../../support/private-bus.ts";
import { startPrivateKeyring } from "../../support/private-keyring.ts";
import { type SecretServiceHost, startSecretServiceHost } from "./secret-service-host.ts";
import { expectError } from "./suite.ts";

const SERVICE = "gum-cred-contract";
const OPTIONS = { timeoutMs: 3000, mayPrompt: false };

describe("layout and duplicates", () => {
  let host: SecretServiceHost;
  let keychain: Keychain;
  beforeAll(async () => {
    host = await startSecretServiceHost();
    keychain = host.open();
  });
  afterAll(async () => {
    keychain?.close();
    await host?.stop();
  });

  const read = async (account: string) =>
    reveal((await keychain.read(SERVICE, [account])).get(account) ?? secret(""));
  const storeFrom = (application: string, account: string, value: string) =>
    host.storeWith({ application, service: SERVICE, username: account }, value);

  test("label, attributes and content type are exactly Python keyring's", async () => {
    await keychain.write("gumloop-cli", "default:api_key", secret("layout-EXAMPLE"));
    const [item, ...others] = await host.items("gumloop-cli", "default:api_key");
    expect(others).toEqual([]);
    expect(item?.label).toBe("Password for 'default:api_key' on 'gumloop-cli'");
    expect(item?.contentType).toBe("text/plain");
    expect(item?.value).toBe("layout-EXAMPLE");
    const { "xdg:schema": schema, ...attributes } = item?.attributes ?? {};
    expect(attributes).toEqual({
      application: "Python keyring library",
      service: "gumloop-cli",
      username: "default:api_key",
    });
    // GNOME Keyring adds this one to whatever comes without a schema.
    expect(schema ?? "org.freedesktop.Secret.Generic").toBe("org.freedesktop.Secret.Generic");
  });

  test("duplicates: the one changed last is read, a write leaves one, and a removal none", async () => {
    await storeFrom("another program", "twice", "older-EXAMPLE");
    await Bun.sleep(1100); // items are dated in whole seconds
    await storeFrom("a third program", "twice", "newer-EXAMPLE");
    expect(await host.items(SERVICE, "twice")).toHaveLength(2);
    expect(await read("twice")).toBe("newer-EXAMPLE");
    await Bun.sleep(1100);
    await storeFrom("another program", "twice", "newest-EXAMPLE");
    expect(await read("twice")).toBe("newest-EXAMPLE");
    expect(await keychain.list(SERVICE)).toEqual(["twice"]);

    await keychain.write(SERVICE, "twice", secret("only-EXAMPLE"));
    expect((await host.items(SERVICE, "twice")).map((item) => item.value)).toEqual(["only-EXAMPLE"]);

    await storeFrom("another program", "twice", "again-EXAMPLE");
    expect(await keychain.remove(SERVICE, "twice")).toBe(true);
    expect(await host.items(SERVICE, "twice")).toEqual([]);
    expect(await keychain.remove(SERVICE, "twice")).toBe(false);
  });

  test("duplicates of the same second: the one that Python keyring would replace is read", async () => {
    for (let attempt = 1; ; attempt++) {
      await storeFrom("another program", "tie", "not-ours-EXAMPLE");
      await host.store(SERVICE, "tie", "marked-EXAMPLE");
      await storeFrom("a third program", "tie", "not-ours-either-EXAMPLE");
      const dates = (await host.items(SERVICE, "tie")).map((item) => item.modified);
      if (new Set(dates).size === 1) break;
      if (attempt === 5) throw new Error("no three items in one second");
    }
    expect(await read("tie")).toBe("marked-EXAMPLE");
    await keychain.remove(SERVICE, "tie");
  });

  test("an item in another collection is not ours", async () => {
    const script = `
import secretstorage
bus = secretstorage.dbus_init()
secretstorage.Collection(bus, "/org/freedesktop/secrets/collection/session").create_item(
    "x", {"application": "Python keyring library", "service": "${SERVICE}", "username": "elsewhere"}, b"session-EXAMPLE")
print("stored", flush=True)
input()`;
    const env = { PATH: process.env["PATH"], ...host.keyring.env };
    const other = Bun.spawn(["/usr/bin/python3", "-c", script], {
      env,
      stdin: "pipe",
      stdout: "pipe",
    });
    await other.stdout.getReader().read(); // the session's items live as long as it does
    expect(await host.sh(["secret-tool", "lookup", "service", SERVICE, "username", "elsewhere"])).toContain(
      "EXAMPLE",
    );
    expect((await keychain.read(SERVICE, ["elsewhere"])).size).toBe(0);
    expect(await keychain.list(SERVICE)).toEqual([]);
    expect(await keychain.remove(SERVICE, "elsewhere")).toBe(false);
    other.kill();
    await other.exited;
  });
});

test("no default collection: nothing is stored, and storing says how to make one", async () => {
  const keyring = await startPrivateKeyring({ unlocked: false });
  const keychain = secretService(OPTIONS, keyring.env);
  expect(await keychain.state()).toBe("locked");
  expect(await keychain.read(SERVICE, ["one"])).toEqual(new Map());
  expect(await keychain.list(SERVICE)).toEqual([]);
  expect(await keychain.remove(SERVICE, "one")).toBe(false);
  const error = await expectError(keychain.write(SERVICE, "one", secret("x-EXAMPLE")), "E_KEYCHAIN_LOCKED");
  expect(error.message).toContain("no default keychain");
  expect(error.hint).toContain("gum-cred keychain unlock");
  expect(error.hint).not.toContain("gnome-keyring-daemon");
  keychain.close();
  await keyring.stop();
});

test("denied: the bus forbids the keyring", async () => {
  const keyring = await startPrivateKeyring({ denySecrets: true });
  const keychain = secretService(OPTIONS, keyring.env);
  await expectError(keychain.state(), "E_KEYCHAIN_DENIED");
  await expectError(keychain.read(SERVICE, ["one"]), "E_KEYCHAIN_DENIED");
  keychain.close();
  await keyring.stop();
});

test("a service that hangs is a timeout, of the whole operation, and the next one works again", async () => {
  const keyring = await startPrivateKeyring();
  const keychain = secretService({ ...OPTIONS, timeoutMs: 400 }, keyring.env);
  await keychain.write(SERVICE, "one", secret("one-EXAMPLE"));
  for (const operation of [
    () => keychain.read(SERVICE, ["one", "two", "three"]),
    () => keychain.write(SERVICE, "one", secret("x-EXAMPLE")),
    () => keychain.state(),
  ]) {
    keyring.freeze();
    const started = performance.now();
    await expectError(operation(), "E_KEYCHAIN_TIMEOUT");
    keyring.thaw();
    expect(performance.now() - started).toBeWithin(380, 900);
  }
  expect(await keychain.list(SERVICE)).toEqual(["one"]);
  keychain.close();
  await keyring.stop();
});

test("a named bus that goes away is a failure, and cannot be reached after it", async () => {
  const keyring = await startPrivateKeyring();
  const keychain = secretService(OPTIONS, keyring.env);
  await keychain.write(SERVICE, "one", secret("one-EXAMPLE"));
  await keyring.stop();
  await expectError(keychain.read(SERVICE, ["one"]), "E_KEYCHAIN_FAILED");
  await expectError(keychain.read(SERVICE, ["one"]), "E_KEYCHAIN_UNREACHABLE");
  expect(await keychain.state()).toBe("unavailable");
  keychain.close();
});

describe("odd services", () => {
  test.each([
    ["plain", "read", null, "odd-EXAMPLE"],
    ["plain", "write", "E_KEYCHAIN_LOCKED", "wants its password"],
    ["plain", "remove", "E_KEYCHAIN_LOCKED", "wants its password"],
    ["create-locked", "write", "E_KEYCHAIN_LOCKED", "locked"],
    ["item-locked", "read", "E_KEYCHAIN_LOCKED", "an entry of the keychain is locked"],
    ["item-gone", "read", null, ""],
    ["item-withheld", "read", "E_KEYCHAIN_FAILED", "did not return every entry"],
    ["bad-key", "read", "E_KEYCHAIN_FAILED", "no usable public key"],
    ["no-key", "read", "E_KEYCHAIN_FAILED", "no usable public key"],
    ["wrong-type", "read", "E_KEYCHAIN_FAILED", "unexpected reply to "],
    ["strange-error", "read", "E_KEYCHAIN_FAILED", "answered SearchItems with com.example.StrangeError"],
    ["not-text", "read", "E_MALFORMED", "'odd' is not text"],
    ["vanishes", "read", "E_KEYCHAIN_TIMEOUT", "exited before it answered"],
    ["deaf", "read", "E_KEYCHAIN_TIMEOUT", "within 1.5 s"],
  ] as const)("%s: %s", async (oddity, operation, code, text) => {
    const bus = await startPrivateBus();
    const service = Bun.spawn(["/usr/bin/python3", `${import.meta.dir}/odd-service.py`, oddity], {
      env: { PATH: process.env["PATH"], ...bus.env },
      stdout: "pipe",
    });
    const keychain = secretService({ ...OPTIONS, timeoutMs: 1500 }, bus.env);
    try {
      await service.stdout.getReader().read();
      const running =
        operation === "read"
          ? keychain.read(SERVICE, ["odd"]).then((found) => found.get("odd"))
          : operation === "write"
            ? keychain.write(SERVICE, "odd", secret("odd-EXAMPLE"))
            : keychain.remove(SERVICE, "odd");
      if (code !== null) {
        expect((await expectError(running, code)).message).toContain(text);
      } else {
        const found = await running;
        expect(typeof found === "object" ? reveal(found) : "").toBe(text);
      }
    } finally {
      keychain.close();
      service.kill();
      await bus.stop();
    }
  });
});
