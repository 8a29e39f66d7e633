/** What `env` and `exec` hand to other programs: every wanted provider's variables, together. */
import { gumloop } from "../../plugins/gumloop/index.ts";
import type { Level } from "../core/credential.ts";
import { hasCode } from "../core/errors.ts";
import {
  combine,
  type Exports,
  GUMLOOP_VARIABLES,
  gumloopExports,
  keyExports,
  type ProviderExports,
} from "../core/exports.ts";
import type { Provider } from "../providers/contract.ts";
import { requireGumloop } from "./gumloop.ts";
import { noKey, resolveKeys } from "./llm.ts";
import type { Ports, Scope } from "./ports.ts";
import { allVendors, providerNamed } from "./providers.ts";

export interface ExportRequest {
  /** Provider names as typed; none means all of them. */
  readonly names: readonly string[];
  readonly level: Level | null;
  readonly sdk: boolean;
}

interface Wanted {
  readonly gumloop: boolean;
  readonly vendors: readonly Provider[];
  /** False when everything was asked for at once: then a provider may have nothing. */
  readonly named: boolean;
}

/** Resolves and gathers the variables. Throws the first provider's error: nothing partial is handed on. */
export async function gatherExports(request: ExportRequest, scope: Scope, ports: Ports): Promise<Exports> {
  const wanted = await wantedProviders(request.names, ports);
  const vendors = await vendorShares(wanted, request.level, scope, ports);
  const share = wanted.gumloop ? await gumloopShare(request, wanted, vendors.length > 0, scope, ports) : null;
  const owned = new Set(variablesOf(wanted));
  return combine(share ? [share, ...vendors] : vendors, ports.environment, ports.digest, (name) =>
    owned.has(name),
  );
}

/** Every variable that `env` may set for these providers, for `env --unset`. */
export async function wantedVariables(names: readonly string[], ports: Ports): Promise<readonly string[]> {
  return variablesOf(await wantedProviders(names, ports));
}

async function wantedProviders(names: readonly string[], ports: Ports): Promise<Wanted> {
  if (names.length === 0) return { gumloop: true, vendors: await allVendors(ports), named: false };
  const providers = new Set<Provider>();
  for (const name of names) providers.add(await providerNamed(name, ports));
  return {
    gumloop: providers.has(gumloop),
    vendors: [...providers].filter(({ kind }) => kind === "llm"),
    named: true,
  };
}

function variablesOf(wanted: Wanted): readonly string[] {
  return [
    ...(wanted.gumloop ? GUMLOOP_VARIABLES : []),
    ...wanted.vendors.flatMap(({ methods }) => methods.flatMap(({ variables }) => variables)),
  ];
}

/** Without names, a missing Gumloop credential is no error as long as some key was found. */
async function gumloopShare(
  request: ExportRequest,
  wanted: Wanted,
  othersFound: boolean,
  scope: Scope,
  ports: Ports,
): Promise<ProviderExports | null> {
  try {
    const credential = await requireGumloop(scope, ports);
    return gumloopExports(credential, {
      sdk: request.sdk,
      teamId: scope.teamId,
      baseUrl: scope.baseUrl?.href ?? null,
    });
  } catch (error) {
    if (!wanted.named && othersFound && hasCode(error, "E_NOT_SIGNED_IN")) return null;
    throw error;
  }
}

async function vendorShares(
  wanted: Wanted,
  level: Level | null,
  scope: Scope,
  ports: Ports,
): Promise<readonly ProviderExports[]> {
  if (wanted.vendors.length === 0) return [];
  const judgements = await resolveKeys({ providers: wanted.vendors, level }, scope, ports);
  const shares: ProviderExports[] = [];
  for (const [provider, { winner, error }] of judgements) {
    const skipped = !wanted.named && hasCode(error, "E_POLICY_DENIED");
    if (error && !skipped) throw error;
    if (winner) shares.push(keyExports(winner, provider));
    else if (skipped) shares.push(nothingFor(provider));
    else if (wanted.named) throw noKey(provider, level);
  }
  return shares;
}

/** A provider that the policy denies: whatever the shell holds for it goes. */
function nothingFor(provider: Provider): ProviderExports {
  const names = provider.methods.flatMap(({ variables }) => variables);
  return { set: new Map(), unset: names, fromStorage: [] };
}
