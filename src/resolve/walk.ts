/**
 * The one walk that resolves a credential, Gumloop's and the vendors' alike: plan → refuse → read → classify.
 * (explain.ts prints what it gives.) Nothing is opened or run for a candidate that can no longer win: a keychain
 * that is not needed stays closed.
 */
import type { Credential, Source } from "../core/credential.ts";
import type { Environment } from "../core/environment.ts";
import type { GumCredError } from "../core/errors.ts";
import { classify, lacksKeychain, type RefuseWinner, type Resolution, refused } from "./classify.ts";
import { type Finding, isDecisive, type Reading } from "./finding.ts";
import type { Candidate } from "./plan.ts";
import type { ConfiguredSource } from "./policy.ts";
import type { Surroundings, Voice } from "./ports.ts";
import { readVariable, readVariableFile } from "./sources/environment.ts";

/** What is not asked only to explain why another candidate won. */
const COSTLY: ReadonlySet<Source> = new Set(["command", "vault", "federation"]);

/** `first` stops at the first candidate that decides; `all` goes on, so that every candidate can be explained. */
export type Reach = "first" | "all";

/** One provider's plan, and what carrying it out needs. */
export interface Search {
  /** Every place to look, strongest first. */
  readonly candidates: readonly Candidate[];
  /** Why nothing may be read at all; null when it may. */
  readonly refusal: GumCredError | null;
  /** Reads a keychain entry; the keychain is opened at the first call. */
  stored(candidate: Candidate, account: string): Promise<Finding>;
  /** Reads a source that a policy configures. */
  configured(candidate: Candidate, from: ConfiguredSource): Promise<Finding>;
  readonly refuseWinner?: RefuseWinner;
  /** What else was handed over with a credential that another gum-cred exported. */
  completeHandedOver?(winner: Credential, environment: Environment): Credential;
}

/**
 * Resolves one provider's credential.
 *
 * On a machine without any keychain service, values that gum-cred exported elsewhere (a container that was
 * handed them with their marker) are all there is: they then count as the user's own.
 */
export async function resolveSearch(
  search: Search,
  ports: Pick<Surroundings, "environment"> & Pick<Voice, "debug">,
  reach: Reach,
): Promise<Resolution> {
  if (search.refusal) return refused(search.candidates, search.refusal);
  const { environment } = ports;
  const resolution = await resolveIn(environment, search, ports, reach);
  const isEmpty = resolution.winner === null && resolution.error === null;
  if (!isEmpty || environment.exported.size === 0 || !lacksKeychain(resolution)) return resolution;
  const users = environment.asTheUsers();
  const handedOver = await resolveIn(users, search, ports, reach);
  if (!handedOver.winner || !search.completeHandedOver) return handedOver;
  return { ...handedOver, winner: search.completeHandedOver(handedOver.winner, users) };
}

async function resolveIn(
  environment: Environment,
  search: Search,
  ports: Pick<Voice, "debug">,
  reach: Reach,
): Promise<Resolution> {
  return classify(await readAll(environment, search, ports, reach), search.refuseWinner);
}

async function readAll(
  environment: Environment,
  search: Search,
  ports: Pick<Voice, "debug">,
  reach: Reach,
): Promise<readonly Reading[]> {
  const readings: Reading[] = [];
  let decided = false;
  let opened = false;
  for (const candidate of search.candidates) {
    const isFree = candidate.source === "keychain" ? opened : !COSTLY.has(candidate.source);
    if (decided && !(reach === "all" && isFree)) {
      readings.push({ candidate, finding: null });
      continue;
    }
    opened ||= candidate.source === "keychain";
    const finding = await read(candidate, environment, search);
    ports.debug(`${candidate.provider}: ${candidate.location}: ${finding.state}`);
    readings.push({ candidate, finding });
    decided ||= isDecisive(finding);
  }
  return readings;
}

function read(candidate: Candidate, environment: Environment, search: Search): Finding | Promise<Finding> {
  const { from } = candidate;
  switch (from.kind) {
    case "env":
      return readVariable(candidate, from.variable, environment);
    case "file":
      return readVariableFile(candidate, from.variable, environment);
    case "keychain":
      return search.stored(candidate, from.account);
    default:
      return search.configured(candidate, from);
  }
}
