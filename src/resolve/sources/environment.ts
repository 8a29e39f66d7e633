/**
 * Reads candidates from environment variables and from the files that `<NAME>_FILE` variables name.
 * Never touches the keychain.
 */
import type { Environment } from "../../core/environment.ts";
import { fail, GumCredError } from "../../core/errors.ts";
import { type Secret, secret } from "../../core/secret.ts";
import { type Finding, foundAt } from "../finding.ts";
import type { Candidate } from "../plan.ts";
import { valueProblem } from "./usable-value.ts";

const ABSENT: Finding = { state: "absent" };

/** Reads an `env` candidate. A variable that is set together with its `_FILE` form is an error. */
export function readVariable(candidate: Candidate, variable: string, environment: Environment): Finding {
  const value = environment.get(variable);
  if (value === null) return ABSENT;
  if (environment.get(`${variable}_FILE`) !== null) return conflict(variable);
  return withCompanions(candidate, secret(value), environment);
}

/** Reads a `file` candidate: the file that `variable` names. Missing, empty or unreadable is an error. */
export async function readVariableFile(
  candidate: Candidate,
  variable: string,
  environment: Environment,
): Promise<Finding> {
  const path = environment.get(variable);
  if (path === null) return ABSENT;
  try {
    const { readSecretFile } = await import("./file.ts");
    return withCompanions(candidate, await readSecretFile(path, variable), environment);
  } catch (error) {
    if (error instanceof GumCredError) return { state: "invalid", error };
    throw error;
  }
}

function withCompanions(candidate: Candidate, value: Secret, environment: Environment): Finding {
  const { spec } = candidate;
  let userId: string | null = null;
  for (const companion of spec.companions) {
    userId = environment.get(companion.variable);
    if (userId === null) return missingCompanion(candidate, companion.variable);
    const error = valueProblem(secret(userId), companion.variable);
    if (error) return { state: "invalid", error };
  }
  return foundAt(candidate, value, { userId });
}

function conflict(variable: string): Finding {
  const hint = `run 'unset ${variable}_FILE' to use the value, or 'unset ${variable}' to use the file`;
  const error = fail("E_CONFLICTING_VARIABLES", `${variable} and ${variable}_FILE are both set`, hint);
  return { state: "invalid", error };
}

function missingCompanion(candidate: Candidate, variable: string): Finding {
  const error = fail(
    "E_MISSING_USER_ID",
    `${candidate.location} is set but ${variable} is not; an API key works only with its user id`,
  );
  return { state: "invalid", error };
}
