/**
 * LLM vendors' keys: resolved level by level under the organisation's policy. What `env`, `exec`, `get`,
 * `header`, `status`, `explain` and `keys` stand on for everything but Gumloop itself.
 */
import type { Credential, Level } from "../core/credential.ts";
import { fail, type GumCredError } from "../core/errors.ts";
import type { Provider } from "../providers/contract.ts";
import { judgeLevels, LEVELS, levelScopes, llmAccount, overridden } from "./levels.ts";
import { blocked, type Judgement, plan } from "./plan.ts";
import { isDenied, NO_POLICY, organizationName, organizationSource, type Policy } from "./policy.ts";
import type { Ports, Scope } from "./ports.ts";
import { readConfigured } from "./sources/configured.ts";
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
  const keys = keyReader(() => ports.keychain(), accounts);
  const judgements = new Map<Provider, Judgement>();
  for (const provider of request.providers) {
    judgements.set(provider, await resolveOne(provider, policy, levels, keys, ports, reach));
  }
  return judgements;
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
        configured: (candidate, from) =>
          readConfigured(candidate, from, llmAccount(candidate.level ?? "personal", provider.id, levels), {
            raw: ports.raw,
            stored: (account) => keys.read(account),
          }),
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
