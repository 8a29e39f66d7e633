/** What reading one candidate can give, and which findings end the search. Pure. */
import type { Credential } from "../core/credential.ts";
import type { GumCredError } from "../core/errors.ts";
import { reveal, type Secret } from "../core/secret.ts";
import type { Candidate } from "./plan.ts";
import { valueProblem } from "./sources/usable-value.ts";

/** The result of reading one candidate. Everything but `found` and `absent` carries the error to raise. */
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

/** A candidate with what reading it gave; null where it was not read. */
export interface Reading {
  readonly candidate: Candidate;
  readonly finding: Finding | null;
}

/**
 * What was found at a candidate; companions, base URL and expiry where there are any. An empty value is `absent`, one
 * that cannot be a credential `invalid`.
 */
export function foundAt(
  candidate: Candidate,
  value: Secret,
  more: Partial<Pick<Credential, "method" | "userId" | "baseUrl" | "expiresAt" | "kept">> = {},
): Finding {
  const { provider, level, spec, source, location } = candidate;
  if (reveal(value) === "") return { state: "absent" };
  const error = valueProblem(value, location);
  if (error) return { state: "invalid", error };
  const credential: Credential = {
    ...{ provider, level, method: spec.method, source, location, value },
    ...{ userId: null, baseUrl: null, expiresAt: null },
    ...more,
  };
  return { state: "found", credential };
}

/** True when this finding ends the search: it wins, or it must be reported. */
export function isDecisive(finding: Finding): boolean {
  if (finding.state === "unavailable") return finding.serviceExists;
  return finding.state !== "absent";
}
