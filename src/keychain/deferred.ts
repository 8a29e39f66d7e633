/** A keychain whose code is loaded when it is first used, so that backends that are not in use cost nothing. */
import { type Keychain, stateBy } from "./keychain.ts";

/** The keychain that `load` gives. Nothing is loaded before its first use. */
export function deferred(backend: string, load: () => Promise<Keychain>): Keychain {
  let loaded: Keychain | null = null;
  const foreseen: Parameters<Keychain["foresee"]>[] = [];
  const use = async <T>(operation: (keychain: Keychain) => Promise<T>): Promise<T> => {
    loaded ??= await load();
    for (const [service, accounts] of foreseen.splice(0)) loaded.foresee(service, accounts);
    return operation(loaded);
  };
  return {
    get backend() {
      return loaded?.backend ?? backend;
    },
    // Loading may find that there is nothing to load.
    state: () => stateBy(() => use((keychain) => keychain.state())),
    read: (service, accounts) => use((keychain) => keychain.read(service, accounts)),
    foresee: (service, accounts) => {
      foreseen.push([service, accounts]);
    },
    modifiedAt: (service, accounts) => use((keychain) => keychain.modifiedAt(service, accounts)),
    write: (service, account, value) => use((keychain) => keychain.write(service, account, value)),
    remove: (service, account) => use((keychain) => keychain.remove(service, account)),
    list: (service) => use((keychain) => keychain.list(service)),
    listFew: (service, most) => use((keychain) => keychain.listFew(service, most)),
    close: () => loaded?.close(),
  };
}
