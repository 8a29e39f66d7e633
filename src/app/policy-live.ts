/** Asks every source of a policy once, side by side, and says what came of it: what `policy check --live` shows. */
import { GumCredError } from "../core/errors.ts";
import { llmAccount } from "../resolve/levels.ts";
import type { Policy, Rules } from "../resolve/policy.ts";
import { policyReader } from "../resolve/policy-reader.ts";
import type { Ports } from "../resolve/ports.ts";
import { sourceKind, sourceLocation } from "../resolve/source-names.ts";
import type { Wanted } from "../resolve/sources/fleet.ts";
import { keptAccount } from "../resolve/sources/kept.ts";
import { keyReader } from "../resolve/sources/stored-keys.ts";

export interface SourceCheck {
  readonly level: "organization" | "team";
  /** Null for the organisation's. */
  readonly team: string | null;
  readonly provider: string;
  /** `vault`, `federation`, … as in the policy. */
  readonly source: string;
  readonly location: string;
  /** Null where the source gave a key. */
  readonly error: GumCredError | null;
  /** Milliseconds since 1970, where the key has an end. */
  readonly expiresAt: number | null;
  readonly ms: number;
}

/** Nothing is read from what is kept, and nothing is kept. Throws for bugs only. */
export async function checkSources(policy: Policy, ports: Ports): Promise<readonly SourceCheck[]> {
  const wanted = [
    ...sourcesOf(policy.providers, "organization", null),
    ...[...policy.teams].flatMap(([team, rules]) => sourcesOf(rules, "team", team)),
  ];
  const keys = keyReader(
    () => ports.keychain(),
    wanted.map(({ account }) => account),
  );
  const { hash: _, ...unbound } = policy;
  const reader = policyReader(unbound, keys, ports);
  try {
    return await Promise.all(wanted.map((one) => check(one, () => reader.read(one))));
  } finally {
    await reader.close();
  }
}

type Asked = Wanted & { readonly team: string | null };

function sourcesOf(rules: Rules, level: "organization" | "team", team: string | null): Asked[] {
  return [...rules].flatMap(([provider, rule]): Asked[] => {
    if (rule.kind !== "source") return [];
    const account = llmAccount(level, provider, { profile: "default", teamId: team, level });
    const kept = keptAccount(level, provider, team);
    return [{ source: rule.source, provider, level, team, account, keptAccount: kept }];
  });
}

async function check(
  wanted: Asked,
  read: () => Promise<{ readonly expiresAt: number | null } | null>,
): Promise<SourceCheck> {
  const { level, team, provider, source, account } = wanted;
  const started = performance.now();
  const outcome = await read().then(
    (got) => (got === null ? holdsNone(wanted) : got),
    (error: unknown) => error,
  );
  if (outcome instanceof Error && !(outcome instanceof GumCredError)) throw outcome;
  const error = outcome instanceof GumCredError ? outcome : null;
  const expiresAt = error ? null : ((outcome as { expiresAt: number | null }).expiresAt ?? null);
  const names = { source: sourceKind(source), location: sourceLocation(source, account) };
  return { level, team, provider, ...names, error, expiresAt, ms: Math.round(performance.now() - started) };
}

function holdsNone({ level, provider }: Asked): GumCredError {
  return new GumCredError("E_POLICY_SOURCE", `the ${level} key for ${provider}: the source holds none`);
}
