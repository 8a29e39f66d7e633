/**
 * Reads the sources that a policy configures: an organisation's own secret store by command, a file, a
 * variable, the keychain. What a policy configures must give a key: finding nothing is an error, never "absent".
 */
import type { RawEnvironment } from "../../core/environment.ts";
import { fail, GumCredError } from "../../core/errors.ts";
import { type Secret, secret } from "../../core/secret.ts";
import { type Finding, foundAt } from "../finding.ts";
import type { Candidate } from "../plan.ts";
import type { ConfiguredSource } from "../policy.ts";

export interface ConfiguredReaders {
  readonly raw: RawEnvironment;
  /** The keychain entry of an account under gum-cred's own service. Throws the keychain's errors. */
  stored(account: string): Promise<Secret | null>;
}

/** Reads a configured candidate. Never `absent`. */
export async function readConfigured(
  candidate: Candidate,
  from: ConfiguredSource,
  account: string,
  readers: ConfiguredReaders,
): Promise<Finding> {
  const whose = `the ${candidate.level} key for ${candidate.provider}`;
  try {
    const value = await read(from, account, readers, whose);
    if (value === null) {
      throw fail(
        "E_POLICY_SOURCE",
        `${whose} is set by policy, but its source ${candidate.location} has no key`,
      );
    }
    const found = foundAt(candidate, value);
    if (found.state !== "absent") return found;
    throw fail("E_POLICY_SOURCE", `${whose} is set by policy, but its source ${candidate.location} is empty`);
  } catch (error) {
    if (!(error instanceof GumCredError)) throw error;
    if (error.code === "E_KEYCHAIN_LOCKED") return { state: "locked", error };
    if (error.exitCode === 4 || error.exitCode === 5)
      return { state: "unavailable", error, serviceExists: true };
    return { state: "invalid", error };
  }
}

async function read(
  from: ConfiguredSource,
  account: string,
  readers: ConfiguredReaders,
  whose: string,
): Promise<Secret | null> {
  switch (from.kind) {
    case "command": {
      const { runSecretCommand } = await import("./command.ts");
      return runSecretCommand(from.argv, from.timeoutMs, whose);
    }
    case "path":
      return readPath(from.path, whose);
    case "policy-variable": {
      const value = readers.raw[from.variable];
      return value ? secret(value) : null;
    }
    case "policy-keychain":
      return readers.stored(account);
  }
}

async function readPath(path: string, whose: string): Promise<Secret> {
  const { readSecretFile } = await import("./file.ts");
  try {
    return await readSecretFile(path, whose);
  } catch (error) {
    // The policy decides that this key is used: without it the provider is refused, not merely misconfigured.
    if (error instanceof GumCredError)
      throw fail("E_POLICY_SOURCE", error.message, "ask the policy's administrator");
    throw error;
  }
}
