/** Unlocking a real keychain with a password typed on a terminal that has no desktop. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, writeFileSync } from "node:fs";
import { run } from "../support/binary.ts";
import { startPrivateKeyring } from "../support/private-keyring.ts";
import { type PrivateKwallet, startPrivateKwallet } from "../support/private-kwallet.ts";
import { onTerminal } from "../support/terminal.ts";
import { useWorld } from "../support/world.ts";

const world = useWorld();
const PASSWORD = "keyring-password-EXAMPLE";
const ASKED = "(hidden): ";
const type = (password: string) => ({ wait: ASKED, type: `${password}\r` });

describe("GNOME Keyring", () => {
  test("opens with its password, which is not shown", async () => {
    await world.keyring.lock();
    const { code, screen, restored } = await onTerminal(["keychain", "unlock"], [type(PASSWORD)], {
      env: world.env,
    });
    expect({ code, restored }).toEqual({ code: 0, restored: true });
    expect(screen).not.toContain(PASSWORD);
    expect(screen).toContain("The keychain is open now (secret-service).");
    expect((await world.ok(["keychain"])).stdout).toContain("unlocked");
  });

  test("says when the password is wrong, asks again, and gives up in the end", async () => {
    await world.keyring.lock();
    const right = await onTerminal(["keychain", "unlock"], [type("wrong"), type(PASSWORD)], {
      env: world.env,
    });
    expect(right.code).toBe(0);
    expect(right.screen).toContain("that password is wrong");
    await world.keyring.lock();
    const wrong = await onTerminal(["keychain", "unlock"], [type("a"), type("b"), type("c")], {
      env: world.env,
    });
    expect(wrong.code).toBe(4);
    expect(wrong.screen).toContain("error[E_KEYCHAIN_DENIED]");
    await world.keyring.unlock();
  });

  test("Ctrl-D leaves it locked", async () => {
    await world.keyring.lock();
    const { code } = await onTerminal(["keychain", "unlock"], [{ wait: ASKED, type: "\u0004" }], {
      env: world.env,
    });
    expect(code).toBe(130);
    expect((await world.run(["keychain"])).code).toBe(4);
    await world.keyring.unlock();
  });

  test.each([
    ["keys set", ["keys", "set", "xai", "--key", "xai-EXAMPLE", "--no-verify"]],
    ["keys import", ["keys", "import", "--no-verify"]],
    ["login", ["login", "--api-key"]],
  ])("%s offers it", async (name, args) => {
    const { key, userId } = world.server.addApiKey();
    const file = `${world.home}/keys.env`;
    writeFileSync(file, "XAI_API_KEY=xai-EXAMPLE\n");
    const login = [key, "--user-id", userId, "--base-url", world.server.baseUrl];
    const flags = name === "login" ? login : name === "keys import" ? [file] : [];
    await world.keyring.lock();
    const { code } = await onTerminal([...args, ...flags], [type(PASSWORD)], { env: world.env });
    expect(code).toBe(0);
    expect((await world.ok(["keychain"])).stdout).toContain("unlocked");
  });

  test("makes the keychain of a fresh account, whose password is what was typed", async () => {
    const fresh = await startPrivateKeyring({ unlocked: false });
    try {
      const steps = [
        { wait: ASKED, type: "new-EXAMPLE\n" },
        { wait: ASKED, type: "new-EXAMPLE\n" },
      ];
      const { code } = await onTerminal(["keychain", "unlock"], steps, { env: fresh.env });
      expect(code).toBe(0);
      const flags = ["--key", "-", "--no-verify"];
      const stored = await run(["keys", "set", "xai", ...flags], { env: fresh.env, stdin: "xai-EXAMPLE" });
      expect(stored.code).toBe(0);
      expect(readdirSync(`${fresh.directory}/data/keyrings`)).toContain("login.keyring");
      await fresh.lock();
      const again = await onTerminal(["keychain", "unlock"], [type("new-EXAMPLE")], { env: fresh.env });
      expect(again.code).toBe(0);
    } finally {
      await fresh.stop();
    }
  });
});

describe("KWallet", () => {
  let wallet: PrivateKwallet;
  beforeAll(async () => {
    wallet = await startPrivateKwallet();
  });
  afterAll(() => wallet.stop());

  test("opens with its password, and says when it is wrong", async () => {
    await wallet.lock();
    const { code, screen } = await onTerminal(
      ["keychain", "unlock"],
      [type("wrong"), type("wallet-password-EXAMPLE")],
      { env: wallet.env },
    );
    expect(screen).toContain("that password is wrong");
    expect(screen).toContain("The keychain is open now (kwallet).");
    expect(code).toBe(0);
  });
});
