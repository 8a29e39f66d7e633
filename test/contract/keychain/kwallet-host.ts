/** The contract's host for KWallet: a private kwalletd5, seen by Python keyring. */
import { kwallet } from "../../../src/keychain/kwallet/kwallet.ts";
import { outputOf } from "../../support/output-of.ts";
import {
  type KwalletOptions,
  type PrivateKwallet,
  startPrivateKwallet,
} from "../../support/private-kwallet.ts";
import type { Host } from "./suite.ts";

export interface KwalletHost extends Host {
  readonly wallet: PrivateKwallet;
  /** Runs Python keyring's backend: get, set or delete; what it prints. */
  python(
    operation: "get" | "set" | "delete",
    service: string,
    account: string,
    value?: string,
  ): Promise<string>;
  /** Runs a program on the private bus; its stdout. Throws when it fails. */
  sh(command: readonly string[], stdin?: string): Promise<string>;
}

export async function startKwalletHost(options: KwalletOptions = {}): Promise<KwalletHost> {
  const wallet = await startPrivateKwallet(options);
  const env = {
    PATH: process.env["PATH"],
    LANG: "C.UTF-8",
    QT_QPA_PLATFORM: "offscreen",
    GUM_CRED_KEYCHAIN: "kwallet",
    ...wallet.env,
  };
  const sh = (command: readonly string[], stdin?: string) => outputOf(command, env, stdin);
  const python: KwalletHost["python"] = (operation, service, account, value) =>
    sh(["/usr/bin/python3", `${import.meta.dir}/kwallet.py`, operation, service, account], value);

  return {
    wallet,
    sh,
    python,
    open: (more = {}) => kwallet({ timeoutMs: 5000, mayPrompt: false, ...more }, wallet.env),
    openNowhere: () => kwallet({ timeoutMs: 1000, mayPrompt: false }, {}),
    lock: wallet.lock,
    unlock: wallet.unlock,
    async items(service, account) {
      const value: string | null = JSON.parse(await python("get", service, account));
      // A key is unique in its folder: there is nothing else that an entry could be told apart by.
      return value === null ? [] : [{ identity: `${service}/${account}`, value }];
    },
    store: async (service, account, value) => void (await python("set", service, account, value)),
    run: (file, ...args) =>
      Bun.spawn([process.execPath, file, ...args], { env, stdout: "ignore", stderr: "inherit" }).exited,
    stop: wallet.stop,
  };
}
