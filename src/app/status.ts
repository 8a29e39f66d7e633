/** Who am I, from where: the facts behind `status`. */
import { gumloop } from "../../plugins/gumloop/index.ts";
import { DEFAULT_BASE_URL } from "../core/base-url.ts";
import type { Credential } from "../core/credential.ts";
import type { GumCredError } from "../core/errors.ts";
import type { KeychainState } from "../keychain/keychain.ts";
import { resolveGumloop, whyNot } from "./gumloop.ts";
import type { Ports, Scope } from "./ports.ts";
import { type Outcome, verify } from "./verify.ts";

export interface Status {
  readonly credential: Credential | null;
  readonly baseUrl: string;
  readonly verification: Outcome | "skipped";
  readonly keychain: { readonly backend: string | null; readonly state: KeychainState | "not_opened" };
  /** Why not authenticated, or why not verified. */
  readonly error: GumCredError | null;
}

/** Gathers the status; never throws for a missing, locked or rejected credential. */
export async function gatherStatus(check: boolean, scope: Scope, ports: Ports): Promise<Status> {
  const judgement = await resolveGumloop(scope, ports, "all");
  const { winner } = judgement;
  const keychain = await keychainStatus(ports);
  const baseUrl = winner?.baseUrl ?? (scope.baseUrl ?? DEFAULT_BASE_URL).href;
  if (!winner) {
    const error = whyNot(judgement, scope.profile);
    return { credential: null, baseUrl, verification: "skipped", keychain, error };
  }
  if (!check) return { credential: winner, baseUrl, verification: "skipped", keychain, error: null };
  const { outcome, error } = await verify(gumloop, winner, { baseUrl, teamId: scope.teamId }, ports);
  return { credential: winner, baseUrl, verification: outcome, keychain, error };
}

async function keychainStatus(ports: Ports): Promise<Status["keychain"]> {
  if (!ports.keychainOpened()) return { backend: null, state: "not_opened" };
  try {
    const keychain = await ports.keychain();
    return { backend: keychain.backend, state: await keychain.state() };
  } catch {
    // The reason is in the judgement already; here only the state counts.
    return { backend: null, state: "unavailable" };
  }
}
