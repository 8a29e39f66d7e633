/** The LLM vendors' share of what `env` and `exec` export. Not loaded when only Gumloop was named. */
import type { Credential, Level } from "../core/credential.ts";
import { hasCode } from "../core/errors.ts";
import { keyExports, type ProviderExports } from "../core/exports.ts";
import type { Provider } from "../providers/contract.ts";
import { VENDORS } from "../providers/registry.ts";
import { noKey, resolveKeys } from "../resolve/keys.ts";
import { requireExportable } from "../resolve/policy.ts";
import type { Ports, Scope, Storage, Surroundings } from "../resolve/ports.ts";
import { vendorAdvice } from "../resolve/vendor-advice.ts";
import { providerNamed } from "./providers.ts";
import { vendorsInPlay } from "./vendors-in-play.ts";

/** The vendors of these names; without names all that may have a key. Throws E_UNKNOWN_PROVIDER. */
export async function vendorsNamed(
  names: readonly string[],
  ports: Surroundings & Storage,
): Promise<readonly Provider[]> {
  if (names.length === 0) return vendorsInPlay(ports);
  const providers = await Promise.all(names.map((name) => providerNamed(name, ports)));
  return [...new Set(providers)].filter(({ kind }) => kind === "llm");
}

export interface VendorRequest {
  readonly named: boolean;
  readonly level: Level | null;
  /** Nothing is handed out: keys that only the broker may use are found too. */
  readonly masking: boolean;
}

/** Each vendor's variables. Throws the first error; with `named`, also for a vendor that has no key. */
export async function vendorShares(
  vendors: readonly Provider[],
  { named, level, masking }: VendorRequest,
  scope: Scope,
  ports: Ports,
): Promise<readonly ProviderExports[]> {
  if (vendors.length === 0) return [];
  const { exportable, withheld } = masking
    ? { exportable: vendors, withheld: [] }
    : await parted(vendors, named, scope, ports);
  const resolutions = await resolveKeys({ providers: exportable, level }, scope, ports);
  const shares: ProviderExports[] = withheld.map((provider) => ({
    set: new Map(),
    unset: keyVariablesOf(provider),
    fromStorage: [],
  }));
  for (const [provider, resolution] of resolutions) {
    const { winner, error } = resolution;
    const skipped = !named && hasCode(error, "E_POLICY_DENIED");
    if (error && !skipped) throw named ? vendorAdvice(error, { provider, level }) : error;
    if (winner) shares.push(await shareOf(provider, winner, ports));
    else if (skipped) shares.push({ set: new Map(), unset: keyVariablesOf(provider), fromStorage: [] });
    else if (named) throw noKey(provider, level, scope, resolution);
  }
  return shares;
}

/** Which keys the policy lets a command hand out. Throws E_NOT_EXPORTABLE for one that was asked for by name. */
async function parted(vendors: readonly Provider[], named: boolean, scope: Scope, ports: Ports) {
  const policy = await ports.policy();
  const withheld = vendors.filter(({ id }) => {
    try {
      requireExportable(policy, id, scope.teamId);
      return false;
    } catch (error) {
      if (named || !hasCode(error, "E_NOT_EXPORTABLE")) throw error;
      return true;
    }
  });
  return { exportable: vendors.filter((provider) => !withheld.includes(provider)), withheld };
}

async function shareOf(provider: Provider, winner: Credential, ports: Ports): Promise<ProviderExports> {
  const share = keyExports(winner, provider, ports.environment);
  if (!provider.companions?.length) return share;
  const { withCompanions } = await import("./companions.ts");
  return withCompanions(share, provider, winner, ports);
}

/** Every variable that is this vendor's to remove when an earlier run exported it. */
export function ownedBy(provider: Provider): readonly string[] {
  const { bearer, companions = [] } = provider;
  const bearers = bearer ? [bearer.variable, bearer.headers.variable] : [];
  return [...keyVariablesOf(provider), ...bearers, ...companions.flatMap(({ variables }) => variables)];
}

/** Every variable that may carry a key of the vendors of these names, or of all. Throws E_UNKNOWN_PROVIDER. */
export async function keyVariables(
  names: readonly string[],
  ports: Surroundings & Storage,
): Promise<readonly string[]> {
  // A region or an endpoint may be the user's own: it goes only where an earlier run exported it.
  const removable = (provider: Provider) =>
    ownedBy(provider).filter(
      (name) => keyVariablesOf(provider).includes(name) || ports.environment.exported.has(name),
    );
  if (names.length > 0) return (await vendorsNamed(names, ports)).flatMap(removable);
  const installed = await ports.installed.summaries();
  return [...VENDORS.flatMap(removable), ...installed.variables()];
}

/** The variables that a vendor's programs read its key from. */
export function keyVariablesOf(provider: Provider): readonly string[] {
  return provider.methods.flatMap(({ variables }) => variables);
}
