/**
 * Carries a plan out: looks at the candidates in order, stops at the first that decides (`first`), or goes on
 * so that every candidate can be explained (`all`). Either way nothing is opened or run for a candidate that
 * can no longer win: a keychain that nobody needed stays closed.
 */
import type { Source } from "../core/credential.ts";
import type { Environment } from "../core/environment.ts";
import type { ConfiguredSource } from "./policy.ts";
import type { Ports } from "./ports.ts";
import { type Candidate, decides, type Finding } from "./precedence.ts";
import { readVariable, readVariableFile } from "./sources/environment.ts";

/** What is not asked only to explain why another candidate won. */
const COSTLY: ReadonlySet<Source> = new Set(["command", "vault", "federation"]);

export type Reach = "first" | "all";

export interface Readers {
  readonly environment: Environment;
  /** Reads a keychain entry; the keychain is opened at the first call. */
  stored(candidate: Candidate, account: string): Promise<Finding>;
  /** Reads a source that a policy configures. */
  configured(candidate: Candidate, from: ConfiguredSource): Promise<Finding>;
}

/** What was found at each candidate; undefined where nobody looked. */
export async function walk(
  candidates: readonly Candidate[],
  readers: Readers,
  reach: Reach,
  ports: Pick<Ports, "debug">,
): Promise<readonly (Finding | undefined)[]> {
  const findings: (Finding | undefined)[] = [];
  let decided = false;
  let opened = false;
  for (const candidate of candidates) {
    const free = candidate.source === "keychain" ? opened : !COSTLY.has(candidate.source);
    if (decided && !(reach === "all" && free)) {
      findings.push(undefined);
      continue;
    }
    opened ||= candidate.source === "keychain";
    const finding = await read(candidate, readers);
    ports.debug(`${candidate.provider}: ${candidate.location}: ${finding.state}`);
    findings.push(finding);
    decided ||= decides(finding);
  }
  return findings;
}

function read(candidate: Candidate, readers: Readers): Finding | Promise<Finding> {
  const { from } = candidate;
  switch (from.kind) {
    case "env":
      return readVariable(candidate, from.variable, readers.environment);
    case "file":
      return readVariableFile(candidate, from.variable, readers.environment);
    case "keychain":
      return readers.stored(candidate, from.account);
    default:
      return readers.configured(candidate, from);
  }
}
