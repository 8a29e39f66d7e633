/**
 * Finds, checks and reads the organisation's policy: the system's file, and one more that `GUM_CRED_POLICY`
 * names, which can only tighten it. An unusable file is an error, never ignored.
 */
import type { RawEnvironment } from "../core/environment.ts";
import { fail } from "../core/errors.ts";
import { shownPath } from "../core/shown-path.ts";
import { sha256 } from "../os/digest.ts";
import { mayExist } from "../os/files/may-exist.ts";
import { NO_POLICY, type Policy, tighten } from "./policy.ts";
import type { Problem } from "./policy-problems.ts";

const LIMIT_BYTES = 1024 * 1024;

/** Where administrators deploy the policy. */
export function systemPolicyPath(raw: RawEnvironment): string {
  switch (process.platform) {
    case "darwin":
      return "/Library/Application Support/gum-cred/policy.json";
    case "win32":
      return `${raw["ProgramData"] ?? "C:\\ProgramData"}\\gum-cred\\policy.json`;
    default:
      return "/etc/gum-cred/policy.json";
  }
}

/** The rules in force. Throws E_UNSAFE_FILE (exit 6) and E_POLICY_INVALID (exit 7). */
export async function readPolicy(raw: RawEnvironment): Promise<Policy> {
  const system = await readPolicyFile(systemPolicyPath(raw));
  const named = raw["GUM_CRED_POLICY"];
  if (!named) return system ? { ...system, system } : NO_POLICY;
  const extra = await readPolicyFile(named);
  if (!extra) {
    throw fail(
      "E_POLICY_INVALID",
      "the file that GUM_CRED_POLICY names does not exist",
      "correct the path, or run 'unset GUM_CRED_POLICY'",
    );
  }
  return system ? tighten(system, extra) : extra;
}

/** A policy file that is looked at before it is deployed. */
export interface CheckedPolicy {
  readonly problems: readonly Problem[];
  /** Null where there are problems. */
  readonly policy: Policy | null;
}

/** Every problem in a policy file, wherever it lies. Throws E_UNSAFE_FILE, and E_FILE_UNREADABLE when missing. */
export async function checkPolicyFile(path: string): Promise<CheckedPolicy> {
  const absolute = path.startsWith("/") ? path : `${process.cwd()}/${path}`;
  const bytes = await readTrusted(absolute);
  if (!bytes) throw fail("E_FILE_UNREADABLE", `${shownPath(path)} does not exist`);
  const { parsePolicy, policyProblems } = await import("./policy-schema.ts");
  const problems = policyProblems(bytes);
  return { problems, policy: problems.length > 0 ? null : parsePolicy(bytes, absolute) };
}

async function readPolicyFile(path: string): Promise<Policy | null> {
  const bytes = await readTrusted(path);
  if (!bytes) return null;
  const { parsePolicy } = await import("./policy-schema.ts");
  return { ...parsePolicy(bytes, path), hash: sha256(bytes) };
}

/** The bytes of a file that root or the user alone may write; null when it is not there. */
async function readTrusted(path: string): Promise<Uint8Array | null> {
  if (!mayExist(path)) return null;
  const { readTrustedFile } = await import("../os/files/safe-file.ts");
  return readTrustedFile(path, { owner: "root-or-user", limitBytes: LIMIT_BYTES });
}
