/**
 * The level rules for LLM keys: organisation, then team (only in scope), then personal. Where an
 * organisation key is set for a provider, neither a variable nor a flag overrides it. Pure.
 */
import type { Credential, Level } from "../core/credential.ts";
import type { RawEnvironment } from "../core/environment.ts";
import { fail, type GumCredError } from "../core/errors.ts";
import { OWN_SERVICE } from "../keychain/keychain.ts";
import type { LevelScope } from "./plan.ts";
import { isRuledBySystem, organizationName, organizationSource, type Policy, teamSource } from "./policy.ts";

export const LEVELS: readonly Level[] = ["organization", "team", "personal"];

/** What a level lookup is scoped to. */
export interface LevelRequest {
  readonly profile: string;
  readonly teamId: string | null;
  /** One level only; null for all. */
  readonly level: Level | null;
}

/** Keychain account of an LLM key under the service `gum-cred`. Profiles and team ids hold no colon. */
export function llmAccount(level: Level, provider: string, request: LevelRequest): string {
  switch (level) {
    case "organization":
      return `llm:organization:${provider}`;
    case "team":
      return `llm:team:${request.teamId}:${provider}`;
    case "personal":
      return `llm:personal:${request.profile}:${provider}`;
  }
}

const PREFIX: Record<Level, string> = {
  organization: "GUM_CRED_ORG_",
  team: "GUM_CRED_TEAM_",
  personal: "",
};

/** The variable of a level for a provider's own variable name. */
export function levelVariable(level: Level, name: string): string {
  return PREFIX[level] + name;
}

/**
 * The levels to look at, strongest first. With one level asked for, the organisation's is still looked at:
 * a key there refuses the request ({@link refuseOtherLevel}).
 */
export function levelScopes(provider: string, policy: Policy, request: LevelRequest): readonly LevelScope[] {
  const isRuled = isRuledBySystem(policy, provider, request.teamId);
  return everyScope(provider, policy, request).filter((scope) => !isRuled || !isSelfMade(scope));
}

/** The levels that are not looked at, because nothing self-made outranks a rule of the system's policy. */
export function ruledOutScopes(
  provider: string,
  policy: Policy,
  request: LevelRequest,
): readonly LevelScope[] {
  if (!isRuledBySystem(policy, provider, request.teamId)) return [];
  return everyScope(provider, policy, request).filter(isSelfMade);
}

function isSelfMade({ level, configured }: LevelScope): boolean {
  return level !== "personal" && !configured;
}

function everyScope(provider: string, policy: Policy, request: LevelRequest): readonly LevelScope[] {
  const wanted = LEVELS.filter(
    (level) =>
      (level !== "team" || request.teamId !== null) &&
      (request.level === null || level === request.level || level === "organization"),
  );
  return wanted.map((level) => ({
    level,
    prefix: PREFIX[level],
    service: OWN_SERVICE,
    account: () => llmAccount(level, provider, request),
    configured: configured(level, provider, policy, request),
  }));
}

/** Why a key of a level that was not asked for refuses the request; null when it is the right one. */
export function refuseOtherLevel(
  winner: Credential,
  policy: Policy,
  wanted: Level | null,
): GumCredError | null {
  return wanted === null || winner.level === wanted ? null : overridden(winner.provider, policy, wanted);
}

/** The refusal of a weaker key where the organisation set its own, to who wants to use one. */
export function overridden(provider: string, policy: Policy, wanted: Level): GumCredError {
  return fail(
    "E_POLICY",
    `${organizationName(policy)} sets the key for ${provider}, so a ${wanted} key cannot be used`,
    "leave --level out to use the organisation's key, or ask its administrator",
  );
}

function configured(level: Level, provider: string, policy: Policy, request: LevelRequest) {
  if (level === "organization") return organizationSource(policy, provider, request.teamId);
  return level === "team" ? teamSource(policy, provider, request.teamId) : null;
}

/** The variables that are set, by the vendor's own name: `X` for each of `X`, `X_FILE`, `GUM_CRED_ORG_X`, … */
export function variablesSet(raw: RawEnvironment): ReadonlySet<string> {
  const prefixes = LEVELS.map((level) => levelVariable(level, ""));
  const names = new Set<string>();
  for (const name of Object.keys(raw)) {
    for (const prefix of prefixes) {
      if (!raw[name] || !name.startsWith(prefix)) continue;
      const plain = name.slice(prefix.length);
      names.add(plain);
      if (plain.endsWith("_FILE")) names.add(plain.slice(0, -"_FILE".length));
    }
  }
  return names;
}
