/**
 * The LLM vendors of which there may be a key, for commands that name none: the built-in ones, and of the installed
 * ones those that a variable, the keychain or a policy names. Looking for the others would find nothing, and with
 * hundreds of them take most of the time of a run.
 */
import { GumCredError } from "../core/errors.ts";
import { OWN_SERVICE } from "../keychain/keychain.ts";
import type { Provider } from "../providers/contract.ts";
import { VENDORS } from "../providers/registry.ts";
import { variablesSet } from "../resolve/levels.ts";
import type { Policy } from "../resolve/policy.ts";
import type { Storage, Surroundings } from "../resolve/ports.ts";

/** Built in, then installed. When in doubt a vendor is included: resolving it then says why. */
export async function vendorsInPlay(ports: Surroundings & Storage): Promise<readonly Provider[]> {
  const installed = await ports.installed.summaries();
  const ids = installed.ids();
  if (ids.length === 0) return VENDORS;
  const stored = await storedProviders(ports);
  if (stored === null) return [...VENDORS, ...(await ports.installed.all())];
  const inPlay = new Set([...stored, ...ruled(await ports.policy())]);
  for (const name of variablesSet(ports.raw)) {
    const owner = installed.ownerOf(name);
    if (owner !== null) inPlay.add(owner);
  }
  return [...VENDORS, ...(await ports.installed.some(ids.filter((id) => inPlay.has(id))))];
}

/** The providers that something is stored for, in any profile; null when the keychain cannot be read. */
async function storedProviders(ports: Storage): Promise<ReadonlySet<string> | null> {
  try {
    const accounts = await (await ports.keychain()).list(OWN_SERVICE);
    // `llm:personal:default:openai`, `llm:organization:openai` (resolve/levels.ts)
    return new Set(accounts.map((account) => account.slice(account.lastIndexOf(":") + 1)));
  } catch (error) {
    if (!(error instanceof GumCredError)) throw error;
    return error.code === "E_KEYCHAIN_UNAVAILABLE" ? new Set() : null;
  }
}

/** The providers that a policy has a rule for. */
function ruled({ providers, teams }: Policy): readonly string[] {
  return [...providers.keys(), ...[...teams.values()].flatMap((rules) => [...rules.keys()])];
}
