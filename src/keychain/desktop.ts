/**
 * The keychain of a Linux desktop when none is named: the Secret Service, and KWallet where there is none.
 * KWallet is looked for only then, so that a machine with a Secret Service never pays for it.
 * Why in this order: docs/adr/0006-kwallet.md.
 */

import type { RawEnvironment } from "../core/environment.ts";
import { hasCode } from "../core/errors.ts";
import { deferred } from "./deferred.ts";
import type { Keychain, KeychainOptions } from "./keychain.ts";
import { secretService } from "./secret-service/secret-service.ts";

/** Which one is settled by the first operation that finds one; {@link Keychain.backend} says it from then on. */
export function desktopKeychain(options: KeychainOptions, env: RawEnvironment): Keychain {
  const preferred = desktopSecretService(options, env);
  const other = deferred("kwallet", async () => (await import("./kwallet/kwallet.ts")).kwallet(options, env));
  let settled: Keychain | null = null;

  async function use<T>(operation: (keychain: Keychain) => Promise<T>): Promise<T> {
    if (settled !== null) return operation(settled);
    try {
      const result = await operation(preferred);
      settled = preferred;
      return result;
    } catch (error) {
      if (!hasCode(error, "E_KEYCHAIN_UNAVAILABLE")) throw error;
      return orElse(operation, error);
    }
  }

  /** The first error is the better one: it says what is missing for both of them. */
  async function orElse<T>(operation: (keychain: Keychain) => Promise<T>, first: unknown): Promise<T> {
    try {
      const result = await operation(other);
      settled = other;
      return result;
    } catch (error) {
      throw hasCode(error, "E_KEYCHAIN_UNAVAILABLE") ? first : error;
    }
  }

  return {
    get backend() {
      return (settled ?? preferred).backend;
    },
    async state() {
      if (settled !== null) return settled.state();
      for (const keychain of [preferred, other]) {
        const state = await keychain.state();
        if (state === "unavailable") continue;
        settled = keychain;
        return state;
      }
      return "unavailable";
    },
    // An operation without a request does not decide which one it is.
    read: async (service, accounts) =>
      accounts.length === 0 ? new Map() : use((keychain) => keychain.read(service, accounts)),
    foresee: (service, accounts) => preferred.foresee(service, accounts),
    modifiedAt: async (service, accounts) =>
      accounts.length === 0 ? new Map() : use((keychain) => keychain.modifiedAt(service, accounts)),
    write: (service, account, value) => use((keychain) => keychain.write(service, account, value)),
    remove: (service, account) => use((keychain) => keychain.remove(service, account)),
    list: (service) => use((keychain) => keychain.list(service)),
    listFew: (service, most) => use((keychain) => keychain.listFew(service, most)),
    close() {
      preferred.close();
      other.close();
    },
  };
}

/**
 * The Secret Service, which on KDE says that it is locked until it is asked to unlock, even though its wallet
 * has been open since the user signed in. Where that is so, asking shows no dialog, and we ask.
 */
export function desktopSecretService(options: KeychainOptions, env: RawEnvironment): Keychain {
  const { timeoutMs } = options;
  const service = secretService(options, env);
  async function unlocked(): Promise<boolean> {
    const { servesOpenSecrets } = await import("./kwallet/kwallet.ts");
    if (!servesOpenSecrets(env, timeoutMs)) return false;
    const { unlockSecretService } = await import("./secret-service/unlock.ts");
    await unlockSecretService(env, timeoutMs);
    return true;
  }
  async function use<T>(operation: () => Promise<T>): Promise<T> {
    try {
      return await operation();
    } catch (error) {
      if (!hasCode(error, "E_KEYCHAIN_LOCKED") || !(await unlocked())) throw error;
      return operation();
    }
  }
  return {
    backend: service.backend,
    async state() {
      const state = await service.state();
      return state === "locked" && (await unlocked()) ? service.state() : state;
    },
    read: (name, accounts) => use(() => service.read(name, accounts)),
    foresee: (name, accounts) => service.foresee(name, accounts),
    modifiedAt: (name, accounts) => use(() => service.modifiedAt(name, accounts)),
    write: (name, account, value) => use(() => service.write(name, account, value)),
    remove: (name, account) => use(() => service.remove(name, account)),
    list: (name) => use(() => service.list(name)),
    listFew: (name, most) => use(() => service.listFew(name, most)),
    close: () => service.close(),
  };
}
