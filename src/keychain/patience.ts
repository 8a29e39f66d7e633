/**
 * A keychain that keeps a run waiting only once: its operations share one allowance of time, and after one that was
 * not answered the others fail at once, with the same error. A run that lasts (a broker's) gets a new allowance after
 * a while. Knows nothing of backends.
 */
import { hasCode } from "../core/errors.ts";
import type { Keychain, KeychainOptions } from "./keychain.ts";

/** After so many milliseconds the allowance is whole again. */
const RENEWED_MS = 30_000;

/** The keychain that `open` makes, with `allowanceMs` milliseconds for all operations together. */
export function patientKeychain(
  open: (options: KeychainOptions) => Keychain,
  allowanceMs: number,
  onSlow: () => void,
): Keychain {
  let since = performance.now();
  let spentMs = 0;
  let failure: unknown = null;
  const keychain = open({
    get timeoutMs() {
      return Math.max(1, allowanceMs - spentMs);
    },
    mayPrompt: false,
    onSlow,
  });

  async function timed<T>(operation: () => Promise<T>): Promise<T> {
    const start = performance.now();
    if (start - since > RENEWED_MS) {
      since = start;
      spentMs = 0;
      failure = null;
    }
    if (failure !== null) throw failure;
    try {
      return await operation();
    } catch (error) {
      if (hasCode(error, "E_KEYCHAIN_TIMEOUT")) failure = error;
      throw error;
    } finally {
      spentMs += performance.now() - start;
    }
  }

  return {
    get backend() {
      return keychain.backend;
    },
    state: () => timed(() => keychain.state()),
    read: (service, accounts) => timed(() => keychain.read(service, accounts)),
    foresee: (service, accounts) => keychain.foresee(service, accounts),
    modifiedAt: (service, accounts) => timed(() => keychain.modifiedAt(service, accounts)),
    write: (service, account, value) => timed(() => keychain.write(service, account, value)),
    remove: (service, account) => timed(() => keychain.remove(service, account)),
    list: (service) => timed(() => keychain.list(service)),
    listFew: (service, most) => timed(() => keychain.listFew(service, most)),
    close: () => keychain.close(),
  };
}
