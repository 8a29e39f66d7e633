/**
 * Reads the sources that a policy configures: an organisation's own secret store by command, a file, a
 * variable, the keychain. What a policy configures must give a key: finding nothing is an error, never "absent".
 */
import { fail, GumCredError } from "../../core/errors.ts";
import { type Finding, foundAt } from "../finding.ts";
import { isoTime } from "../lifetime.ts";
import type { Candidate } from "../plan.ts";
import type { FleetReader, Wanted } from "./fleet.ts";

/** Reads a configured candidate. Never `absent`. */
export async function readConfigured(
  candidate: Candidate,
  wanted: Wanted,
  fleet: FleetReader,
): Promise<Finding> {
  try {
    const got = await fleet.read(wanted);
    if (got === null) {
      throw fail(
        "E_POLICY_SOURCE",
        `the ${wanted.level} key for ${wanted.provider} is set by policy, but its source ${candidate.location} has no key`,
      );
    }
    const found = foundAt(candidate, got.value, {
      // What a vendor gives in exchange for an identity is a bearer token, not a key.
      ...(wanted.source.kind === "federation" ? { method: "oauth" as const } : {}),
      expiresAt: got.expiresAt === null ? null : isoTime(got.expiresAt),
      ...(got.kept
        ? { kept: { at: isoTime(got.kept.at), until: isoTime(got.kept.until), stale: got.kept.stale } }
        : {}),
    });
    if (found.state !== "absent") return found;
    const whose = `the ${wanted.level} key for ${wanted.provider}`;
    throw fail("E_POLICY_SOURCE", `${whose} is set by policy, but its source ${candidate.location} is empty`);
  } catch (error) {
    if (!(error instanceof GumCredError)) throw error;
    if (error.code === "E_KEYCHAIN_LOCKED") return { state: "locked", error };
    if (error.exitCode === 4 || error.exitCode === 5)
      return { state: "unavailable", error, serviceExists: true };
    return { state: "invalid", error };
  }
}
