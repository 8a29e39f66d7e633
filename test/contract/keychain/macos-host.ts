/**
 * The contract's host for macOS: the backend on a stand-in for Apple's frameworks, seen by Python keyring's own macOS
 * backend. macOS itself does not run here.
 */
import { macosKeychain } from "../../../src/keychain/macos/macos.ts";
import { type FakeSecurity, startFakeSecurity } from "../../support/fake-security/fake-security.ts";
import type { Host } from "./suite.ts";

export interface MacosHost extends Host {
  readonly fake: FakeSecurity;
}

export async function startMacosHost(): Promise<MacosHost> {
  const fake = startFakeSecurity();
  const options = { timeoutMs: 5000, mayPrompt: false };
  const env = { FAKE_SECURITY: fake.libraries.security, GUM_CRED_KEYCHAIN: "macos-keychain" };
  return {
    fake,
    open: (changed = {}) => macosKeychain({ ...options, ...changed }, fake.libraries),
    openNowhere: () => macosKeychain(options), // this Linux
    lock: async () => fake.behave("locked"),
    unlock: async () => fake.behave(),
    async items(service, account) {
      const items = fake.items().filter((item) => item.service === service && item.account === account);
      return items.map(({ id, value }) => ({ identity: id, value }));
    },
    async store(service, account, value) {
      await fake.python("set_generic_password", service, account, value);
    },
    run: (file, ...args) =>
      Bun.spawn(
        [
          process.execPath,
          `--preload=${import.meta.dir}/../../support/fake-security/preload.ts`,
          file,
          ...args,
        ],
        { env, stdout: "ignore", stderr: "inherit" },
      ).exited,
    stop: async () => fake.stop(),
  };
}
