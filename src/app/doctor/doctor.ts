/**
 * What may be wrong, checked in the order in which one thing causes the next: variables, keychain, lock,
 * policy, credential, server. Changes nothing but what any use would: an expired session is refreshed.
 */
import { DEFAULT_BASE_URL } from "../../core/base-url.ts";
import type { Credential } from "../../core/credential.ts";
import { GumCredError } from "../../core/errors.ts";
import { masked } from "../../core/secret.ts";
import { resolutionError, resolveGumloop } from "../../gumloop/resolve.ts";
import type { Resolution } from "../../resolve/classify.ts";
import type { Ports, Scope } from "../../resolve/ports.ts";
import { type Check, ok, problem, warning } from "./check.ts";
import {
  checkCopies,
  checkExports,
  checkNetwork,
  checkOfficialClient,
  checkVariables,
} from "./environment.ts";
import { checkStorage } from "./keychain.ts";
import { checkAcceptance, checkServer } from "./server.ts";

/** Runs every check that makes sense. Throws for bugs only. */
export async function examine(scope: Scope, ports: Ports): Promise<readonly Check[]> {
  const resolution = await resolveGumloop(scope, ports);
  const { winner } = resolution;
  const baseUrl = winner?.baseUrl ?? (scope.baseUrl ?? DEFAULT_BASE_URL).href;
  const server = await checkServer(baseUrl, ports);
  const reached = server.every(({ state }) => state !== "problem");
  return [
    checkVariables(ports),
    checkCopies(ports),
    checkExports(ports, winner),
    ...(await checkStorage(resolution, scope, ports)),
    ...(await checkPolicy(ports)),
    checkBaseUrl(baseUrl),
    checkCredential(resolution, scope),
    checkNetwork(ports),
    ...checkOfficialClient(ports),
    ...server,
    ...(winner && reached ? [await checkAcceptance(winner, baseUrl, scope, ports)] : []),
  ];
}

function checkCredential(resolution: Resolution, scope: Scope): Check {
  const { winner } = resolution;
  if (!winner) return problem("credential", resolutionError(resolution, scope.profile));
  return ok("credential", `${describe(winner)} ${masked(winner.value)} from ${winner.location}`);
}

function describe({ method, expiresAt }: Credential): string {
  if (method === "api_key") return "API key";
  return expiresAt === null ? "access token" : `access token (until ${expiresAt})`;
}

function checkBaseUrl(baseUrl: string): Check {
  if (baseUrl === DEFAULT_BASE_URL.href) return ok("base_url", baseUrl);
  return warning(
    "base_url",
    `${baseUrl} is not Gumloop's default`,
    `the default is ${DEFAULT_BASE_URL.href}`,
  );
}

/** The policy, and each of its sources. */
async function checkPolicy(ports: Ports): Promise<readonly Check[]> {
  try {
    const policy = await ports.policy();
    if (policy.files.length === 0) return [ok("policy", "no policy is deployed")];
    const { checkPolicySources } = await import("./sources.ts");
    return [
      ok("policy", `in force: ${policy.files.join(", ")}`),
      ...(await checkPolicySources(policy, ports)),
    ];
  } catch (error) {
    if (error instanceof GumCredError) return [problem("policy", error)];
    throw error;
  }
}
