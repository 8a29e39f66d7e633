/**
 * What Windows can answer besides success, and what it is told apart by: the number of GetLastError. And what the
 * backend owes the machine: every native result freed, every value overwritten, no wait without an end.
 */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { secret } from "../../../src/core/secret.ts";
import type { Keychain } from "../../../src/keychain/keychain.ts";
import { windowsCredentialManager } from "../../../src/keychain/windows/windows.ts";
import { SOON_MS } from "../../support/patience.ts";
import { openWindowsKeychain } from "../../support/wine/keychain-proxy.ts";
import { closeWine } from "../../support/wine/wine.ts";
import { expectError } from "./suite.ts";

const VALUE = secret("EXAMPLE");

describe("windows: faults", () => {
  beforeAll(async () => {
    await openWindowsKeychain().state(); // makes Wine's prefix and the programs, once
  }, 120_000);
  afterAll(closeWine);

  /** Every operation but `state`, on entries that are not there. */
  const operations = (keychain: Keychain) => [
    keychain.read("service", ["account"]),
    keychain.write("service", "account", VALUE),
    keychain.remove("service", "account"),
    keychain.list("service"),
  ];

  test.each([
    [1312, "E_KEYCHAIN_UNAVAILABLE", "logon session"],
    [5, "E_KEYCHAIN_DENIED", "Windows error 5)"],
    [87, "E_KEYCHAIN_FAILED", "Windows error 87)"],
    [1783, "E_KEYCHAIN_FAILED", "Windows error 1783)"],
  ])("GetLastError %i is %s", async (number, code, text) => {
    const keychain = openWindowsKeychain({ env: { STRICT_ERROR: String(number) } });
    for (const operation of operations(keychain)) {
      expect((await expectError(operation, code)).message).toContain(text);
    }
    if (number === 1312) expect(await keychain.state()).toBe("unavailable");
    else await expectError(keychain.state(), code);
  });

  test("the number is read reliably: many thousand failures, the collector running, none mistaken", async () => {
    const values = ["5", "1168", "87", "1312", "1004"];
    const seen = await openWindowsKeychain().call("lastErrors", { values, count: 20_000 });
    expect(seen).toEqual({
      "5: E_KEYCHAIN_DENIED 5": 4000,
      "1168: absent 0": 4000,
      "87: E_KEYCHAIN_FAILED 87": 4000,
      "1312: E_KEYCHAIN_UNAVAILABLE ": 4000,
      "1004: E_KEYCHAIN_FAILED 1004": 4000,
    });
  });

  test("a machine without the library: unavailable, and nothing is looked for in the current directory", async () => {
    const keychain = windowsCredentialManager({ timeoutMs: 1000, mayPrompt: false }); // this Linux
    expect(await keychain.state()).toBe("unavailable");
    for (const operation of operations(keychain)) {
      expect((await expectError(operation, "E_KEYCHAIN_UNAVAILABLE")).message).toContain("advapi32.dll");
    }
  });

  test("a writer that another holds up gives up in time, and takes over from one that died", async () => {
    const holder = openWindowsKeychain();
    await holder.call("hold", { count: 60_000 });
    const waiting = openWindowsKeychain({ timeoutMs: 400 });
    await waiting.state();
    const started = performance.now();
    await expectError(waiting.write("service", "account", VALUE), "E_KEYCHAIN_TIMEOUT");
    await expectError(waiting.remove("service", "account"), "E_KEYCHAIN_TIMEOUT");
    expect(performance.now() - started).toBeLessThan(SOON_MS);
    expect(await waiting.read("service", ["account"])).toEqual(new Map()); // readers wait for nobody
    await holder.kill();
    await waiting.write("service", "account", VALUE);
    expect(await waiting.remove("service", "account")).toBe(true);
  });

  test.each([
    ["short", 7, 2000],
    ["long", 7000, 400],
  ])(
    "10,000 cycles over %s values keep nothing",
    async (_kind, length, count) => {
      const keychain = openWindowsKeychain({ env: { STRICT_MEMORY: "1" } });
      const value = "EXAMPLE".repeat(length / 7);
      const sizes: number[] = [];
      // strict-credentials.dll ends the process if a value is freed that was not overwritten.
      for (let round = 0; round < 5; round += 1) {
        const parameters = { service: "service", account: "account", value, count };
        const { outstanding, rss } = (await keychain.call("memory", parameters)) as Record<string, number>;
        expect(outstanding).toBe(0);
        sizes.push(Math.round((rss ?? Number.NaN) / 2 ** 20));
      }
      const [first = Number.NaN] = sizes;
      expect(Math.max(...sizes) - first).toBeLessThan(16); // MiB; measured: 4
    },
    60_000,
  );

  test("what a write was given is overwritten on our side too", async () => {
    expect(await openWindowsKeychain().call("leftovers", { service: "service", account: "account" })).toEqual(
      {
        written: 0,
        refused: 0,
      },
    );
  });

  test("the real advapi32.dll answers as the checked one does", async () => {
    const keychain = openWindowsKeychain({ direct: true });
    expect(await keychain.state()).toBe("unlocked");
    await keychain.write("direct", "account", secret("EXAMPLE-".repeat(1000)));
    expect(await keychain.list("direct")).toEqual(["account"]);
    expect((await keychain.read("direct", ["account"])).size).toBe(1);
    expect(await keychain.remove("direct", "account")).toBe(true);
    expect(await keychain.remove("direct", "account")).toBe(false);
  });
});
