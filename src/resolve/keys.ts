/**
 * LLM vendors' keys: resolved level by level under the organisation's policy. What `env`, `exec`, `get`,
 * `header`, `status`, `explain` and `keys` use for everything but Gumloop itself.
 */
import type { Credential, Level } from "../core/credential.ts";
import { fail, type GumCredError } from "../core/errors.ts";
import type { Provider } from "../providers/contract.ts";
import { lacksKeychain, type Resolution } from "./classify.ts";
import {
  LEVELS,
  type LevelRequest,
  levelScopes,
  levelVariable,
  llmAccount,
  overridden,
  refuseOtherLevel,
} from "./levels.ts";
import { plan } from "./plan.ts";
import { deniedError, NO_POLICY, organizationSource, type Policy, teamSource } from "./policy.ts";
import type { Ports, Scope, SharedSources } from "./ports.ts";
import { readConfigured } from "./sources/configured.ts";
import type { FleetReader } from "./sources/fleet.ts";
import { isKept, keptAccount } from "./sources/kept.ts";
import { type KeyReader, keyReader, readStoredKey } from "./sources/stored-keys.ts";
import { vendorAdvice } from "./vendor-advice.ts";
import { type Reach, resolveSearch, type Search } from "./walk.ts";

export interface LlmRequest {
  readonly providers: readonly Provider[];
  /** One level only; null for the strongest that exists. */
  readonly level: Level | null;
}

/** Resolves several providers' keys with one read of the keychain, in the order given. */
export async function resolveKeys(
  request: LlmRequest,
  scope: Scope,
  ports: Ports,
  reach: Reach = "first",
): Promise<ReadonlyMap<Provider, Resolution>> {
  const policy = await ports.policy();
  const levels = { profile: scope.profile, teamId: scope.teamId, level: request.level };
  const accounts = request.providers.flatMap(({ id }) =>
    LEVELS.filter((level) => level !== "team" || scope.teamId !== null).map((level) =>
      llmAccount(level, id, levels),
    ),
  );
  const kept = request.providers.flatMap(({ id }) => keptAccounts(id, policy, scope.teamId));
  const keys = keyReader(() => ports.keychain(), [...accounts, ...kept]);
  const sources: SharedSources = ports.memory.sources ?? {};
  const openFleet = (): Promise<FleetReader> => {
    sources.reader ??= import("./policy-reader.ts").then((module) =>
      module.policyReader(policy, keys, ports),
    );
    return sources.reader;
  };
  try {
    // Side by side: the run waits for its slowest source, not for the sum.
    const resolve = async (provider: Provider) => {
      const search = searchFor(provider, policy, levels, keys, openFleet);
      return [provider, await resolveSearch(search, ports, reach)] as const;
    };
    const found = Promise.all(request.providers.map(resolve));
    const asksSources = request.providers.some(({ id }) => isConfigured(id, policy, levels));
    return new Map(await (asksSources ? ports.busy("Asking the policy's sources", found) : found));
  } finally {
    if (sources !== ports.memory.sources) await (await sources.reader)?.close();
  }
}

/** Whether a source of the policy may be asked, which can take seconds. */
function isConfigured(provider: string, policy: Policy, levels: LevelRequest): boolean {
  if (policy === NO_POLICY) return false;
  return levelScopes(provider, policy, levels).some(({ configured }) => Boolean(configured));
}

/**
 * Does `work` with one reader of the policy's sources for all keys that it resolves: a source is asked once, however many
 * references name it, and logins are shared.
 */
export async function sharingSources<T>(ports: Pick<Ports, "memory">, work: () => Promise<T>): Promise<T> {
  const sources: SharedSources = {};
  ports.memory.sources = sources;
  try {
    return await work();
  } finally {
    ports.memory.sources = undefined;
    await (await sources.reader)?.close();
  }
}

/** Where the values of a provider's sources are kept in the keychain. */
function keptAccounts(provider: string, policy: Policy, teamId: string | null): readonly string[] {
  const sources = [
    ["organization", organizationSource(policy, provider, teamId)],
    ["team", teamSource(policy, provider, teamId)],
  ] as const;
  return sources.flatMap(([level, source]) =>
    source && isKept(source) ? [keptAccount(level, provider, teamId)] : [],
  );
}

/** One provider's key in force. Throws the error of a candidate that should have won, E_NO_CREDENTIAL when there is none. */
export async function requireKey(
  provider: Provider,
  level: Level | null,
  scope: Scope,
  ports: Ports,
): Promise<Credential> {
  const resolution = (await resolveKeys({ providers: [provider], level }, scope, ports)).get(provider);
  if (resolution?.winner) return resolution.winner;
  if (resolution?.error) throw vendorAdvice(resolution.error, { provider, level });
  throw noKey(provider, level, scope, resolution);
}

/** Nothing found for a provider that was asked for by name. Where no keychain was met, none is advised to be stored. */
export function noKey(
  provider: Provider,
  level: Level | null,
  { teamId }: Pick<Scope, "teamId">,
  met?: Resolution,
): GumCredError {
  const what = `no ${level ? `${level} ` : ""}key found for ${provider.title}`;
  if (level === "team" && teamId === null) {
    return fail("E_NO_CREDENTIAL", `${what}: no team is in scope`, "pass --team-id, or set GUMLOOP_TEAM_ID");
  }
  const variable = levelVariable(level ?? "personal", provider.exported);
  if (met && lacksKeychain(met)) {
    return fail(
      "E_NO_CREDENTIAL",
      `${what}: no variable is set, and this machine has no keychain service`,
      `set ${variable}; create a key at ${provider.setupUrl}`,
    );
  }
  return fail(
    "E_NO_CREDENTIAL",
    what,
    `run 'gum-cred keys set ${provider.id}', or set ${variable}; create one at ${provider.setupUrl}`,
  );
}

/** Everything about one vendor that a walk needs. */
function searchFor(
  provider: Provider,
  policy: Policy,
  levels: LevelRequest,
  keys: KeyReader,
  openFleet: () => Promise<FleetReader>,
): Search {
  return {
    candidates: plan(provider, levelScopes(provider.id, policy, levels)),
    refusal: policyRefusal(provider.id, policy, levels),
    stored: (candidate, account) => readStoredKey(candidate, account, keys),
    configured: async (candidate, source) => {
      const level = candidate.level === "team" ? "team" : "organization";
      const account = llmAccount(level, provider.id, levels);
      const kept = keptAccount(level, provider.id, levels.teamId);
      const wanted = { source, provider: provider.id, level, account, keptAccount: kept } as const;
      return readConfigured(candidate, wanted, await openFleet());
    },
    refuseWinner: (winner) => refuseOtherLevel(winner, policy, levels.level),
  };
}

/** What a policy refuses before anything is read. */
function policyRefusal(
  provider: string,
  policy: Policy,
  { teamId, level }: LevelRequest,
): GumCredError | null {
  if (policy === NO_POLICY) return null;
  const denied = deniedError(policy, provider, teamId);
  if (denied) return denied;
  if (level === null || level === "organization") return null;
  const isOverridden =
    organizationSource(policy, provider, teamId) !== null ||
    (level === "personal" && teamSource(policy, provider, teamId) !== null);
  return isOverridden ? overridden(provider, policy, level) : null;
}
