/**
 * Which credential wins. `plan` lists every place to look, strongest first; `judge` reads what was found
 * there and names the winner and why each other place lost. Pure: no I/O, so the rules are tables in
 * precedence.test.ts. The walk that carries a plan out is src/resolve/walk.ts.
 *
 * The one rule: the first place that holds something wins outright. A place that holds something which
 * cannot be used (unreadable, locked, incomplete, expired) is an error and never a reason to go on.
 */
import type { Credential, Level, Method, MethodSpec, Source } from "../core/credential.ts";
import type { GumCredError } from "../core/errors.ts";
import type { Secret } from "../core/secret.ts";
import type { ConfiguredSource } from "./policy.ts";
import { sourceKind, sourceLocation } from "./source-names.ts";

/** How a candidate is read. The sources floor has one reader for each kind. */
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

/** What reading one candidate gave. Everything but `found` and `absent` carries the error to raise. */
export type Finding =
  | { readonly state: "found"; readonly credential: Credential }
  | { readonly state: "absent" }
  | { readonly state: "locked" | "invalid" | "expired" | "blocked"; readonly error: GumCredError }
  | {
      readonly state: "unavailable";
      readonly error: GumCredError;
      /** False where no keychain service exists on the machine at all: nothing can be stored there. */
      readonly serviceExists: boolean;
    };

export type CandidateState = Exclude<Finding["state"], "found"> | "selected" | "shadowed" | "not_checked";

/** A candidate with its verdict, as `explain` shows it. */
export interface Judged {
  readonly candidate: Candidate;
  readonly state: CandidateState;
  readonly reason: string;
  /** What stands there, also where it lost. */
  readonly credential: Credential | null;
}

export interface Judgement {
  readonly winner: Credential | null;
  /** Set when a candidate that should have won cannot be used. */
  readonly error: GumCredError | null;
  readonly candidates: readonly Judged[];
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

function configuredOf(base: Base, scope: LevelScope, from: ConfiguredSource): Candidate {
  const location = sourceLocation(from, scope.account(base.spec.field));
  return { ...base, source: sourceKind(from), location, from };
}

/** The judgement of a plan that nobody may carry out. */
export function blocked(candidates: readonly Candidate[], error: GumCredError): Judgement {
  return {
    winner: null,
    error,
    get candidates() {
      return candidates.map((candidate): Judged => {
        return { candidate, state: "blocked", reason: error.message, credential: null };
      });
    },
  };
}

/** A credential found at a candidate; companions, base URL and expiry where there are any. */
export function foundAt(
  candidate: Candidate,
  value: Secret,
  more: Partial<Pick<Credential, "method" | "userId" | "baseUrl" | "expiresAt" | "kept">> = {},
): Finding {
  const { provider, level, spec, source, location } = candidate;
  const credential: Credential = {
    ...{ provider, level, method: spec.method, source, location, value },
    ...{ userId: null, baseUrl: null, expiresAt: null },
    ...more,
  };
  return { state: "found", credential };
}

/** True when this finding ends the search: it wins, or it must be reported. */
export function decides(finding: Finding): boolean {
  if (finding.state === "unavailable") return finding.serviceExists;
  return finding.state !== "absent";
}

/**
 * Names the winner. `findings[i]` belongs to `candidates[i]`; undefined where nobody looked.
 */
export function judge(
  candidates: readonly Candidate[],
  findings: readonly (Finding | undefined)[],
): Judgement {
  let decisive = -1;
  for (let index = 0; index < findings.length && decisive < 0; index++) {
    const finding = findings[index];
    if (finding !== undefined && decides(finding)) decisive = index;
  }
  const first = findings[decisive];
  const by = candidates[decisive];
  return {
    winner: first?.state === "found" ? first.credential : null,
    error: first !== undefined && "error" in first ? first.error : null,
    // `env` never asks why the others lost.
    get candidates() {
      return candidates.map((candidate, index): Judged => {
        const finding = findings[index];
        const credential = finding?.state === "found" ? finding.credential : null;
        if (index === decisive && finding?.state === "found") {
          return { candidate, state: "selected", reason: selectedReason(candidate), credential };
        }
        return { candidate, credential, ...loser(candidate, finding, index === decisive ? undefined : by) };
      });
    },
  };
}

function selectedReason(candidate: Candidate): string {
  return candidate.level === null
    ? "the first place that holds a credential wins"
    : `the ${candidate.level} key is the strongest that exists`;
}

function loser(
  candidate: Candidate,
  finding: Finding | undefined,
  by: Candidate | undefined,
): { state: CandidateState; reason: string } {
  if (finding === undefined) {
    return {
      state: "not_checked",
      reason: by ? `${by.location} comes first, so nobody looked here` : "nobody looked here",
    };
  }
  switch (finding.state) {
    case "found":
      return { state: "shadowed", reason: `${by?.location ?? "an earlier place"} comes first` };
    case "absent":
      return { state: "absent", reason: absentReason(candidate) };
    default:
      return { state: finding.state, reason: finding.error.message };
  }
}

const ABSENT: Record<Method, string> = { oauth: "no access token stored", api_key: "no API key stored" };

function absentReason(candidate: Candidate): string {
  return candidate.source === "keychain" ? ABSENT[candidate.spec.method] : `${candidate.location} is not set`;
}
