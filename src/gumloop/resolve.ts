/**
 * Gumloop's credential in force: resolved, or the reason why there is none. What `env`, `exec`, `get` and
 * `header` stand on.
 */
import { gumloop } from "../../plugins/gumloop/index.ts";
import { parseBaseUrl } from "../core/base-url.ts";
import type { Credential } from "../core/credential.ts";
import type { Environment } from "../core/environment.ts";
import { fail, GumCredError } from "../core/errors.ts";
import { blocked, type Candidate, type Finding, type Judgement, judge, plan } from "../resolve/plan.ts";
import { isDenied, organizationName } from "../resolve/policy.ts";
import type { Ports, Scope } from "../resolve/ports.ts";
import { type Reach, walk } from "../resolve/walk.ts";
import { GUMLOOP_SERVICE } from "./stored.ts";
import type { StoredReader } from "./stored-candidates.ts";

/**
 * Resolves Gumloop's credential.
 *
 * On a machine without any keychain service, values that gum-cred exported elsewhere (a container that was
 * handed them with their marker) are all there is: they then count as the user's own.
 */
export async function resolveGumloop(scope: Scope, ports: Ports, reach: Reach = "first"): Promise<Judgement> {
  const refusal = await policyRefusal(scope, ports);
  if (refusal) return blocked(planned(scope), refusal);
  const judgement = await resolveIn(ports.environment, scope, ports, reach);
  const nothing = judgement.winner === null && judgement.error === null;
  if (!nothing || ports.environment.exported.size === 0) return judgement;
  if (!judgement.candidates.some((judged) => judged.state === "unavailable")) return judgement;
  const users = ports.environment.asTheUsers();
  const handedOver = await resolveIn(users, scope, ports, reach);
  const stated = scope.baseUrl ? null : users.get("GUMLOOP_BASE_URL");
  if (!handedOver.winner || stated === null) return handedOver;
  // It goes where it was handed over to go.
  return { ...handedOver, winner: { ...handedOver.winner, baseUrl: parseBaseUrl(stated).href } };
}

/** Why the organisation's policy lets nobody look: it denies Gumloop, or it cannot be read. */
async function policyRefusal(scope: Scope, ports: Ports): Promise<GumCredError | null> {
  try {
    const policy = await ports.policy();
    return isDenied(policy, gumloop.id, scope.teamId)
      ? fail("E_POLICY_DENIED", `${organizationName(policy)} does not allow ${gumloop.id}`)
      : null;
  } catch (error) {
    if (error instanceof GumCredError) return error;
    throw error;
  }
}

function planned(scope: Scope): readonly Candidate[] {
  const account = (field: string) => `${scope.profile}:${field}`;
  return plan(gumloop, [{ level: null, prefix: "", service: GUMLOOP_SERVICE, account }]);
}

async function resolveIn(
  environment: Environment,
  scope: Scope,
  ports: Ports,
  reach: Reach,
): Promise<Judgement> {
  const candidates = planned(scope);
  const readers = {
    environment,
    stored: lazyStoredReader(scope, ports, reach === "first"),
    configured: () => {
      throw fail("E_INTERNAL", "no policy configures a source for Gumloop");
    },
  };
  return judge(candidates, await walk(candidates, readers, reach, ports));
}

/** Loads the keychain's half of the program only when a keychain candidate is reached. */
function lazyStoredReader(scope: Scope, ports: Ports, mayRefresh: boolean) {
  let reader: Promise<StoredReader> | undefined;
  const load = async (): Promise<StoredReader> => {
    const { storedReader } = await import("./stored-candidates.ts");
    return storedReader(scope, ports, mayRefresh);
  };
  return async (candidate: Candidate): Promise<Finding> => {
    reader ??= load();
    return (await reader)(candidate);
  };
}

/** The winning credential. Throws what stands in its way, E_NOT_SIGNED_IN when there is nothing. */
export async function requireGumloop(scope: Scope, ports: Ports): Promise<Credential> {
  const judgement = await resolveGumloop(scope, ports);
  if (judgement.winner) return judgement.winner;
  throw whyNot(judgement, scope.profile);
}

/** The error of a resolution without a winner. */
export function whyNot(judgement: Judgement, profile: string): GumCredError {
  if (judgement.error) return judgement.error;
  const noKeychain = judgement.candidates.find((judged) => judged.state === "unavailable");
  if (noKeychain) {
    return fail(
      "E_NOT_SIGNED_IN",
      "not signed in to Gumloop: no variable is set, and this machine has no keychain service",
      "set GUMLOOP_ACCESS_TOKEN, or GUMLOOP_API_KEY and GUMLOOP_USER_ID",
    );
  }
  const where = profile === "default" ? "" : ` under the profile '${profile}'`;
  return fail("E_NOT_SIGNED_IN", `not signed in to Gumloop${where}`);
}
