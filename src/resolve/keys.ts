/**
 * LLM vendors' keys: resolved level by level under the organisation's policy. What `env`, `exec`, `get`,
 * `header`, `status`, `explain` and `keys` use for everything but Gumloop itself.
 */
import type { Credential, Level } from "../core/credential.ts";
import { fail, type GumCredError } from "../core/errors.ts";
import type { Provider } from "../providers/contract.ts";
import type { Resolution } from "./classify.ts";
import {
  LEVELS,
  type LevelRequest,
  levelScopes,
  llmAccount,
  overridden,
  refuseOtherLevel,
} from "./levels.ts";
import { plan } from "./plan.ts";
import { deniedError, NO_POLICY, organizationSource, type Policy } from "./policy.ts";
import type { Ports, Scope } from "./ports.ts";
import { readConfigured } from "./sources/configured.ts";
import { type KeyReader, keyReader, readStoredKey } from "./sources/stored-keys.ts";
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
  const keys = keyReader(() => ports.keychain(), accounts);
  const resolutions = new Map<Provider, Resolution>();
  for (const provider of request.providers) {
    const search = searchFor(provider, policy, levels, keys, ports);
    resolutions.set(provider, await resolveSearch(search, ports, reach));
  }
  return resolutions;
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
  throw resolution?.error ?? noKey(provider, level);
}

/** Nothing found for a provider that was asked for by name. */
export function noKey(provider: Provider, level: Level | null): GumCredError {
  return fail(
    "E_NO_CREDENTIAL",
    `no ${level ? `${level} ` : ""}key found for ${provider.title}`,
    `run 'gum-cred keys set ${provider.id}', or set ${provider.exported}; create one at ${provider.setupUrl}`,
  );
}

/** Everything about one vendor that a walk needs. */
function searchFor(
  provider: Provider,
  policy: Policy,
  levels: LevelRequest,
  keys: KeyReader,
  ports: Ports,
): Search {
  return {
    candidates: plan(provider, levelScopes(provider.id, policy, levels)),
    refusal: policyRefusal(provider.id, policy, levels),
    stored: (candidate, account) => readStoredKey(candidate, account, keys),
    configured: (candidate, from) => {
      const account = llmAccount(candidate.level ?? "personal", provider.id, levels);
      const readers = { raw: ports.raw, stored: (account: string) => keys.read(account) };
      return readConfigured(candidate, from, account, readers);
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
  const isWeaker = level !== null && level !== "organization";
  return isWeaker && organizationSource(policy, provider) ? overridden(provider, policy, level) : null;
}
