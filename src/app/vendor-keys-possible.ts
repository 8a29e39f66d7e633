/**
 * Whether any LLM vendor can have a key here at all. In most containers and CI jobs none can, and `env` in every shell
 * start of theirs need not load what finds one. When in doubt it says yes.
 */
import { hasCode } from "../core/errors.ts";
import { OWN_SERVICE } from "../keychain/keychain.ts";
import { variablesSet } from "../resolve/levels.ts";
import { NO_POLICY } from "../resolve/policy.ts";
import type { Storage, Surroundings } from "../resolve/ports.ts";

/** Every built-in vendor's variables have one of these in their names (a test holds the registry to it). */
export const KEY_NAMES = ["_API_KEY", "BEARER_TOKEN"] as const;
/** Gumloop's own, which are nobody else's. */
const OWN = ["GUMLOOP_API_KEY", "GUMLOOP_API_KEY_FILE"];

/** To have more entries named takes longer than to look for each of the built-in vendors' two. */
const FEW = 16;
/** What the keychain has for vendors: `llm:personal:default:openai` (resolve/levels.ts). */
const STORED = "llm:";

/**
 * False only where no variable, policy or entry of the keychain gives a key to any vendor, built in or installed. Throws
 * what reading a policy does, and the keychain's errors: where there may be keys that cannot be seen, resolving would end
 * with the same.
 */
export async function vendorKeysPossible(
  ports: Surroundings & Pick<Storage, "keychain" | "keychainPossible" | "installed">,
): Promise<boolean> {
  if (ports.environment.exported.size > 0) return true; // variables that an earlier run exported may need to be unset
  for (const name in ports.raw) {
    if ((name.includes(KEY_NAMES[0]) || name.includes(KEY_NAMES[1])) && !OWN.includes(name)) return true;
  }
  const installed = await ports.installed.summaries();
  if (installed.ids().length > 0) {
    for (const name of variablesSet(ports.raw)) if (installed.ownerOf(name) !== null) return true;
  }
  if ((await ports.policy()) !== NO_POLICY) return true;
  if (!ports.keychainPossible()) return false;
  try {
    const keychain = await ports.keychain();
    const accounts = await keychain.listFew(OWN_SERVICE, FEW);
    if (accounts === null) return true;
    for (const account of accounts) {
      if (!account.startsWith(STORED)) continue;
      keychain.foresee(OWN_SERVICE, [account]);
      return true;
    }
    return false;
  } catch (error) {
    if (hasCode(error, "E_KEYCHAIN_UNAVAILABLE")) return false;
    throw error;
  }
}
