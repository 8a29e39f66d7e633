/** A keychain whose code is loaded when it is first used, so that nobody pays for backends that are not in force. */
import { hasCode } from "../core/errors.ts";
import type { Keychain } from "./keychain.ts";

/** The keychain that `load` gives. Nothing is loaded before its first use. */
export function deferred(backend: string, load: () => Promise<Keychain>): Keychain {
  let loaded: Keychain | null = null;
  const use = async <T>(operation: (keychain: Keychain) => Promise<T>): Promise<T> => {
    loaded ??= await load();
    return operation(loaded);
  };
  return {
    get backend() {
      return loaded?.backend ?? backend;
    },
    async state() {
      try {
        return await use((keychain) => keychain.state());
      } catch (error) {
        if (hasCode(error, "E_KEYCHAIN_UNAVAILABLE")) return "unavailable"; // there is nothing to load
        throw error;
      }
    },
    read: (service, accounts) => use((keychain) => keychain.read(service, accounts)),
    write: (service, account, value) => use((keychain) => keychain.write(service, account, value)),
    remove: (service, account) => use((keychain) => keychain.remove(service, account)),
    list: (service) => use((keychain) => keychain.list(service)),
    close: () => loaded?.close(),
  };
}
