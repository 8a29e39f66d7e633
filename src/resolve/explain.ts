/** Says of every candidate why it won or lost, for `explain`, `keys list` and people. Pure; `env` never asks. */
import type { Credential, Method } from "../core/credential.ts";
import { decisiveReading, type Resolution } from "./classify.ts";
import type { Finding, Reading } from "./finding.ts";
import type { Candidate } from "./plan.ts";

export type CandidateState = Exclude<Finding["state"], "found"> | "selected" | "shadowed" | "not_checked";

/** A candidate with what became of it. */
export interface Explanation {
  readonly candidate: Candidate;
  readonly state: CandidateState;
  readonly reason: string;
  /** What is stored there, also where it lost. */
  readonly credential: Credential | null;
}

/**
 * Every candidate in order, with its state and the reason for it. `exported` are the variables that gum-cred itself
 * has set in this shell: they are not the user's, and the lookup goes on behind them.
 */
export function explain(
  { readings }: Resolution,
  exported: ReadonlyMap<string, string> = new Map(),
): readonly Explanation[] {
  const decisive = decisiveReading(readings);
  return readings.map((reading) => {
    const { candidate, finding } = reading;
    const credential = finding?.state === "found" ? finding.credential : null;
    return { candidate, credential, ...stateOf(reading, decisive, exported) };
  });
}

function stateOf(
  { candidate, finding }: Reading,
  decisive: Reading | undefined,
  exported: ReadonlyMap<string, string>,
): Pick<Explanation, "state" | "reason"> {
  const first = decisive?.candidate;
  if (finding === null) {
    const reason = first ? `not checked: ${first.location} comes first` : "not checked";
    return { state: "not_checked", reason };
  }
  switch (finding.state) {
    case "found":
      return candidate === first
        ? { state: "selected", reason: selectedReason(candidate) }
        : { state: "shadowed", reason: `${first?.location ?? "an earlier place"} comes first` };
    case "absent":
      return { state: "absent", reason: absentReason(candidate, exported) };
    default:
      return { state: finding.state, reason: finding.error.message };
  }
}

function selectedReason({ level }: Candidate): string {
  return level === null
    ? "the first place that holds a credential wins"
    : `the ${level} key is the strongest that exists`;
}

const ABSENT: Record<Method, string> = { oauth: "no access token stored", api_key: "no API key stored" };

function absentReason({ source, spec, location }: Candidate, exported: ReadonlyMap<string, string>): string {
  if (exported.has(location)) return "set by gum-cred, looked through";
  return source === "keychain" ? ABSENT[spec.method] : `${location} is not set`;
}
