/** Providers by name, and the credential in force of any one of them. */
import type { Credential, Level } from "../core/credential.ts";
import { fail, type GumCredError } from "../core/errors.ts";
import { providerId } from "../core/provider-id.ts";
import { shownWord } from "../core/shown-path.ts";
import { requireGumloop, resolveGumloop } from "../gumloop/resolve.ts";
import type { Provider } from "../providers/contract.ts";
import { PROVIDERS, VENDORS } from "../providers/registry.ts";
import type { Resolution } from "../resolve/classify.ts";
import { type Explanation, explain } from "../resolve/explain.ts";
import { requireKey, resolveKeys } from "../resolve/keys.ts";
import { LEVELS, ruledOutScopes } from "../resolve/levels.ts";
import { plan } from "../resolve/plan.ts";
import { organizationName } from "../resolve/policy.ts";
import type { Ports, Scope, Storage } from "../resolve/ports.ts";
import { vendorsInPlay } from "./vendors-in-play.ts";

/** The provider of a name as typed. Throws E_UNKNOWN_PROVIDER. */
export async function providerNamed(name: string, ports: Pick<Storage, "installed">): Promise<Provider> {
  for (const known of PROVIDERS) if (known.id === name) return known;
  const meant = providerMeant(name);
  if (meant)
    throw fail("E_UNKNOWN_PROVIDER", `a provider's name is expected here`, `did you mean '${meant}'?`);
  const id = providerId(name);
  const provider =
    PROVIDERS.find((known) => known.id === id || known.aliases?.includes(id)) ??
    (await ports.installed.load(id));
  if (!provider) throw await unknownProvider(id, ports);
  return provider;
}

/** The provider whose variable, or a reference to which, was given in place of its name; null for anything else. */
function providerMeant(name: string): string | null {
  const [, referred] = /^gum:\/\/([a-z0-9-]+)(?:[/?]|$)/.exec(name) ?? [];
  const owner = PROVIDERS.find(
    ({ id, aliases, methods }) =>
      id === referred ||
      (referred !== undefined && aliases?.includes(referred)) ||
      methods.some(({ variables }) => variables.includes(name)),
  );
  return owner?.id ?? null;
}

async function unknownProvider(id: string, ports: Pick<Storage, "installed">): Promise<GumCredError> {
  const installed = await ports.installed.all().catch(() => []);
  const known = [...PROVIDERS, ...installed].flatMap((provider) => [
    provider.id,
    ...(provider.aliases ?? []),
  ]);
  const { default: leven } = await import("leven");
  const [near] = known
    .map((name) => ({ name, distance: leven(id, name) }))
    .filter(({ name, distance }) => distance <= Math.max(1, name.length / 3))
    .sort((a, b) => a.distance - b.distance);
  return fail(
    "E_UNKNOWN_PROVIDER",
    `unknown provider '${shownWord(id)}'`,
    near && `did you mean '${near.name}'?`,
  );
}

/** Every LLM vendor: built in, then installed. */
export async function allVendors(ports: Pick<Storage, "installed">): Promise<readonly Provider[]> {
  return [...VENDORS, ...(await ports.installed.all())];
}

/** The credential in force of a provider. Throws when there is none, or it cannot be used. */
export async function requireCredential(
  provider: Provider,
  level: Level | null,
  scope: Scope,
  ports: Ports,
): Promise<Credential> {
  if (provider.kind === "llm") return requireKey(provider, level, scope, ports);
  refuseLevel(level);
  return requireGumloop(scope, ports);
}

/** What a provider's search came to, and why every candidate won or lost. */
export interface ExplainedProvider {
  readonly resolution: Resolution;
  readonly explanations: readonly Explanation[];
}

/** Resolves a provider's credential and explains every candidate. */
export async function explainProvider(
  provider: Provider,
  level: Level | null,
  scope: Scope,
  ports: Ports,
): Promise<ExplainedProvider> {
  const resolution = await resolveAll(provider, level, scope, ports);
  const looked = explain(resolution, ports.environment.exported);
  return {
    resolution,
    explanations: byLevel([...(await ruledOut(provider, level, scope, ports)), ...looked]),
  };
}

/** The places that the system's policy leaves out. Nothing where the policy cannot be read: then nothing is found either. */
async function ruledOut(
  provider: Provider,
  level: Level | null,
  { profile, teamId }: Scope,
  ports: Ports,
): Promise<readonly Explanation[]> {
  const policy = provider.kind === "llm" ? await ports.policy().catch(() => null) : null;
  if (policy === null) return [];
  const reason = `${organizationName(policy)}'s policy decides on the ${provider.id} key here`;
  return plan(provider, ruledOutScopes(provider.id, policy, { profile, teamId, level })).map((candidate) => {
    return { candidate, state: "blocked", reason, credential: null };
  });
}

function byLevel(explanations: readonly Explanation[]): readonly Explanation[] {
  const rank = ({ candidate: { level } }: Explanation) => (level === null ? 0 : LEVELS.indexOf(level));
  return explanations.toSorted((a, b) => rank(a) - rank(b));
}

/** Gumloop, and every LLM vendor of which a place holds something or cannot be read. */
export async function explainEvery(
  scope: Scope,
  ports: Ports,
): Promise<readonly { readonly provider: Provider; readonly explained: ExplainedProvider }[]> {
  const exported = ports.environment.exported;
  const platforms = PROVIDERS.filter(({ kind }) => kind === "platform");
  const every = await Promise.all(
    platforms.map(async (provider) => ({
      provider,
      explained: await explainProvider(provider, null, scope, ports),
    })),
  );
  const request = { providers: await vendorsInPlay(ports), level: null };
  for (const [provider, resolution] of await resolveKeys(request, scope, ports, "all")) {
    const explanations = explain(resolution, exported);
    if (explanations.some(({ state }) => state !== "absent")) {
      every.push({ provider, explained: { resolution, explanations } });
    }
  }
  return every;
}

async function resolveAll(
  provider: Provider,
  level: Level | null,
  scope: Scope,
  ports: Ports,
): Promise<Resolution> {
  if (provider.kind === "platform") {
    refuseLevel(level);
    return resolveGumloop(scope, ports, "all");
  }
  const request = { providers: [provider], level };
  const resolution = (await resolveKeys(request, scope, ports, "all")).get(provider);
  if (!resolution) throw fail("E_INTERNAL", "a provider was resolved without a resolution");
  return resolution;
}

function refuseLevel(level: Level | null): void {
  if (level !== null)
    throw fail("E_USAGE", "--level is for LLM keys; Gumloop's own credential has no levels");
}
