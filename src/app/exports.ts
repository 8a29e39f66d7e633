/** What `env` and `exec` hand to other programs: every wanted provider's variables, together. */
import { gumloop } from "../../plugins/gumloop/index.ts";
import { combine, type Exports, GUMLOOP_VARIABLES, gumloopExports } from "../core/exports.ts";
import { findProvider } from "../providers/registry.ts";
import { requireGumloop } from "./gumloop.ts";
import type { Ports, Scope } from "./ports.ts";

export interface ExportRequest {
  /** Provider names as typed; none means all of them. */
  readonly names: readonly string[];
  readonly sdk: boolean;
}

/** Resolves and gathers the variables. Throws the first provider's error: nothing partial is handed on. */
export async function gatherExports(request: ExportRequest, scope: Scope, ports: Ports): Promise<Exports> {
  const wanted = wantedVariables(request.names);
  const credential = await requireGumloop(scope, ports);
  const share = gumloopExports(credential, {
    sdk: request.sdk,
    teamId: scope.teamId,
    baseUrl: scope.baseUrl?.href ?? null,
  });
  return combine([share], ports.environment, ports.digest, (name) => wanted.includes(name));
}

/** Every variable that `env` may set for these providers, for `env --unset`. */
export function wantedVariables(names: readonly string[]): readonly string[] {
  const ids = names.length === 0 ? [gumloop.id] : names.map((name) => findProvider(name).id);
  return ids.flatMap((id) => (id === gumloop.id ? GUMLOOP_VARIABLES : []));
}
