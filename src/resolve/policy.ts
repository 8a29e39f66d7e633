/**
 * The organisation's rules: where its and its teams' keys come from, and which providers are denied. Pure:
 * reading and checking the files is src/resolve/policy-file.ts.
 */
import { fail, type GumCredError } from "../core/errors.ts";

import type { FederationSource } from "./sources/federation/settings.ts";
import type { VaultSource } from "./sources/vault/settings.ts";

/** What any source may say beside its kind. */
export interface SourceOptions {
  /** Milliseconds for everything that the source does; {@link DEFAULT_TIMEOUT_MS} when left out. */
  readonly timeoutMs?: number;
  /** Seconds for which its value is kept in the keychain and it is not asked again. */
  readonly cacheS?: number;
  /** Seconds after that in which the kept value stands in while the source cannot be reached. */
  readonly staleOkS?: number;
}

export const DEFAULT_TIMEOUT_MS = 5_000;
export const MAX_TIMEOUT_MS = 15_000;

/** Where an organisation's or team's key comes from. Exactly one kind. */
export type ConfiguredSource = SourceOptions &
  (
    | { readonly kind: "command"; readonly argv: readonly string[] }
    | { readonly kind: "path"; readonly path: string }
    | { readonly kind: "policy-variable"; readonly variable: string }
    | { readonly kind: "policy-keychain" }
    | { readonly kind: "vault"; readonly vault: VaultSource }
    | { readonly kind: "federation"; readonly federation: FederationSource }
  );

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
  /** The rules of the system's own file. Nothing self-made outranks them. Absent without one. */
  readonly system?: Pick<Policy, "providers" | "teams">;
  /** SHA-256 of the files' bytes, in hexadecimal: what is kept of a source is bound to it. Absent without files. */
  readonly hash?: string;
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

/**
 * Whether the system's policy has a rule for a provider, for the organisation or for the team in scope: organisation
 * and team keys from variables, the keychain or a second policy file are then ignored.
 */
export function isRuledBySystem({ system }: Policy, provider: string, teamId: string | null): boolean {
  if (system === undefined) return false;
  const team = teamId === null ? undefined : system.teams.get(teamId);
  return system.providers.has(provider) || (team?.has(provider) ?? false);
}

/** The organisation's own source for a provider; null when it configured none that counts. */
export function organizationSource(
  policy: Policy,
  provider: string,
  teamId: string | null,
): ConfiguredSource | null {
  return sourceOf(strongest(policy, provider, teamId).providers.get(provider));
}

/** A team's source for a provider; null when there is none, or no team is in scope. */
export function teamSource(policy: Policy, provider: string, teamId: string | null): ConfiguredSource | null {
  if (teamId === null) return null;
  return sourceOf(strongest(policy, provider, teamId).teams.get(teamId)?.get(provider));
}

function strongest(policy: Policy, provider: string, teamId: string | null) {
  return policy.system && isRuledBySystem(policy, provider, teamId) ? policy.system : policy;
}

/** Whether a command may hand a provider's key out, whoever's it is. */
export function isExportable(policy: Policy, provider: string, teamId: string | null): boolean {
  return usesOf(policy, provider, teamId).every(({ exportable }) => exportable !== false);
}

/** Throws E_NOT_EXPORTABLE for a key that no command may hand out. */
export function requireExportable(policy: Policy, provider: string, teamId: string | null): void {
  if (!isExportable(policy, provider, teamId)) throw notExportable(policy, [provider]);
}

/** Why these keys are not handed out. */
export function notExportable(policy: Policy, providers: readonly string[]): GumCredError {
  const provider = providers.join(" ");
  const keys = `the key${providers.length > 1 ? "s" : ""} for ${providers.join(", ")}`;
  return fail(
    "E_NOT_EXPORTABLE",
    `${organizationName(policy)} does not let ${keys} be handed out`,
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
    system: { providers: system.providers, teams: system.teams },
    ...hashOf(system, extra),
  };
}

function merge(system: Rules, extra: Rules): Rules {
  const merged = new Map(system);
  for (const [provider, rule] of extra) merged.set(provider, stricter(merged.get(provider), rule));
  return merged;
}

/** The system's rule, with whatever the other one forbids beyond it. Another source is ignored. */
function stricter(system: ProviderRule | undefined, extra: ProviderRule): ProviderRule {
  if (system === undefined || extra.kind === "deny") return extra;
  if (system.kind === "deny") return system;
  const exportable = system.exportable === false || extra.exportable === false ? false : undefined;
  const allow = [...(system.allow ?? []), ...(extra.allow ?? [])];
  return {
    ...system,
    ...(exportable === undefined ? {} : { exportable }),
    ...(allow.length === 0 ? {} : { allow }),
  };
}

/** Both files' hashes in one: the second's are as many digits again, so that no other pair gives the same. */
function hashOf(system: Policy, extra: Policy): Pick<Policy, "hash"> {
  return system.hash && extra.hash ? { hash: `${system.hash}${extra.hash}` } : {};
}

function sourceOf(rule: ProviderRule | undefined): ConfiguredSource | null {
  return rule?.kind === "source" ? rule.source : null;
}
