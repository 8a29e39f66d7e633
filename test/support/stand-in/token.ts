/**
 * `/oauth/token` (RFC 6749 §4.1.3, §5, §6; PKCE check RFC 7636 §4.6) and `/oauth/revoke` (RFC 7009).
 * Public facts: docs.gumloop.com/api-reference/oauth.
 */
import { USER_ID } from "./accounts.ts";
import { CLIENT_ID, type StandInContext } from "./context.ts";
import { gumloopError, type Incoming, json, type Route, repeated, single } from "./http.ts";
import type { IssuedTokens } from "./tokens.ts";

interface OAuthFailure {
  readonly error: string;
  readonly description: string;
}

export function tokenRoutes(context: StandInContext): readonly Route[] {
  return [
    { method: "POST", path: "/oauth/token", answer: (incoming) => token(context, incoming) },
    { method: "POST", path: "/oauth/revoke", answer: (incoming) => revoke(context, incoming) },
  ];
}

function token(context: StandInContext, incoming: Incoming): Response {
  const form = readForm(incoming);
  if ("error" in form) return refuse(context, form);
  const grantType = single(form, "grant_type");
  if (grantType === "authorization_code") return answer(context, exchangeCode(context, form), "code");
  if (grantType === "refresh_token") return answer(context, refresh(context, form), "refresh");
  return refuse(
    context,
    grantType === null
      ? failure("invalid_request", "grant_type is missing")
      : failure("unsupported_grant_type", "grant_type must be authorization_code or refresh_token"),
  );
}

/** A code is used up by its first presentation, right or wrong; its second revokes what came of the first (§10.5). */
function exchangeCode(
  { approvals, tokens }: StandInContext,
  form: URLSearchParams,
): IssuedTokens | OAuthFailure {
  const verifier = single(form, "code_verifier");
  const redirectUri = single(form, "redirect_uri");
  const code = single(form, "code");
  if (code === null || redirectUri === null || verifier === null) {
    return failure("invalid_request", "code, redirect_uri and code_verifier are required");
  }
  const issued = approvals.findCode(code);
  if (issued === null) return failure("invalid_grant", "The code is unknown");
  if (issued.used) {
    if (issued.family !== null) tokens.revokeFamily(issued.family);
    return failure("invalid_grant", "The code was already used");
  }
  issued.used = true;
  if (approvals.hasExpired(issued)) return failure("invalid_grant", "The code has expired");
  if (issued.request.redirectUri !== redirectUri) {
    return failure("invalid_grant", "redirect_uri is not the one that was authorized");
  }
  if (!provesPossession(verifier, issued.request.challenge)) {
    return failure("invalid_grant", "code_verifier does not match code_challenge");
  }
  const result = tokens.issue(USER_ID, issued.request.scope);
  issued.family = result.family;
  return result;
}

function refresh({ tokens }: StandInContext, form: URLSearchParams): IssuedTokens | OAuthFailure {
  const refreshToken = single(form, "refresh_token");
  if (refreshToken === null) return failure("invalid_request", "refresh_token is missing");
  const result = tokens.refresh(refreshToken, single(form, "scope")?.split(" ") ?? null);
  if (result === "invalid_scope") return failure(result, "scope exceeds what was granted");
  return result === "invalid_grant"
    ? failure(result, "The refresh token is invalid, used or revoked")
    : result;
}

/** Unknown tokens are answered like known ones (RFC 7009 §2.2). */
function revoke(context: StandInContext, incoming: Incoming): Response {
  const form = readForm(incoming);
  if ("error" in form) return refuse(context, form);
  const revoked = single(form, "token");
  if (revoked === null) return refuse(context, failure("invalid_request", "token is missing"));
  context.tokens.revoke(revoked);
  return new Response(null, { status: 200, headers: { "cache-control": "no-store" } });
}

/** The form of the one registered client, without repeated parameters. */
function readForm({ form }: Incoming): URLSearchParams | OAuthFailure {
  if (form === null) {
    return failure("invalid_request", "The body must be application/x-www-form-urlencoded");
  }
  const twice = repeated(form);
  if (twice !== null) return failure("invalid_request", `${twice} was sent more than once`);
  if (single(form, "client_id") !== CLIENT_ID)
    return failure("invalid_client", "client_id is not registered");
  return form;
}

/** RFC 7636 §4.1 says what a verifier looks like, §4.6 what S256 compares. */
function provesPossession(verifier: string, challenge: string): boolean {
  if (!/^[\w.~-]{43,128}$/.test(verifier)) return false;
  return new Bun.CryptoHasher("sha256").update(verifier).digest("base64url") === challenge;
}

function failure(error: string, description: string): OAuthFailure {
  return { error, description };
}

/** RFC 6749 §5.1; a refresh may leave the refresh token as it is and unmentioned (§6). */
function answer(
  context: StandInContext,
  result: IssuedTokens | OAuthFailure,
  grant: "code" | "refresh",
): Response {
  if ("error" in result) return refuse(context, result);
  const { expiresIn, refreshTokens } = context.behaviour;
  const silent = refreshTokens === "never" || (refreshTokens === "omit" && grant === "refresh");
  const body = {
    access_token: result.accessToken,
    token_type: "Bearer",
    expires_in: expiresIn,
    scope: result.scope.join(" "),
    refresh_token: silent ? undefined : result.refreshToken,
  };
  return json(200, body, { pragma: "no-cache" });
}

/** RFC 6749 §5.2: 400, and 401 for an unknown client. */
function refuse({ behaviour }: StandInContext, { error, description }: OAuthFailure): Response {
  const status = error === "invalid_client" ? 401 : 400;
  return behaviour.oauthErrors === "gumloop"
    ? gumloopError(status, error, "invalid_request_error", description)
    : json(status, { error, error_description: description });
}
