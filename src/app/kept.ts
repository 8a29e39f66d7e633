/** Ends what is kept of a policy's sources, so that every source is asked anew: a part of `refresh`. */
import { hasCode } from "../core/errors.ts";
import { OWN_SERVICE } from "../keychain/keychain.ts";
import type { Storage } from "../resolve/ports.ts";
import { KEPT } from "../resolve/sources/kept.ts";

/** Removes every kept value of the user, of all policies; how many there were. Throws the keychain's errors. */
export async function endKept(ports: Pick<Storage, "keychain" | "keychainPossible">): Promise<number> {
  if (!ports.keychainPossible()) return 0;
  try {
    const keychain = await ports.keychain();
    const accounts = (await keychain.list(OWN_SERVICE)).filter((account) => account.startsWith(KEPT));
    for (const account of accounts) await keychain.remove(OWN_SERVICE, account);
    return accounts.length;
  } catch (error) {
    if (hasCode(error, "E_KEYCHAIN_UNAVAILABLE")) return 0;
    throw error;
  }
}
