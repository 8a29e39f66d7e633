/** What a run says it will read comes with its next read: once, never wrong, and never in the way of what is read now. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "bun:test";
import { reveal, secret } from "../../../src/core/secret.ts";
import type { Keychain } from "../../../src/keychain/keychain.ts";
import { type SecretServiceHost, startSecretServiceHost } from "./secret-service-host.ts";
import { expectError } from "./suite.ts";

let host: SecretServiceHost;
let keychain: Keychain;
beforeAll(async () => {
  host = await startSecretServiceHost();
});
afterAll(() => host?.stop());
beforeEach(() => {
  keychain = host.open();
});
afterEach(() => keychain.close());

const read = async (service: string, ...accounts: string[]) =>
  Object.fromEntries(
    [...(await keychain.read(service, accounts))].map(([account, value]) => [account, reveal(value)]),
  );

test("it comes as it was at that read, once, and then as it is", async () => {
  await host.store("one", "now", "now-EXAMPLE");
  await host.store("other", "soon", "before-EXAMPLE");
  keychain.foresee("other", ["soon", "absent"]);
  expect(await read("one", "now")).toEqual({ now: "now-EXAMPLE" });
  await host.store("other", "soon", "after-EXAMPLE");
  await host.store("other", "absent", "made-EXAMPLE");
  expect(await read("other", "soon", "absent")).toEqual({ soon: "before-EXAMPLE" });
  expect(await read("other", "soon", "absent")).toEqual({ soon: "after-EXAMPLE", absent: "made-EXAMPLE" });
});

test("after a while, after a write of ours and for more than was foreseen it is read again", async () => {
  await host.store("one", "now", "now-EXAMPLE");
  const foreseenThenChanged = async (change: () => Promise<unknown>) => {
    await host.store("other", "soon", "before-EXAMPLE");
    keychain.foresee("other", ["soon"]);
    await read("one", "now");
    await host.store("other", "soon", "after-EXAMPLE");
    await change();
  };
  await foreseenThenChanged(() => Bun.sleep(600));
  expect(await read("other", "soon")).toEqual({ soon: "after-EXAMPLE" });
  await foreseenThenChanged(() => keychain.write("one", "more", secret("more-EXAMPLE")));
  expect(await read("other", "soon")).toEqual({ soon: "after-EXAMPLE" });
  await foreseenThenChanged(() => keychain.remove("one", "more"));
  expect(await read("other", "soon")).toEqual({ soon: "after-EXAMPLE" });
  await foreseenThenChanged(async () => {});
  expect(await read("other", "soon", "another")).toEqual({ soon: "after-EXAMPLE" });
});

test("what cannot be read hinders nothing before it is wanted", async () => {
  await host.store("one", "now", "now-EXAMPLE");
  await host.sh([
    "/usr/bin/python3",
    "-c",
    `
import secretstorage
bus = secretstorage.dbus_init()
secretstorage.get_default_collection(bus).create_item("not text", {"service": "other", "username": "bytes"}, b"\\xff\\xfe", True)
`,
  ]);
  keychain.foresee("other", ["bytes"]);
  expect(await read("one", "now")).toEqual({ now: "now-EXAMPLE" });
  await expectError(read("other", "bytes"), "E_MALFORMED");
});

test("two services of the same account are two entries", async () => {
  await host.store("one", "same", "one-EXAMPLE");
  await host.store("other", "same", "other-EXAMPLE");
  keychain.foresee("other", ["same"]);
  expect(await read("one", "same")).toEqual({ same: "one-EXAMPLE" });
  expect(await read("other", "same")).toEqual({ same: "other-EXAMPLE" });
});

test("many entries of one service are found by their names, whatever else it holds", async () => {
  const many = Array.from({ length: 9 }, (_, index) => `many${index}`);
  expect(await read("large", ...many)).toEqual({});
  // First, because storing replaces whatever has these attributes and more.
  await host.storeWith({ service: "large" }, "nameless-EXAMPLE");
  await host.store("large", "many3", "three-EXAMPLE");
  await host.storeWith(
    { application: "another program", service: "large", username: "many5" },
    "old-EXAMPLE",
  );
  await Bun.sleep(1100); // items are dated in whole seconds
  await host.storeWith(
    { application: "a third program", service: "large", username: "many5" },
    "five-EXAMPLE",
  );
  const found = { many3: "three-EXAMPLE", many5: "five-EXAMPLE" };
  expect(await read("large", ...many)).toEqual(found);
  // More items than entries: each is looked for.
  for (let index = 0; index < 8; index++) await host.store("large", `other${index}`, "other-EXAMPLE");
  expect(await read("large", ...many)).toEqual(found);
  expect([...(await keychain.modifiedAt("large", many)).keys()].sort()).toEqual(["many3", "many5"]);
});
