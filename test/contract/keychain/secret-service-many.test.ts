/** Hundreds of entries in a Secret Service, on a bus with the limits that dbus-daemon has by itself. */
import { expect, test } from "bun:test";
import { secretService } from "../../../src/keychain/secret-service/secret-service.ts";
import { startFakeSecretService } from "../../support/fake-secret-service.ts";

test("all are listed though the bus lets 128 calls wait at most", async () => {
  const accounts = Array.from({ length: 400 }, (_, index) => `p${index}:field`).toSorted();
  const items = accounts.map((username) => ({
    attributes: { service: "gum-cred-many", username },
    value: "EXAMPLE",
  }));
  const service = await startFakeSecretService({ collections: { login: { items } } });
  const keychain = secretService({ timeoutMs: 20_000, mayPrompt: false }, service.env);
  try {
    expect(await keychain.list("gum-cred-many")).toEqual(accounts);
  } finally {
    keychain.close();
    await service.stop();
  }
});
