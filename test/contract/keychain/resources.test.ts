/** That long use leaves nothing behind: native memory, descriptors, threads, items, processes. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { reveal, secret } from "../../../src/core/secret.ts";
import { secretService } from "../../../src/keychain/secret-service/secret-service.ts";
import { type PrivateKeyring, startPrivateKeyring } from "../../support/private-keyring.ts";

const OPTIONS = { timeoutMs: 5000, mayPrompt: false };
const SERVICE = "gum-cred-contract";

let keyring: PrivateKeyring;
beforeAll(async () => {
  keyring = await startPrivateKeyring();
});
afterAll(() => keyring?.stop());

const rss = () => {
  Bun.gc(true);
  return process.memoryUsage.rss();
};
const count = (what: "fd" | "task") => readdirSync(`/proc/self/${what}`).length;

test("2000 operations in one connection", async () => {
  const keychain = secretService(OPTIONS, keyring.env);
  // 16 KiB: were just the requests of the writes kept, or the replies to the reads, 6 or 26 MB would stay.
  const value = "EXAMPLE-".repeat(2048);
  const cycle = async (index: number) => {
    await keychain.write(SERVICE, "cycle", secret(`${index}-${value}`));
    for (let reads = 0; reads < 4; reads++) {
      const found = await keychain.read(SERVICE, ["cycle", "absent"]);
      expect(reveal(found.get("cycle") ?? secret(""))).toBe(`${index}-${value}`);
    }
  };
  for (let index = 0; index < 100; index++) await cycle(index);
  const before = rss();
  for (let index = 0; index < 400; index++) await cycle(index);
  const growth = rss() - before;
  expect(growth).toBeLessThan(5e6);
  keychain.close();
}, 60_000);

test("100 connections, closed or given up, leave no descriptor and no thread", async () => {
  const once = async (give_up: boolean) => {
    const keychain = secretService({ ...OPTIONS, timeoutMs: give_up ? 20 : 5000 }, keyring.env);
    if (give_up) keyring.freeze();
    await keychain.read(SERVICE, ["cycle"]).catch(() => {});
    if (give_up) keyring.thaw();
    keychain.close();
  };
  for (let index = 0; index < 10; index++) await once(index % 5 === 0);
  await Bun.sleep(200);
  const [descriptors, threads, before] = [count("fd"), count("task"), rss()];
  for (let index = 0; index < 100; index++) await once(index % 10 === 0);
  await Bun.sleep(200);
  expect(count("fd") - descriptors).toBeLessThanOrEqual(2);
  expect(count("task") - threads).toBeLessThanOrEqual(2);
  const growth = rss() - before;
  expect(growth).toBeLessThan(5e6);
});

test("the private daemons die with the test process, however it dies", async () => {
  const script = `
    import { startPrivateKeyring } from "${import.meta.dir}/../../support/private-keyring.ts";
    const keyring = await startPrivateKeyring();
    console.log(keyring.directory);
    await Bun.sleep(60_000);
  `;
  const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe" });
  const { value } = await child.stdout.getReader().read();
  const directory = new TextDecoder().decode(value).trim();
  const daemons = () =>
    Bun.spawnSync(["pgrep", "-fc", `${directory}/(bus.conf|control)`])
      .stdout.toString()
      .trim();
  expect(daemons()).toBe("2");
  child.kill("SIGKILL");
  await child.exited;
  await Bun.sleep(100);
  expect(daemons()).toBe("0");
  Bun.spawnSync(["rm", "-r", directory]);
});
