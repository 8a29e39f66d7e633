/**
 * Both directions against the programs whose entries these are: Debian's Python keyring, as the official
 * `gumloop` CLI uses it, and libsecret's secret-tool. Each sees, updates in place and deletes what the other
 * wrote; label and attributes are compared exactly, through SecretStorage.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { reveal, secret } from "../../src/core/secret.ts";
import type { Keychain } from "../../src/keychain/keychain.ts";
import { type SecretServiceHost, startSecretServiceHost } from "../contract/keychain/secret-service-host.ts";
import { run } from "../support/binary.ts";

const SERVICE = "gumloop-cli";
const FIELDS = ["access_token", "refresh_token", "api_key", "user_id", "base_url"];

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

/** Runs one function of Python's keyring module; what it returned, or the name of the exception. */
async function python(call: "get" | "set" | "delete", ...args: readonly string[]): Promise<unknown> {
  const script = `
import json, keyring, sys
try:
    print(json.dumps(keyring.${call}_password(*sys.argv[1:])))
except Exception as error:
    print(json.dumps(type(error).__name__))`;
  const backend = "PYTHON_KEYRING_BACKEND=keyring.backends.SecretService.Keyring";
  return JSON.parse(await host.sh(["env", backend, "/usr/bin/python3", "-c", script, ...args]));
}

const ours = async (account: string) => {
  const value = (await keychain.read(SERVICE, [account])).get(account);
  return value === undefined ? null : reveal(value);
};
const write = (account: string, value: string) => keychain.write(SERVICE, account, secret(value));

/** An item without what differs from write to write. */
async function layout(account: string) {
  const items = await host.items(SERVICE, account);
  expect(items).toHaveLength(1);
  const [{ label, attributes: { "xdg:schema": schema, ...attributes } = {}, contentType } = {}] = items;
  // GNOME Keyring adds this one of its own accord, to either's items, sooner or later.
  expect([undefined, "org.freedesktop.Secret.Generic"]).toContain(schema);
  return { label, attributes, contentType };
}

async function identity(account: string): Promise<string | undefined> {
  const items = await host.items(SERVICE, account);
  expect(items).toHaveLength(1);
  return items[0]?.identity;
}

describe("Python keyring", () => {
  test("reads every field we write, and we every field it writes", async () => {
    for (const field of FIELDS) await write(`ours:${field}`, `${field}-EXAMPLE é 漢`);
    for (const field of FIELDS) {
      expect(await python("get", SERVICE, `ours:${field}`)).toBe(`${field}-EXAMPLE é 漢`);
      await python("set", SERVICE, `theirs:${field}`, `${field}-EXAMPLE ü 字`);
    }
    const found = await keychain.read(
      SERVICE,
      FIELDS.map((field) => `theirs:${field}`),
    );
    expect([...found.values()].map(reveal)).toEqual(FIELDS.map((field) => `${field}-EXAMPLE ü 字`));
    expect(await keychain.list(SERVICE)).toEqual(
      FIELDS.flatMap((field) => [`ours:${field}`, `theirs:${field}`]).sort(),
    );
  });

  test("the items are the same to the letter", async () => {
    await write("same", "one-EXAMPLE");
    const written = await layout("same");
    await keychain.remove(SERVICE, "same");
    await python("set", SERVICE, "same", "one-EXAMPLE");
    expect(written).toEqual(await layout("same"));
    expect(written.label).toBe("Password for 'same' on 'gumloop-cli'");
    await keychain.remove(SERVICE, "same");
  });

  test("updates ours in place, and we theirs", async () => {
    await write("updated", "1-EXAMPLE");
    const first = await identity("updated");
    await python("set", SERVICE, "updated", "2-EXAMPLE");
    expect(await ours("updated")).toBe("2-EXAMPLE");
    expect(await identity("updated")).toBe(first);
    await write("updated", "3-EXAMPLE");
    expect(await python("get", SERVICE, "updated")).toBe("3-EXAMPLE");
    expect(await identity("updated")).toBe(first);
  });

  test("deletes ours, and we theirs", async () => {
    await write("deleted", "1-EXAMPLE");
    expect(await python("delete", SERVICE, "deleted")).toBeNull();
    expect(await ours("deleted")).toBeNull();
    expect(await python("delete", SERVICE, "deleted")).toBe("PasswordDeleteError");
    await python("set", SERVICE, "deleted", "2-EXAMPLE");
    expect(await keychain.remove(SERVICE, "deleted")).toBe(true);
    expect(await python("get", SERVICE, "deleted")).toBeNull();
  });

  test("signs the binary in: what it wrote for a profile is what gum-cred gives out", async () => {
    await python("set", SERVICE, "signed-in:access_token", "token-EXAMPLE");
    await python("set", SERVICE, "signed-in:base_url", "https://api.gumloop.com/api/v1");
    const profile = ["--profile", "signed-in"];
    const got = await run(["get", "gumloop", ...profile], { env: host.keyring.env });
    expect(got).toMatchObject({ code: 0, stdout: "token-EXAMPLE\n", stderr: "" });
    await python("delete", SERVICE, "signed-in:access_token");
    expect((await run(["get", "gumloop", ...profile], { env: host.keyring.env })).code).toBe(3);
  });

  test("after a duplicate by another program we leave the one item that it goes on updating", async () => {
    await host.storeWith({ application: "other", service: SERVICE, username: "doubled" }, "other-EXAMPLE");
    await python("set", SERVICE, "doubled", "python-EXAMPLE");
    expect(await host.items(SERVICE, "doubled")).toHaveLength(2);
    await write("doubled", "ours-EXAMPLE");
    expect(await python("get", SERVICE, "doubled")).toBe("ours-EXAMPLE");
    await python("set", SERVICE, "doubled", "again-EXAMPLE");
    expect(await ours("doubled")).toBe("again-EXAMPLE");
    expect(await host.items(SERVICE, "doubled")).toHaveLength(1);
  });
});

describe("secret-tool", () => {
  const query = (account: string) => ["service", SERVICE, "username", account];

  test("reads ours, and we what it stores in this layout", async () => {
    await write("tool", "ours-EXAMPLE");
    expect(await host.sh(["secret-tool", "lookup", ...query("tool")])).toBe("ours-EXAMPLE");
    await host.store(SERVICE, "tool:theirs", "theirs-EXAMPLE");
    expect(await ours("tool:theirs")).toBe("theirs-EXAMPLE");
    expect(await python("get", SERVICE, "tool:theirs")).toBe("theirs-EXAMPLE");
  });

  test("what it stored is updated in place by us, and what we wrote by it", async () => {
    await host.store(SERVICE, "tool:updated", "1-EXAMPLE");
    const first = await identity("tool:updated");
    await write("tool:updated", "2-EXAMPLE");
    expect(await identity("tool:updated")).toBe(first);
    await host.store(SERVICE, "tool:updated", "3-EXAMPLE");
    expect(await identity("tool:updated")).toBe(first);
    expect(await ours("tool:updated")).toBe("3-EXAMPLE");
  });

  test("clears ours, and we what it stored", async () => {
    await write("tool:cleared", "1-EXAMPLE");
    await host.sh(["secret-tool", "clear", ...query("tool:cleared")]);
    expect(await ours("tool:cleared")).toBeNull();
    await host.store(SERVICE, "tool:cleared", "2-EXAMPLE");
    expect(await keychain.remove(SERVICE, "tool:cleared")).toBe(true);
    expect(await host.items(SERVICE, "tool:cleared")).toEqual([]);
  });
});
