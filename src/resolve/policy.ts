/**
 * The organisation's rules: where its and its teams' keys come from, and which providers are denied. Pure:
 * reading and checking the files is src/resolve/policy-file.ts.
 */
import { fail, type GumCredError } from "../core/errors.ts";

/** Where an organisation's or team's key comes from. Exactly one kind. */
export type ConfiguredSource =
  | { readonly kind: "command"; readonly argv: readonly string[]; readonly timeoutMs: number }
  | { readonly kind: "path"; readonly path: string }
  | { readonly kind: "policy-variable"; readonly variable: string }
  | { readonly kind: "policy-keychain" };

/** How a key may be used. */
export interface UseRules {
  /** False: only the broker may use the key; no command hands it out. */
  readonly exportable?: boolean;
  /** Methods and paths that the broker lets through: `POST /v1/messages`. Each list restricts on its own. */
  readonly allow?: readonly (readonly string[])[];
}

export type ProviderRule =
  | ({ readonly kind: "source"; readonly source: ConfiguredSource } & UseRules)
  | ({ readonly kind: "broker" } & UseRules)
  | { readonly kind: "deny" };

export type Rules = ReadonlyMap<string, ProviderRule>;

export interface Policy {
  /** Who decides, for messages: the organisation's name. */
  readonly organization: { readonly id: string; readonly name: string } | null;
  /** By provider id. */
  readonly providers: Rules;
  /** By team id, then provider id. */
  readonly teams: ReadonlyMap<string, Rules>;
  /** The files it was read from, the system's first. */
  readonly files: readonly string[];
}

export const NO_POLICY: Policy = { organization: null, providers: new Map(), teams: new Map(), files: [] };

/** The rule for a provider: the organisation's, which a team's can only tighten by denying. */
function isDenied(policy: Policy, provider: string, teamId: string | null): boolean {
  const team = teamId === null ? undefined : policy.teams.get(teamId)?.get(provider);
  return policy.providers.get(provider)?.kind === "deny" || team?.kind === "deny";
}

/** Why a provider may not be used at all; null when it may. */
export function deniedError(policy: Policy, provider: string, teamId: string | null): GumCredError | null {
  return isDenied(policy, provider, teamId)
    ? fail("E_POLICY_DENIED", `${organizationName(policy)} does not allow ${provider}`)
    : null;
}

/** The organisation's own source for a provider; null when it configured none. */
export function organizationSource(policy: Policy, provider: string): ConfiguredSource | null {
  return sourceOf(policy.providers.get(provider));
}

/** A team's source for a provider; null when there is none, or no team is in scope. */
export function teamSource(policy: Policy, provider: string, teamId: string | null): ConfiguredSource | null {
  return teamId === null ? null : sourceOf(policy.teams.get(teamId)?.get(provider));
}

/** Throws E_NOT_EXPORTABLE for a key that no command may hand out, whoever's it is. */
export function requireExportable(policy: Policy, provider: string, teamId: string | null): void {
  if (usesOf(policy, provider, teamId).every(({ exportable }) => exportable !== false)) return;
  throw fail(
    "E_NOT_EXPORTABLE",
    `${organizationName(policy)} does not let the key for ${provider} be handed out`,
    `run the command with 'gum-cred broker ${provider} -- CMD', which uses the key without showing it`,
  );
}

/** What the broker may let through for a provider: a request must be in each of the lists. */
export function allowedRequests(
  policy: Policy,
  provider: string,
  teamId: string | null,
): readonly (readonly string[])[] {
  return usesOf(policy, provider, teamId).flatMap(({ allow }) => allow ?? []);
}

function usesOf(policy: Policy, provider: string, teamId: string | null): readonly UseRules[] {
  const rules = [
    policy.providers.get(provider),
    teamId === null ? undefined : policy.teams.get(teamId)?.get(provider),
  ];
  return rules.flatMap((rule) => (rule && rule.kind !== "deny" ? [rule] : []));
}

/** How the organisation is called in messages. */
export function organizationName(policy: Policy): string {
  return policy.organization?.name ?? "the organisation";
}

/**
 * The system's policy with one more file on top, which can add rules and deny, and never loosens: where the
 * system names a source or denies, that stays.
 */
export function tighten(system: Policy, extra: Policy): Policy {
  const teams = new Map(system.teams);
  for (const [team, rules] of extra.teams) teams.set(team, merge(system.teams.get(team) ?? new Map(), rules));
  return {
    organization: system.organization ?? extra.organization,
    providers: merge(system.providers, extra.providers),
    teams,
    files: [...system.files, ...extra.files],
  };
}

function merge(system: Rules, extra: Rules): Rules {
  const merged = new Map(system);
  for (const [provider, rule] of extra) {
    const first = system.get(provider);
    if (rule.kind === "deny" || !first) merged.set(provider, rule);
    else if (first.kind !== "deny") merged.set(provider, stricter(first, rule));
  }
  return merged;
}

/** The system's rule, with whatever the other one forbids beyond it. */
function stricter(
  system: Exclude<ProviderRule, { readonly kind: "deny" }>,
  extra: Exclude<ProviderRule, { readonly kind: "deny" }>,
): ProviderRule {
  const exportable = system.exportable === false || extra.exportable === false ? false : undefined;
  const allow = [...(system.allow ?? []), ...(extra.allow ?? [])];
  const source = system.kind === "broker" && extra.kind === "source" ? extra : system;
  return {
    ...source,
    ...(exportable === undefined ? {} : { exportable }),
    ...(allow.length === 0 ? {} : { allow }),
  };
}

function sourceOf(rule: ProviderRule | undefined): ConfiguredSource | null {
  return rule?.kind === "source" ? rule.source : null;
}
