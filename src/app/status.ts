/** Who am I, from where: the facts behind `status`. */
import { DEFAULT_BASE_URL } from "../core/base-url.ts";
import type { Credential } from "../core/credential.ts";
import { fail, type GumCredError } from "../core/errors.ts";
import { resolutionError, resolveGumloop } from "../gumloop/resolve.ts";
import type { KeychainState } from "../keychain/keychain.ts";
import { resolveKeys } from "../resolve/keys.ts";
import type { Policy } from "../resolve/policy.ts";
import type { Ports, Scope } from "../resolve/ports.ts";
import { isKept } from "../resolve/sources/kept.ts";
import { vendorsInPlay } from "./vendors-in-play.ts";
import type { Outcome } from "./verify.ts";

export interface Status {
  readonly credential: Credential | null;
  readonly baseUrl: string;
  readonly verification: Outcome | "skipped";
  readonly keychain: { readonly backend: string | null; readonly state: KeychainState | "not_opened" };
  /** LLM keys in force. */
  readonly keys: readonly Credential[];
  /** Why not authenticated, or why not verified. */
  readonly error: GumCredError | null;
}

/** Gathers the status; never throws for a missing, locked or rejected credential. */
export async function gatherStatus(check: boolean, scope: Scope, ports: Ports): Promise<Status> {
  const resolution = await resolveGumloop(scope, ports, check ? "first" : "all");
  const { winner } = resolution;
  const error = winner ? null : resolutionError(resolution, scope.profile);
  const keys = await keysInForce(error, scope, ports);
  const keychain = await keychainStatus(ports);
  const baseUrl = winner?.baseUrl ?? (scope.baseUrl ?? DEFAULT_BASE_URL).href;
  const facts = { credential: winner, baseUrl, keychain, keys };
  if (!winner || !check) return { ...facts, verification: "skipped", error };
  const { verifyInForce } = await import("./verify-in-force.ts");
  const { credential, verification } = await verifyInForce(winner, baseUrl, scope, ports);
  return { ...facts, credential, verification: verification.outcome, error: verification.error };
}

/**
 * LLM keys in force, with a warning for each that cannot be told. When the environment won for Gumloop the
 * keychain stays closed here too, and only what the environment and a policy give is shown.
 */
async function keysInForce(
  /** Gumloop's, which is said anyway. */
  known: GumCredError | null,
  scope: Scope,
  ports: Ports,
): Promise<readonly Credential[]> {
  // What is kept of the policy's sources is in the keychain: without it each of them would be asked every time.
  const opens = ports.keychainOpened() || keepsValues(await ports.policy());
  const looking: Ports = opens
    ? ports
    : { ...ports, keychain: () => Promise.reject(fail("E_KEYCHAIN_UNAVAILABLE", "not opened")) };
  const request = { providers: await vendorsInPlay(looking), level: null };
  const resolutions = await resolveKeys(request, scope, looking);
  return [...resolutions].flatMap(([provider, { winner, error }]) => {
    const told = error?.exitCode === 4 || error?.message === known?.message;
    if (error && !told && error.code !== "E_POLICY_DENIED") ports.warn(`${provider.id}: ${error.message}`);
    return winner ? [winner] : [];
  });
}

function keepsValues({ providers, teams }: Policy): boolean {
  const rules = [providers, ...teams.values()].flatMap((scope) => [...scope.values()]);
  return rules.some((rule) => rule.kind === "source" && isKept(rule.source));
}

async function keychainStatus(ports: Ports): Promise<Status["keychain"]> {
  if (!ports.keychainOpened()) return { backend: null, state: "not_opened" };
  try {
    const keychain = await ports.keychain();
    return { backend: keychain.backend, state: await keychain.state() };
  } catch {
    // The reason is in the resolution already; here only the state counts.
    return { backend: null, state: "unavailable" };
  }
}
