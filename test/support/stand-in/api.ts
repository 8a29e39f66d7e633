/**
 * Gumloop's REST endpoints that a credential manager calls: `GET /models` and `GET /teams`, and who may call them.
 * Public facts: docs.gumloop.com/api-reference/authentication and its endpoint pages; WWW-Authenticate as RFC 6750 §3.
 * Where Gumloop documents no exact text (401, most of 403), the wording is this file's own.
 */
import type { StandInContext } from "./context.ts";
import { gumloopError, type Incoming, json, type Route, single } from "./http.ts";

interface Caller {
  readonly userId: string;
  /** The team a team key belongs to; null for every other credential. */
  readonly keyTeam: string | null;
}

const MODEL_GROUPS = [
  { name: "OpenAI", models: [{ id: "gpt-5", name: "GPT-5" }] },
  { name: "Anthropic", models: [{ id: "claude-sonnet-4-5", name: "Claude Sonnet 4.5" }] },
];

export function apiRoutes(context: StandInContext): readonly Route[] {
  return [
    { method: "GET", path: "/api/v1/models", answer: (incoming) => models(context, incoming) },
    { method: "GET", path: "/api/v1/teams", answer: (incoming) => teams(context, incoming) },
  ];
}

function models(context: StandInContext, incoming: Incoming): Response {
  const caller = authenticate(context, incoming);
  if (caller instanceof Response) return caller;
  const teamId = single(incoming.query, "team_id");
  if (caller.keyTeam !== null && caller.keyTeam !== teamId) {
    return forbidden("team_mismatch", "A team API key needs the team_id it belongs to");
  }
  if (teamId !== null && !context.accounts.isMember(teamId, caller.userId)) {
    return forbidden("team_access_denied", "No such team, or the user is no member of it");
  }
  return json(200, { model_groups: MODEL_GROUPS });
}

function teams(context: StandInContext, incoming: Incoming): Response {
  const caller = authenticate(context, incoming);
  if (caller instanceof Response) return caller;
  const visible = context.accounts.teams
    .filter((team) => team.members.includes(caller.userId))
    .filter((team) => caller.keyTeam === null || caller.keyTeam === team.id);
  return json(200, { teams: visible.map(({ id, name }) => ({ id, name })) });
}

/** An API key goes with its user id in `x-auth-key`; an OAuth access token needs none, and one sent along is ignored. */
function authenticate({ accounts, tokens }: StandInContext, { headers }: Incoming): Caller | Response {
  const bearer = /^Bearer ([\w.~+/-]+=*)$/i.exec(headers.get("authorization") ?? "")?.[1];
  if (bearer === undefined) return unauthorized("Missing or malformed Authorization header");

  const key = accounts.findApiKey(bearer);
  if (key !== null) {
    const userId = headers.get("x-auth-key");
    if (userId === null || userId === "")
      return forbidden("missing_user_id", "This API key needs x-auth-key");
    const allowed = key.kind === "team" ? accounts.isMember(key.teamId, userId) : key.userId === userId;
    if (!allowed) return forbidden("user_mismatch", "The API key does not belong to this user id");
    return { userId, keyTeam: key.kind === "team" ? key.teamId : null };
  }

  const access = tokens.findAccess(bearer);
  if (access === null) return unauthorized("Invalid or expired credential");
  if (!access.scope.includes("gumloop_api")) {
    const challenge = `Bearer error="insufficient_scope", scope="gumloop_api"`;
    return forbidden("insufficient_scope", "Required scope(s): gumloop_api", {
      "www-authenticate": challenge,
    });
  }
  return { userId: access.userId, keyTeam: null };
}

function unauthorized(message: string): Response {
  const challenge = `Bearer error="invalid_token"`;
  return gumloopError(401, "unauthorized", "authentication_error", message, {
    "www-authenticate": challenge,
  });
}

function forbidden(code: string, message: string, headers: Record<string, string> = {}): Response {
  return gumloopError(403, code, "permission_error", message, headers);
}
