/**
 * Where to look for a credential: every place, strongest first. Pure: no I/O, so the order is a table in
 * plan.test.ts. walk.ts carries a plan out, classify.ts names the winner, explain.ts says why the others lost.
 */
import type { Level, MethodSpec, Source } from "../core/credential.ts";
import type { ConfiguredSource } from "./policy.ts";

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
 * method by method (each variable, then the `_FILE` forms), then the policy's source, then the keychain.
 */
export function plan(
  provider: { readonly id: string; readonly methods: readonly MethodSpec[] },
  scopes: readonly LevelScope[],
): readonly Candidate[] {
  const candidates: Candidate[] = [];
  for (const scope of scopes) {
    for (const spec of provider.methods) {
      const base = { provider: provider.id, level: scope.level, spec };
      for (const name of spec.variables) candidates.push(variableOf(base, scope.prefix + name));
      for (const name of spec.variables) candidates.push(variableFileOf(base, scope.prefix + name));
    }
    for (const spec of provider.methods) {
      const base = { provider: provider.id, level: scope.level, spec };
      if (scope.configured) candidates.push(configuredOf(base, scope, scope.configured));
      // A policy that points at the keychain is the same entry, only required.
      if (scope.configured?.kind !== "policy-keychain") candidates.push(storedOf(base, scope));
    }
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

const CONFIGURED: Record<ConfiguredSource["kind"], Source> = {
  command: "command",
  path: "file",
  "policy-variable": "env",
  "policy-keychain": "keychain",
};

function configuredOf(base: Base, scope: LevelScope, from: ConfiguredSource): Candidate {
  return { ...base, source: CONFIGURED[from.kind], location: describe(from, base, scope), from };
}

function describe(from: ConfiguredSource, base: Base, scope: LevelScope): string {
  switch (from.kind) {
    case "command":
      return from.argv[0] ?? "";
    case "path":
      return from.path;
    case "policy-variable":
      return from.variable;
    case "policy-keychain":
      return `${scope.service}/${scope.account(base.spec.field)}`;
  }
}
