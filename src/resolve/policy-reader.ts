/**
 * The reader of the policy's sources for one run: kept values in the keychain, requests over the network, the lock
 * between processes. Loaded only where a policy configures a source.
 */
import { GumCredError } from "../core/errors.ts";
import type { Secret } from "../core/secret.ts";
import { OWN_SERVICE } from "../keychain/keychain.ts";
import { send } from "../net/http.ts";
import type { Policy } from "./policy.ts";
import type { Ports } from "./ports.ts";
import { type FleetReader, fleetReader, type KeptStore } from "./sources/fleet.ts";
import type { KeyReader } from "./sources/stored-keys.ts";

/** A reader of the sources in `policy`. `keys` is the run's one look into the keychain. */
export function policyReader(policy: Policy, keys: KeyReader, ports: Ports): FleetReader {
  return fleetReader({
    raw: ports.raw,
    policyHash: policy.hash ?? null,
    kept: keptInKeychain(keys, ports),
    now: ports.now,
    send,
    lock: ports.lock,
    stored: (account) => keys.read(account),
    warn: ports.warn,
    debug: ports.debug,
  });
}

function keptInKeychain(keys: KeyReader, ports: Ports): KeptStore {
  const looked = new Set<string>();
  const orUndefined = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof GumCredError)) throw error;
      ports.debug(`nothing is kept of the policy's sources: ${error.code}`);
      return undefined;
    }
  };
  return {
    read: async (account) => {
      if (!ports.keychainPossible()) return undefined;
      // The run's one look comes first; after that, another process may have written.
      const fromRun = !looked.has(account);
      looked.add(account);
      const again = async (): Promise<Secret | null> =>
        (await (await ports.keychain()).read(OWN_SERVICE, [account])).get(account) ?? null;
      return orUndefined(() => (fromRun ? keys.read(account) : again()));
    },
    write: async (account, value) => {
      await orUndefined(async () => (await ports.keychain()).write(OWN_SERVICE, account, value));
    },
    remove: async (account) => {
      await orUndefined(async () => (await ports.keychain()).remove(OWN_SERVICE, account));
    },
  };
}
