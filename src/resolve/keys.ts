/**
 * LLM vendors' keys: resolved level by level under the organisation's policy. What `env`, `exec`, `get`,
 * `header`, `status`, `explain` and `keys` stand on for everything but Gumloop itself.
 */
import type { Credential, Level } from "../core/credential.ts";
import { fail, type GumCredError } from "../core/errors.ts";
import type { Provider } from "../providers/contract.ts";
import { judgeLevels, LEVELS, levelScopes, llmAccount, overridden } from "./levels.ts";
import {
  isDenied,
  NO_POLICY,
  organizationName,
  organizationSource,
  type Policy,
  teamSource,
} from "./policy.ts";
import type { Ports, Scope } from "./ports.ts";
import { blocked, type Judgement, plan } from "./precedence.ts";
import { readConfigured } from "./sources/configured.ts";
import type { FleetReader } from "./sources/fleet.ts";
import { isKept, keptAccount } from "./sources/kept.ts";
import { type KeyReader, keyReader, readStoredKey } from "./sources/stored-keys.ts";
import { type Reach, walk } from "./walk.ts";

export interface LlmRequest {
  readonly providers: readonly Provider[];
  /** One level only; null for the strongest that exists. */
  readonly level: Level | null;
}

/** Resolves several providers' keys with one look into the keychain, in the order given. */
export async function resolveKeys(
  request: LlmRequest,
  scope: Scope,
  ports: Ports,
  reach: Reach = "first",
): Promise<ReadonlyMap<Provider, Judgement>> {
  const policy = await ports.policy();
  const levels = { profile: scope.profile, teamId: scope.teamId, level: request.level };
  const accounts = request.providers.flatMap(({ id }) =>
    LEVELS.filter((level) => level !== "team" || scope.teamId !== null).map((level) =>
      llmAccount(level, id, levels),
    ),
  );
  const kept = request.providers.flatMap(({ id }) => keptAccounts(id, policy, scope.teamId));
  const keys = keyReader(() => ports.keychain(), [...accounts, ...kept]);
  let fleet: Promise<FleetReader> | undefined;
  const openFleet = (): Promise<FleetReader> => {
    fleet ??= import("./policy-reader.ts").then(({ policyReader }) => policyReader(policy, keys, ports));
    return fleet;
  };
  try {
    // Side by side: the run waits for its slowest source, not for the sum.
    const judged = await Promise.all(
      request.providers.map(
        async (provider) =>
          [provider, await resolveOne(provider, policy, levels, keys, openFleet, ports, reach)] as const,
      ),
    );
    return new Map(judged);
  } finally {
    await (await fleet)?.close();
  }
}

/** Where the values of a provider's sources are kept in the keychain. */
function keptAccounts(provider: string, policy: Policy, teamId: string | null): readonly string[] {
  const sources = [
    ["organization", organizationSource(policy, provider)],
    ["team", teamSource(policy, provider, teamId)],
  ] as const;
  return sources.flatMap(([level, source]) =>
    source && isKept(source) ? [keptAccount(level, provider, teamId)] : [],
  );
}

/** One provider's key in force. Throws what stands in its way, E_NO_CREDENTIAL when there is none. */
export async function requireKey(
  provider: Provider,
  level: Level | null,
  scope: Scope,
  ports: Ports,
): Promise<Credential> {
  const judgement = (await resolveKeys({ providers: [provider], level }, scope, ports)).get(provider);
  if (judgement?.winner) return judgement.winner;
  throw judgement?.error ?? noKey(provider, level);
}

/** Nothing found for a provider that was asked for by name. */
export function noKey(provider: Provider, level: Level | null): GumCredError {
  return fail(
    "E_NO_CREDENTIAL",
    `there is no ${level ? `${level} ` : ""}key for ${provider.title}`,
    `run 'gum-cred keys set ${provider.id}', or set ${provider.exported}; create one at ${provider.setupUrl}`,
  );
}

async function resolveOne(
  provider: Provider,
  policy: Policy,
  levels: { readonly profile: string; readonly teamId: string | null; readonly level: Level | null },
  keys: KeyReader,
  openFleet: () => Promise<FleetReader>,
  ports: Ports,
  reach: Reach,
): Promise<Judgement> {
  const candidates = plan(provider, levelScopes(provider.id, policy, levels));
  const refusal = refused(provider.id, policy, levels.teamId, levels.level);
  if (refusal) return blocked(candidates, refusal);
  const resolveIn = async (environment: Ports["environment"]) => {
    const findings = await walk(
      candidates,
      {
        environment,
        stored: (candidate, account) => readStoredKey(candidate, account, keys),
        configured: async (candidate, source) => {
          const level = candidate.level === "team" ? "team" : "organization";
          const account = llmAccount(level, provider.id, levels);
          const kept = keptAccount(level, provider.id, levels.teamId);
          const wanted = { source, provider: provider.id, level, account, keptAccount: kept } as const;
          return readConfigured(candidate, wanted, await openFleet());
        },
      },
      reach,
      ports,
    );
    return judgeLevels(candidates, findings, policy, levels);
  };
  const judgement = await resolveIn(ports.environment);
  const empty = judgement.winner === null && judgement.error === null;
  const handedOver = ports.environment.exported.size > 0;
  const noKeychain = judgement.candidates.some((judged) => judged.state === "unavailable");
  return empty && handedOver && noKeychain ? resolveIn(ports.environment.asTheUsers()) : judgement;
}

/** What a policy refuses before anything is looked at. */
function refused(
  provider: string,
  policy: Policy,
  teamId: string | null,
  level: Level | null,
): GumCredError | null {
  if (policy === NO_POLICY) return null;
  if (isDenied(policy, provider, teamId)) {
    return fail("E_POLICY_DENIED", `${organizationName(policy)} does not allow ${provider}`);
  }
  const weaker = level !== null && level !== "organization";
  return weaker && organizationSource(policy, provider) ? overridden(provider, policy, level) : null;
}
