/** The LLM vendors' share of what `env` and `exec` export. Not loaded when only Gumloop was named. */
import type { Credential, Level } from "../core/credential.ts";
import { hasCode } from "../core/errors.ts";
import { EXPIRES, keyExports, type ProviderExports } from "../core/exports.ts";
import { expirySeconds } from "../gumloop/exports.ts";
import type { Provider } from "../providers/contract.ts";
import { VENDORS } from "../providers/registry.ts";
import { noKey, resolveKeys } from "../resolve/keys.ts";
import {
  isExportable,
  organizationSource,
  type Policy,
  requireExportable,
  teamSource,
} from "../resolve/policy.ts";
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
  /** Only what ends by itself is exported again, and the rest is left as it is. */
  readonly renewing: boolean;
}

export interface VendorShares {
  readonly shares: readonly ProviderExports[];
  /** Every variable that belongs to the vendors that these shares are about. */
  readonly variables: readonly string[];
  /** The ids of those whose key there is and only the broker may use. */
  readonly withheld: readonly string[];
}

/**
 * The vendors whose exported variables are still in this shell and whose key comes from a policy: no other key ends by itself, and
 * the run that exported it may have had a profile, level or variable of its own.
 */
export async function vendorsToRenew(scope: Scope, ports: Ports): Promise<readonly Provider[]> {
  const { exported } = ports.environment;
  const policy = await ports.policy();
  return (await vendorsInPlay(ports)).filter(
    (vendor) =>
      hasSource(policy, vendor.id, scope.teamId) && ownedBy(vendor).some((name) => exported.has(name)),
  );
}

/** Each vendor's variables. Throws the first error; with `named`, also for a vendor that has no key. */
export async function vendorShares(
  vendors: readonly Provider[],
  { named, level, masking, renewing }: VendorRequest,
  scope: Scope,
  ports: Ports,
): Promise<VendorShares> {
  if (vendors.length === 0) return { shares: [], variables: [], withheld: [] };
  const policy = await ports.policy();
  const isWithheld = ({ id }: Provider) => !masking && !isExportable(policy, id, scope.teamId);
  // One that was asked for by name is refused before anything is read.
  for (const { id } of named && !masking ? vendors : []) requireExportable(policy, id, scope.teamId);
  // A source that gives a key to the broker alone is not asked only to leave the key out.
  const isSure = (provider: Provider) => isWithheld(provider) && hasSource(policy, provider.id, scope.teamId);
  const providers = vendors.filter((provider) => !isSure(provider));
  const resolutions = await resolveKeys({ providers, level }, scope, ports);
  const withheld = vendors.filter(
    (provider) => isSure(provider) || (isWithheld(provider) && resolutions.get(provider)?.winner),
  );
  const shares: ProviderExports[] = vendors.filter(isWithheld).map(nothingOf);
  const left = new Set<Provider>();
  for (const [provider, resolution] of resolutions) {
    if (isWithheld(provider)) continue;
    const { winner, error } = resolution;
    const skipped = !named && hasCode(error, "E_POLICY_DENIED");
    if (error && !skipped) throw named ? vendorAdvice(error, { provider, level }) : error;
    if (renewing && !skipped && (!winner || expirySeconds(winner) === null)) left.add(provider);
    else if (winner) shares.push(await shareOf(provider, winner, ports));
    else if (skipped) shares.push(nothingOf(provider));
    else if (named) throw noKey(provider, level, scope, resolution);
  }
  const variables = vendors.filter((vendor) => !left.has(vendor)).flatMap(ownedBy);
  return { shares, variables, withheld: withheld.map(({ id }) => id) };
}

/** A vendor that is left out: its variables go. */
function nothingOf(provider: Provider): ProviderExports {
  return { set: new Map(), unset: keyVariablesOf(provider), fromStorage: [] };
}

function hasSource(policy: Policy, provider: string, teamId: string | null): boolean {
  return (
    organizationSource(policy, provider, teamId) !== null || teamSource(policy, provider, teamId) !== null
  );
}

async function shareOf(provider: Provider, winner: Credential, ports: Ports): Promise<ProviderExports> {
  const share = withExpiry(keyExports(winner, provider, ports.environment), winner);
  if (!provider.companions?.length) return share;
  const { withCompanions } = await import("./companions.ts");
  return withCompanions(share, provider, winner, ports);
}

function withExpiry(share: ProviderExports, winner: Credential): ProviderExports {
  const expires = expirySeconds(winner);
  return expires === null ? share : { ...share, set: new Map([...share.set, [EXPIRES, expires]]) };
}

/** Every variable that is this vendor's to remove when an earlier run exported it. */
function ownedBy(provider: Provider): readonly string[] {
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
