/** The contract's host for the Secret Service: a private GNOME Keyring, seen by SecretStorage and secret-tool. */
import { secretService } from "../../../src/keychain/secret-service/secret-service.ts";
import { outputOf } from "../../support/output-of.ts";
import { type PrivateKeyring, startPrivateKeyring } from "../../support/private-keyring.ts";
import type { ForeignItem, Host } from "./suite.ts";

/** An item with everything that Python keyring's layout fixes. */
export interface SecretServiceItem extends ForeignItem {
  readonly label: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly contentType: string;
  readonly modified: number;
}

export interface SecretServiceHost extends Host {
  readonly keyring: PrivateKeyring;
  items(service: string, account: string): Promise<readonly SecretServiceItem[]>;
  /** Runs a program on the private bus; its stdout. Throws when it fails. */
  sh(command: readonly string[], stdin?: string): Promise<string>;
  /** Stores an item with exactly these attributes by secret-tool, which adds its schema. */
  storeWith(attributes: Readonly<Record<string, string>>, value: string): Promise<void>;
}

export async function startSecretServiceHost(): Promise<SecretServiceHost> {
  const keyring = await startPrivateKeyring();
  const env = { PATH: process.env["PATH"], LANG: "C.UTF-8", ...keyring.env };

  const sh = (command: readonly string[], stdin?: string) => outputOf(command, env, stdin);
  const storeWith = async (attributes: Readonly<Record<string, string>>, value: string) => {
    await sh(
      ["secret-tool", "store", "--label=stored by another program", ...Object.entries(attributes).flat()],
      value,
    );
  };

  return {
    keyring,
    sh,
    storeWith,
    open: (options = {}) => secretService({ timeoutMs: 5000, mayPrompt: false, ...options }, keyring.env),
    openNowhere: () => secretService({ timeoutMs: 1000, mayPrompt: false }, {}),
    lock: keyring.lock,
    unlock: keyring.unlock,
    async items(service, username) {
      const script = `${import.meta.dir}/items.py`;
      const items = JSON.parse(await sh(["/usr/bin/python3", script, JSON.stringify({ service, username })]));
      return items.map(({ path, content_type, ...item }: Record<string, unknown>) => ({
        ...item,
        identity: path,
        contentType: content_type,
      }));
    },
    store: (service, username, value) =>
      storeWith({ application: "Python keyring library", service, username }, value),
    run: (file, ...args) =>
      Bun.spawn([process.execPath, file, ...args], { env, stdout: "ignore", stderr: "inherit" }).exited,
    stop: keyring.stop,
  };
}
