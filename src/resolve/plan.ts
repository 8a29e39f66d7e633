/**
 * Where to look for a credential: every place, strongest first. Pure: no I/O, so the order is a table in
 * plan.test.ts. walk.ts carries a plan out, classify.ts names the winner, explain.ts says why the others lost.
 */
import type { Level, MethodSpec, Source } from "../core/credential.ts";
import type { ConfiguredSource } from "./policy.ts";
import { sourceKind, sourceLocation } from "./source-names.ts";

/** How a candidate is read. sources/ has one reader for each kind. */
export type ReadFrom =
  | { readonly kind: "env"; readonly variable: string }
  | { readonly kind: "file"; readonly variable: string }
  | { readonly kind: "keychain"; readonly service: string; readonly account: string }
  | ConfiguredSource;

/** One place to look for one provider's credential. */
export interface Candidate {
  readonly provider: string;
  readonly level: Level | null;
  readonly spec: MethodSpec;
  readonly source: Source;
  /** What people see: a variable's name, or `service/account` of a keychain entry. */
  readonly location: string;
  readonly from: ReadFrom;
}

/** One level of a plan: which variables count and where its keychain entries are. */
export interface LevelScope {
  readonly level: Level | null;
  /** Put before each variable name: empty for personal, `GUM_CRED_TEAM_`, `GUM_CRED_ORG_`. */
  readonly prefix: string;
  readonly service: string;
  readonly account: (field: string) => string;
  /** The source that a policy configures for this level. It must give a key: nothing is an error there. */
  readonly configured?: ConfiguredSource | null;
}

/**
 * Every place to look for a provider, strongest first: level by level; within a level the environment
 * method by method (each variable, then the `_FILE` forms), then the keychain. Where the policy configures a
 * source for a level, that source alone is the level.
 */
export function plan(
  provider: { readonly id: string; readonly methods: readonly MethodSpec[] },
  scopes: readonly LevelScope[],
): readonly Candidate[] {
  const candidates: Candidate[] = [];
  for (const scope of scopes) {
    const bases: Base[] = [];
    for (const spec of provider.methods) bases.push({ provider: provider.id, level: scope.level, spec });
    if (scope.configured) {
      for (const base of bases) candidates.push(configuredOf(base, scope, scope.configured));
      continue;
    }
    for (const base of bases) {
      for (const name of base.spec.variables) candidates.push(variableOf(base, scope.prefix + name));
      for (const name of base.spec.variables) candidates.push(variableFileOf(base, scope.prefix + name));
    }
    for (const base of bases) candidates.push(storedOf(base, scope));
  }
  return candidates;
}

type Base = Pick<Candidate, "provider" | "level" | "spec">;

function variableOf(base: Base, variable: string): Candidate {
  return { ...base, source: "env", location: variable, from: { kind: "env", variable } };
}

function variableFileOf(base: Base, name: string): Candidate {
  const variable = `${name}_FILE`;
  return { ...base, source: "file", location: variable, from: { kind: "file", variable } };
}

function storedOf(base: Base, scope: LevelScope): Candidate {
  const account = scope.account(base.spec.field);
  const from = { kind: "keychain", service: scope.service, account } as const;
  return { ...base, source: "keychain", location: `${scope.service}/${account}`, from };
}

function configuredOf(base: Base, scope: LevelScope, from: ConfiguredSource): Candidate {
  const location = sourceLocation(from, scope.account(base.spec.field));
  return { ...base, source: sourceKind(from), location, from };
}
