/** The teams of the signed-in user, as Gumloop lists them (docs.gumloop.com/api-reference: GET /teams). */
import { gumloop } from "../../plugins/gumloop/index.ts";
import { DEFAULT_BASE_URL } from "../core/base-url.ts";
import type { Credential } from "../core/credential.ts";
import { clean, fail, type GumCredError } from "../core/errors.ts";
import { isJsonObject, parseJsonObject } from "../core/json.ts";
import { requireGumloop } from "../gumloop/resolve.ts";
import { type HttpResponse, send } from "../net/http.ts";
import type { Ports, Scope } from "../resolve/ports.ts";
import { failure } from "./verify.ts";
import { refusedInForce, renewInForce } from "./verify-in-force.ts";

export interface Team {
  readonly id: string;
  readonly name: string | null;
}

/** Asks for the teams. Throws what resolving and a refusal mean, and E_MALFORMED for another answer. */
export async function listTeams(scope: Scope, ports: Ports): Promise<readonly Team[]> {
  const credential = await requireGumloop(scope, ports);
  const baseUrl = credential.baseUrl ?? (scope.baseUrl ?? DEFAULT_BASE_URL).href;
  let answer = await ask(credential, baseUrl, scope, ports);
  if (answer.status === 401) {
    const renewed = await renewInForce(credential, baseUrl, scope, ports);
    if (renewed) answer = await ask(renewed, baseUrl, scope, ports);
  }
  const teams = answer.status === 200 ? parseJsonObject(answer.body)?.["teams"] : null;
  if (!Array.isArray(teams)) {
    throw refusal(answer, credential) ?? fail("E_MALFORMED", "the response of /teams has no list of teams");
  }
  return teams.map((team: unknown) => {
    if (!isJsonObject(team) || typeof team["id"] !== "string") {
      throw fail("E_MALFORMED", "the response of /teams has a team without an id");
    }
    const { name } = team as { name?: unknown };
    return { id: clean(team["id"], 128), name: typeof name === "string" ? clean(name) : null };
  });
}

function ask(
  credential: Credential,
  baseUrl: string,
  { teamId }: Scope,
  ports: Ports,
): Promise<HttpResponse> {
  // A team key is good for nothing without its team.
  const query = teamId === null ? "" : `?team_id=${encodeURIComponent(teamId)}`;
  const request = { url: `${baseUrl}/teams${query}`, headers: gumloop.headers(credential) };
  return ports.busy("Asking Gumloop", send(request));
}

/** What anything but a list of teams means: read as every other answer of Gumloop's. */
function refusal(answer: HttpResponse, credential: Credential): GumCredError | null {
  const error = failure(answer.status, gumloop.judge(answer, credential), answer.headers);
  return error && refusedInForce(credential, error);
}
