/**
 * What every keychain backend promises, as one suite over a real store. A backend's own test file says how to
 * start the store and how another program looks into it, and runs this.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { GumCredError } from "../../../src/core/errors.ts";
import { reveal, secret } from "../../../src/core/secret.ts";
import type { Keychain, KeychainOptions } from "../../../src/keychain/keychain.ts";

/** An item as a program sees it that shares no code with gum-cred. */
export interface ForeignItem {
  /** What stays the same as long as an item is replaced in place. */
  readonly identity: string;
  readonly value: string;
}

/** A real, private store with its backend. */
export interface Host {
  open(options?: Partial<KeychainOptions>): Keychain;
  /** The backend on a machine that has no such store. */
  openNowhere(): Keychain;
  lock(): Promise<void>;
  unlock(): Promise<void>;
  /** Another program's view of an account. */
  items(service: string, account: string): Promise<readonly ForeignItem[]>;
  /** Another program stores a value as an official tool of the platform would. */
  store(service: string, account: string, value: string): Promise<void>;
  /** Runs a TypeScript file that uses the store; resolves with its exit code. */
  run(file: string, ...args: readonly string[]): Promise<number>;
  stop(): Promise<void>;
}

/** In what a platform's store differs for good. */
export interface Traits {
  /** False where the store is open as long as its user is signed in. Default true. */
  readonly locks?: boolean;
  /** The most UTF-16 units that an account name can have. Default 4096. */
  readonly longestName?: number;
}

const SERVICE = "gum-cred-contract";
const OTHER_SERVICE = "gum-cred-contract-other";

const AWKWARD_NAMES = [
  "default:api_key",
  "with space",
  'it\'s "quoted" and \\ escaped',
  "100%s %n {0} $HOME `id` $(id)",
  "a=b&c=d;e,f",
  "('tuple', <'variant'>)",
  "Ünïcödé 漢字 😀 \u202e",
  "line\nbreak\ttab",
  "-dash --flag",
];

const AWKWARD_VALUES = {
  ascii: "sk-EXAMPLE-0123456789",
  unicode: "EXAMPLE Ünïcödé 漢字 😀",
  whitespace: "  EXAMPLE\r\n\t ",
  quotes: "EXAMPLE '\"\\`$(id)%s",
  byteOrderMark: "\ufeffEXAMPLE",
  one: "E",
  block: "EXAMPLE-16-bytes",
};

/** Runs the contract. `start` is called once, before all. */
export function keychainContract(name: string, start: () => Promise<Host>, traits: Traits = {}): void {
  const { locks = true, longestName = 4096 } = traits;
  const awkwardNames = [...AWKWARD_NAMES, "x".repeat(longestName)];
  describe(`${name}: keychain contract`, () => {
    let host: Host;
    let keychain: Keychain;
    beforeAll(async () => {
      host = await start();
      keychain = host.open();
    });
    afterAll(async () => {
      keychain?.close();
      await host?.stop();
    });

    const stored = async (account: string, service = SERVICE) => {
      const found = (await keychain.read(service, [account])).get(account);
      return found && reveal(found);
    };
    const put = (account: string, value: string, service = SERVICE) =>
      keychain.write(service, account, secret(value));

    test("absent: missing from the map, nothing to list or remove, and no error", async () => {
      expect(await keychain.state()).toBe("unlocked");
      expect(await keychain.read(SERVICE, ["nobody"])).toEqual(new Map());
      expect(await keychain.read(SERVICE, [])).toEqual(new Map());
      expect(await keychain.list(SERVICE)).toEqual([]);
      expect(await keychain.remove(SERVICE, "nobody")).toBe(false);
    });

    test("found: several accounts at once, in the order asked for, the absent ones left out", async () => {
      await put("one", "value-1-EXAMPLE");
      await put("two", "value-2-EXAMPLE");
      const found = await keychain.read(SERVICE, ["two", "nobody", "one", "two"]);
      expect([...found].map(([account, value]) => [account, reveal(value)])).toEqual([
        ["two", "value-2-EXAMPLE"],
        ["one", "value-1-EXAMPLE"],
      ]);
      expect(await keychain.list(SERVICE)).toEqual(["one", "two"]);
    });

    test("replace: the same item, not a second one", async () => {
      await put("replaced", "first-EXAMPLE");
      const [before] = await host.items(SERVICE, "replaced");
      await put("replaced", "second-EXAMPLE");
      const after = await host.items(SERVICE, "replaced");
      expect(after).toHaveLength(1);
      expect(after[0]).toMatchObject({ identity: before?.identity, value: "second-EXAMPLE" });
      expect(await stored("replaced")).toBe("second-EXAMPLE");
    });

    test("remove: once true, then false, and only that account", async () => {
      await put("kept", "kept-EXAMPLE");
      await put("removed", "removed-EXAMPLE");
      expect(await keychain.remove(SERVICE, "removed")).toBe(true);
      expect(await keychain.remove(SERVICE, "removed")).toBe(false);
      expect(await stored("removed")).toBeUndefined();
      expect(await stored("kept")).toBe("kept-EXAMPLE");
    });

    test("services are apart, also where one's name begins like the other's", async () => {
      await put("shared", "ours-EXAMPLE");
      await put("shared", "theirs-EXAMPLE", OTHER_SERVICE);
      expect(await stored("shared")).toBe("ours-EXAMPLE");
      expect(await keychain.list(OTHER_SERVICE)).toEqual(["shared"]);
      expect(await keychain.remove(OTHER_SERVICE, "shared")).toBe(true);
      expect(await stored("shared")).toBe("ours-EXAMPLE");
    });

    test.each(Object.entries(AWKWARD_VALUES))("values come back to the byte: %s", async (kind, value) => {
      await put(`value-${kind}`, value);
      expect(await stored(`value-${kind}`)).toBe(value);
      expect((await host.items(SERVICE, `value-${kind}`)).map((item) => item.value)).toEqual([value]);
    });

    test("a value of 64 KiB", async () => {
      const value = "EXAMPLE-".repeat(8192);
      await put("large", value);
      expect(await stored("large")).toBe(value);
      expect(await keychain.remove(SERVICE, "large")).toBe(true);
    });

    test("awkward account names are names and nothing else", async () => {
      const service = `${SERVICE} 'awkward' %s 漢字`;
      for (const [index, account] of awkwardNames.entries()) await put(account, `${index}-EXAMPLE`, service);
      expect(await keychain.list(service)).toEqual([...awkwardNames].sort());
      const found = await keychain.read(service, awkwardNames);
      expect([...found.values()].map(reveal)).toEqual(awkwardNames.map((_, index) => `${index}-EXAMPLE`));
      for (const account of awkwardNames) expect(await keychain.remove(service, account)).toBe(true);
      expect(await keychain.list(service)).toEqual([]);
    });

    test.each([
      ["the empty string", ""],
      ["NUL", "EXAMPLE\0EXAMPLE"],
      ["half a surrogate pair", "EXAMPLE\ud83d"],
    ])("refused: %s, as value and as name, and what was there stays", async (_what, bad) => {
      await put("guarded", "guarded-EXAMPLE");
      await expectError(put("guarded", bad), "E_INVALID_VALUE");
      await expectError(put(bad, "fine-EXAMPLE"), "E_INVALID_VALUE");
      await expectError(put("fine", "fine-EXAMPLE", bad), "E_INVALID_VALUE");
      await expectError(keychain.read(SERVICE, [bad]), "E_INVALID_VALUE");
      await expectError(keychain.remove(SERVICE, bad), "E_INVALID_VALUE");
      await expectError(keychain.list(bad), "E_INVALID_VALUE");
      expect(await stored("guarded")).toBe("guarded-EXAMPLE");
    });

    test("entries of another program are read, listed, replaced and removed like ours", async () => {
      await host.store(SERVICE, "foreign", "foreign-EXAMPLE");
      expect(await stored("foreign")).toBe("foreign-EXAMPLE");
      expect(await keychain.list(SERVICE)).toContain("foreign");
      await put("foreign", "ours-now-EXAMPLE");
      expect((await host.items(SERVICE, "foreign")).map((item) => item.value)).toEqual(["ours-now-EXAMPLE"]);
      expect(await keychain.remove(SERVICE, "foreign")).toBe(true);
      expect(await host.items(SERVICE, "foreign")).toEqual([]);
    });

    test("several processes writing one account leave one item with one of their values", async () => {
      const writers = ["a", "b", "c"].map((who) =>
        host.run(`${import.meta.dir}/writer.ts`, SERVICE, "contested", who, "8"),
      );
      expect(await Promise.all(writers)).toEqual([0, 0, 0]);
      const items = await host.items(SERVICE, "contested");
      expect(items).toHaveLength(1);
      expect(items[0]?.value).toMatch(/^[abc]-7-EXAMPLE$/);
      expect(await stored("contested")).toBe(items[0]?.value);
    });

    test.skipIf(!locks)(
      "locked is an error of its own, for every operation, whatever is stored",
      async () => {
        await put("behind-the-lock", "locked-EXAMPLE");
        await host.lock();
        try {
          for (const instance of [keychain, host.open()]) {
            expect(await instance.state()).toBe("locked");
            for (const account of ["behind-the-lock", "nobody"]) {
              await expectError(instance.read(SERVICE, [account]), "E_KEYCHAIN_LOCKED");
              await expectError(instance.remove(SERVICE, account), "E_KEYCHAIN_LOCKED");
              await expectError(instance.write(SERVICE, account, secret("x-EXAMPLE")), "E_KEYCHAIN_LOCKED");
            }
            await expectError(instance.list(SERVICE), "E_KEYCHAIN_LOCKED");
          }
        } finally {
          await host.unlock();
        }
        expect(await keychain.state()).toBe("unlocked");
        expect(await stored("behind-the-lock")).toBe("locked-EXAMPLE");
        expect(await stored("nobody")).toBeUndefined();
      },
    );

    test("unavailable is an error of its own, and names what to do instead", async () => {
      const nowhere = host.openNowhere();
      expect(await nowhere.state()).toBe("unavailable");
      const error = await expectError(nowhere.read(SERVICE, ["one"]), "E_KEYCHAIN_UNAVAILABLE");
      expect(error.hint).toMatch(/GUMLOOP_ACCESS_TOKEN.*GUMLOOP_API_KEY.*GUMLOOP_USER_ID/);
      await expectError(nowhere.write(SERVICE, "one", secret("x-EXAMPLE")), "E_KEYCHAIN_UNAVAILABLE");
      await expectError(nowhere.remove(SERVICE, "one"), "E_KEYCHAIN_UNAVAILABLE");
      await expectError(nowhere.list(SERVICE), "E_KEYCHAIN_UNAVAILABLE");
      nowhere.close();
    });

    test("close: twice is fine, and an operation after it starts anew", async () => {
      const instance = host.open();
      instance.close();
      await instance.write(SERVICE, "reopened", secret("reopened-EXAMPLE"));
      instance.close();
      instance.close();
      expect(await instance.list(SERVICE)).toContain("reopened");
      instance.close();
    });

    test("operations at the same time do not disturb each other", async () => {
      const instance = host.open();
      const accounts = Array.from({ length: 12 }, (_, index) => `together-${index}`);
      await Promise.all(
        accounts.map((account) => instance.write(SERVICE, account, secret(`${account}-EXAMPLE`))),
      );
      const reads = await Promise.all(accounts.map((account) => instance.read(SERVICE, [account])));
      expect(reads.map((found, index) => reveal(found.get(accounts[index] ?? "") ?? secret("")))).toEqual(
        accounts.map((account) => `${account}-EXAMPLE`),
      );
      await Promise.all(accounts.map((account) => instance.remove(SERVICE, account)));
      expect((await instance.list(SERVICE)).filter((account) => account.startsWith("together"))).toEqual([]);
      instance.close();
    });
  });
}

/** Waits for a GumCredError of one code and returns it; its text may hold no secret. */
export async function expectError(operation: Promise<unknown>, code: string): Promise<GumCredError> {
  const error = await operation.then(
    () => new Error("it succeeded"),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(GumCredError);
  const failure = error as GumCredError;
  expect(failure.code).toBe(code as GumCredError["code"]);
  expect(`${failure.message} ${failure.hint}`).not.toContain("EXAMPLE");
  return failure;
}
