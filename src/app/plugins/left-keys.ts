/** Which keys of a provider are in the keychain, by the names of its entries alone: no value is read. */
import { GumCredError } from "../../core/errors.ts";
import { OWN_SERVICE } from "../../keychain/keychain.ts";
import type { Storage } from "../../resolve/ports.ts";

/** How many there are, of every profile and level; null where the keychain cannot be read. */
export async function countKeysOf(
  id: string,
  ports: Pick<Storage, "keychain" | "keychainPossible">,
): Promise<number | null> {
  if (!ports.keychainPossible()) return 0;
  try {
    const accounts = await (await ports.keychain()).list(OWN_SERVICE);
    return accounts.filter((account) => account.startsWith("llm:") && account.endsWith(`:${id}`)).length;
  } catch (error) {
    if (error instanceof GumCredError) return null;
    throw error;
  }
}
