/**
 * Gumloop's credential in force: resolved, or the reason why there is none. What `env`, `exec`, `get` and
 * `header` use.
 */
import { gumloop } from "../../plugins/gumloop/index.ts";
import { parseBaseUrl } from "../core/base-url.ts";
import type { Credential } from "../core/credential.ts";
import { fail, GumCredError } from "../core/errors.ts";
import { lacksKeychain, type Resolution } from "../resolve/classify.ts";
import { plan } from "../resolve/plan.ts";
import { deniedError } from "../resolve/policy.ts";
import type { Ports, Scope, Surroundings } from "../resolve/ports.ts";
import { type Reach, resolveSearch, type Search } from "../resolve/walk.ts";
import { GUMLOOP_SERVICE } from "./stored.ts";
import { storedReader } from "./stored-candidates.ts";

/** Resolves Gumloop's credential. Throws for bugs only. */
export async function resolveGumloop(
  scope: Scope,
  ports: Ports,
  reach: Reach = "first",
): Promise<Resolution> {
  const account = (field: string) => `${scope.profile}:${field}`;
  const search: Search = {
    candidates: plan(gumloop, [{ level: null, prefix: "", service: GUMLOOP_SERVICE, account }]),
    refusal: await policyRefusal(scope, ports),
    stored: storedReader(scope, ports, reach === "first"),
    configured: () => {
      throw fail("E_INTERNAL", "no policy configures a source for Gumloop");
    },
    // It goes to the server that it was handed over with.
    completeHandedOver: (winner, environment) => {
      const baseUrl = scope.baseUrl ? null : environment.get("GUMLOOP_BASE_URL");
      return baseUrl === null ? winner : { ...winner, baseUrl: parseBaseUrl(baseUrl).href };
    },
  };
  return resolveSearch(search, ports, reach);
}

/** Why the organisation's policy forbids resolving: it denies Gumloop, or it cannot be read. */
async function policyRefusal(scope: Scope, ports: Surroundings): Promise<GumCredError | null> {
  try {
    return deniedError(await ports.policy(), gumloop.id, scope.teamId);
  } catch (error) {
    if (error instanceof GumCredError) return error;
    throw error;
  }
}

/** Throws where the organisation's policy denies Gumloop, or cannot be read: nobody may sign in then. */
export async function requireAllowed(scope: Scope, ports: Surroundings): Promise<void> {
  const refusal = await policyRefusal(scope, ports);
  if (refusal) throw refusal;
}

/** The winning credential. Throws the error of a candidate that should have won, E_NOT_SIGNED_IN when there is nothing. */
export async function requireGumloop(scope: Scope, ports: Ports): Promise<Credential> {
  const resolution = await resolveGumloop(scope, ports);
  if (resolution.winner) return resolution.winner;
  throw resolutionError(resolution, scope.profile);
}

/** The error of a resolution without a winner. */
export function resolutionError(resolution: Resolution, profile: string): GumCredError {
  if (resolution.error) return resolution.error;
  if (lacksKeychain(resolution)) {
    return fail(
      "E_NOT_SIGNED_IN",
      "not signed in to Gumloop: no variable is set, and this machine has no keychain service",
      "set GUMLOOP_ACCESS_TOKEN, or GUMLOOP_API_KEY and GUMLOOP_USER_ID",
    );
  }
  const where = profile === "default" ? "" : ` under the profile '${profile}'`;
  return fail("E_NOT_SIGNED_IN", `not signed in to Gumloop${where}`);
}
