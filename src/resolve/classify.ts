/**
 * Names the winner among what was found. Pure, so the rule is a table in classify.test.ts.
 *
 * The one rule: the first place that holds something wins outright. A place that holds something which
 * cannot be used (unreadable, locked, incomplete, expired) is an error and never a reason to go on.
 */
import type { Credential } from "../core/credential.ts";
import type { GumCredError } from "../core/errors.ts";
import { isDecisive, type Reading } from "./finding.ts";
import type { Candidate } from "./plan.ts";

/** What a search came to. Without winner and error nothing was found. explain.ts says why each one lost. */
export interface Resolution {
  readonly winner: Credential | null;
  /** Set when a candidate that should have won cannot be used. */
  readonly error: GumCredError | null;
  /** Every candidate of the plan, strongest first. */
  readonly readings: readonly Reading[];
}

/** The reading that ends the search; undefined when nothing was found anywhere. */
export function decisiveReading(readings: readonly Reading[]): Reading | undefined {
  for (const reading of readings) {
    if (reading.finding !== null && isDecisive(reading.finding)) return reading;
  }
  return undefined;
}

/** Why what was found must not be used after all; null when it may. */
export type RefuseWinner = (winner: Credential) => GumCredError | null;

/** Names the winner, or the error of a candidate that should have won. */
export function classify(readings: readonly Reading[], refuseWinner?: RefuseWinner): Resolution {
  const decisive = decisiveReading(readings);
  const finding = decisive?.finding;
  if (!finding) return { winner: null, error: null, readings };
  if (finding.state !== "found") {
    return { winner: null, error: "error" in finding ? finding.error : null, readings };
  }
  const error = refuseWinner?.(finding.credential);
  if (!error) return { winner: finding.credential, error: null, readings };
  const blocked = readings.map((reading): Reading => {
    return reading === decisive ? { ...reading, finding: { state: "blocked", error } } : reading;
  });
  return { winner: null, error, readings: blocked };
}

/** The resolution of a plan that must not be carried out. */
export function refused(candidates: readonly Candidate[], error: GumCredError): Resolution {
  const readings = candidates.map((candidate): Reading => {
    return { candidate, finding: { state: "blocked", error } };
  });
  return { winner: null, error, readings };
}

/** True when the machine has no keychain service at all, which was found out while reading. */
export function lacksKeychain({ readings }: Resolution): boolean {
  for (const { finding } of readings) if (finding?.state === "unavailable") return true;
  return false;
}
