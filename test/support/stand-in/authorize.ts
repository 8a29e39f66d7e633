/**
 * `/oauth/authorize` (RFC 6749 §4.1.1 with PKCE, RFC 7636) and the server's metadata (RFC 8414).
 * Public facts: docs.gumloop.com/api-reference/oauth. Issues codes, never tokens.
 */
import type { AuthorizationRequest } from "./approvals.ts";
import { approvalPage, refusalPage } from "./authorize-page.ts";
import { CLIENT_ID, SCOPES, type StandInContext } from "./context.ts";
import { type Incoming, json, type Route, repeated, single } from "./http.ts";

type Refusal =
  /** The redirect URI cannot be trusted, so the browser stays here (RFC 6749 §4.1.2.1). */
  | { readonly page: string }
  | {
      readonly redirectUri: string;
      readonly state: string | null;
      readonly error: string;
      readonly description: string;
    };

export function authorizeRoutes(context: StandInContext): readonly Route[] {
  return [
    { method: "GET", path: "/oauth/authorize", answer: (incoming) => authorize(context, incoming) },
    { method: "POST", path: "/oauth/authorize", answer: (incoming) => decide(context, incoming) },
    {
      method: "GET",
      path: "/.well-known/oauth-authorization-server",
      answer: () => json(200, metadata(context)),
    },
  ];
}

function authorize(context: StandInContext, { query }: Incoming): Response {
  const request = readRequest(query);
  if ("page" in request) return refusalPage(request.page);
  if ("error" in request) {
    const { error, description, state } = request;
    return redirect(context, 302, request.redirectUri, { error, error_description: description, state });
  }
  switch (context.behaviour.consent) {
    case "ask":
      return approvalPage(context.approvals.ask(request), request.scope);
    case "approve":
      return approve(context, 302, request);
    case "deny":
      return deny(context, 302, request);
  }
}

/** The approval page's form. 303, so that the browser turns the POST into a GET (RFC 9700 §4.12). */
function decide(context: StandInContext, { form }: Incoming): Response {
  const request = context.approvals.take(form?.get("request") ?? "");
  if (request === null) return refusalPage("This page was already used, or the server was restarted.");
  return form?.get("decision") === "allow" ? approve(context, 303, request) : deny(context, 303, request);
}

function approve(context: StandInContext, status: number, request: AuthorizationRequest): Response {
  const code = context.approvals.issueCode(request);
  return redirect(context, status, request.redirectUri, { code, state: request.state });
}

function deny(
  context: StandInContext,
  status: number,
  { redirectUri, state }: AuthorizationRequest,
): Response {
  const description = "The user did not allow it";
  return redirect(context, status, redirectUri, {
    error: "access_denied",
    error_description: description,
    state,
  });
}

function redirect(
  { behaviour, origin }: StandInContext,
  status: number,
  redirectUri: string,
  parameters: Record<string, string | null>,
): Response {
  const location = new URL(redirectUri);
  const iss = behaviour.iss === true ? origin : behaviour.iss || null;
  for (const [name, value] of Object.entries({ ...parameters, iss })) {
    if (value !== null) location.searchParams.set(name, value);
  }
  return new Response(null, { status, headers: { location: location.href, "cache-control": "no-store" } });
}

/** RFC 8252 §7.3: the literal loopback address with any port; everything else exactly as registered. */
function isLoopbackCallback(uri: string): boolean {
  const port = /^http:\/\/127\.0\.0\.1:([1-9]\d{0,4})\/callback$/.exec(uri)?.[1];
  return port !== undefined && Number(port) <= 65535;
}

function readRequest(query: URLSearchParams): AuthorizationRequest | Refusal {
  const redirectUri = single(query, "redirect_uri");
  const state = single(query, "state");
  if (single(query, "client_id") !== CLIENT_ID) return { page: "client_id is not a registered client." };
  if (redirectUri === null || !isLoopbackCallback(redirectUri)) {
    return { page: "redirect_uri is not http://127.0.0.1:PORT/callback." };
  }
  const refuse = (error: string, description: string): Refusal => ({
    redirectUri,
    state,
    error,
    description,
  });

  const twice = repeated(query);
  if (twice !== null) return refuse("invalid_request", `${twice} was sent more than once`);
  if (query.get("response_type") !== "code") {
    return refuse("unsupported_response_type", "response_type must be code");
  }
  const challenge = single(query, "code_challenge") ?? "";
  if (query.get("code_challenge_method") !== "S256" || !/^[\w-]{43}$/.test(challenge)) {
    return refuse("invalid_request", "PKCE with code_challenge_method=S256 is required");
  }
  const scope = single(query, "scope")?.split(" ") ?? [];
  if (scope.length === 0 || scope.some((name) => !SCOPES.includes(name))) {
    return refuse("invalid_scope", `scope must be some of: ${SCOPES.join(" ")}`);
  }
  return { redirectUri, state, scope, challenge };
}

function metadata({ origin, behaviour }: StandInContext): Record<string, unknown> {
  return {
    issuer: origin,
    authorization_endpoint: `${origin}/oauth/authorize`,
    token_endpoint: `${origin}/oauth/token`,
    revocation_endpoint: `${origin}/oauth/revoke`,
    response_types_supported: ["code"],
    grant_types_supported: ["authorization_code", "refresh_token"],
    code_challenge_methods_supported: ["S256"],
    token_endpoint_auth_methods_supported: ["none"],
    revocation_endpoint_auth_methods_supported: ["none"],
    scopes_supported: SCOPES,
    // RFC 9207 §3; the metadata Gumloop publishes does not have it.
    ...(behaviour.iss === false ? {} : { authorization_response_iss_parameter_supported: true }),
  };
}
