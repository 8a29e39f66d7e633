/**
 * Stand-ins for the vendors that give a short-lived token for a workload's identity, and for the identity service of
 * GitHub Actions. They check what the real ones check: signature, issuer, audience, life and replay of the identity,
 * the shape of the request, and that the API is called with a token that was issued and has not ended.
 */
import { randomUUID } from "node:crypto";
import { type Issuer, refusal } from "./identity.ts";

const EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
const BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer";

interface Shape {
  readonly path: string;
  readonly type: string;
  readonly token: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly header?: readonly [string, string];
}

/** Each vendor's request, as its own SDK sends it. */
export const SHAPES: Readonly<Record<string, Shape>> = {
  openai: {
    ...{ path: "/oauth/token", type: "application/json", token: "subject_token" },
    fields: { grant_type: EXCHANGE, identity_provider_id: "idp_1", service_account_id: "sa_1" },
  },
  anthropic: {
    ...{ path: "/v1/oauth/token", type: "application/json", token: "assertion" },
    fields: { grant_type: BEARER, federation_rule_id: "rule_1", organization_id: "org_1" },
    header: ["anthropic-beta", "oidc-federation-2026-04-01"],
  },
  openrouter: {
    ...{ path: "/api/v1/oauth/token", type: "application/x-www-form-urlencoded", token: "subject_token" },
    fields: { grant_type: EXCHANGE, federation_policy_id: "policy_1" },
  },
};

export interface Federation {
  readonly origin: string;
  /** Exchanges that were asked for, the refused ones too. */
  exchanges(): number;
  /** Tokens that were given. */
  readonly issued: readonly string[];
  /** Requests for identity tokens. */
  identities(): number;
  /** What comes in place of the next exchanges, until it is null again. */
  answer: ((request: Request) => Response | Promise<Response>) | null;
  /** Seconds that an issued token lives. */
  life: number;
  /** Variables of a GitHub Actions job that may ask for its identity. */
  readonly job: Readonly<Record<string, string>>;
  stop(): void;
}

/** A server that is all the vendors at once, for identities of `issuer` with this audience. */
export function startFederation(issuer: Issuer, audience: string): Federation {
  const seen = new Set<string>();
  const tokens = new Map<string, number>();
  const issued: string[] = [];
  const jobToken = `job-EXAMPLE-${randomUUID()}`;
  let exchanges = 0;
  let identities = 0;

  async function exchange(request: Request, shape: Shape): Promise<Response> {
    exchanges++;
    if (state.answer) return state.answer(request);
    const bad = (error: string, status = 400) =>
      Response.json({ error: "invalid_request", error_description: error }, { status });
    if (request.method !== "POST") return bad("POST only", 405);
    if (!request.headers.get("content-type")?.startsWith(shape.type)) return bad("wrong content type");
    const fields: Record<string, unknown> =
      shape.type === "application/json"
        ? ((await request.json()) as Record<string, unknown>)
        : Object.fromEntries(new URLSearchParams(await request.text()));
    for (const [name, value] of Object.entries(shape.fields)) {
      if (fields[name] !== value) return bad(`wrong ${name}`);
    }
    const [name, value] = shape.header ?? [];
    if (
      name &&
      !request.headers
        .get(name)
        ?.split(",")
        .includes(value ?? "")
    )
      return bad("no beta header");
    const why = refusal(fields[shape.token], issuer, audience, seen);
    if (why !== null)
      return Response.json(
        { error: "invalid_grant", error_description: `${why}: ${fields[shape.token]}` },
        { status: 401 },
      );
    const token = `token-EXAMPLE-${randomUUID()}`;
    tokens.set(token, Date.now() + state.life * 1000);
    issued.push(token);
    return Response.json({ access_token: token, token_type: "Bearer", expires_in: state.life });
  }

  function identity(request: Request): Response {
    identities++;
    if (request.headers.get("authorization") !== `bearer ${jobToken}`)
      return new Response("no", { status: 401 });
    const url = new URL(request.url);
    if (url.searchParams.get("api-version") !== "2.0") return new Response("no", { status: 400 });
    return Response.json({ value: issuer.mint({ aud: url.searchParams.get("audience") ?? "default" }) });
  }

  const server = Bun.serve({
    ...{ hostname: "127.0.0.1", port: 0, idleTimeout: 0 },
    fetch: (request) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/identity") return identity(request);
      const shape = Object.values(SHAPES).find(({ path }) => path === pathname);
      if (shape) return exchange(request, shape);
      const bearer = /^Bearer (.+)$/.exec(request.headers.get("authorization") ?? "")?.[1] ?? "";
      const live = (tokens.get(bearer) ?? 0) > Date.now();
      // Anthropic takes bearer tokens only beside this header.
      const anthropic = request.headers.has("anthropic-version");
      const wanted =
        !anthropic || request.headers.get("anthropic-beta")?.split(",").includes("oauth-2025-04-20");
      return live && wanted
        ? Response.json({ data: [{ id: "model" }], object: "list" })
        : Response.json({ error: {} }, { status: 401 });
    },
  });
  const origin = `http://127.0.0.1:${server.port}`;
  const state: Federation = {
    ...{ origin, issued, answer: null, life: 600 },
    exchanges: () => exchanges,
    identities: () => identities,
    job: {
      ACTIONS_ID_TOKEN_REQUEST_URL: `${origin}/identity?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: jobToken,
    },
    stop: () => server.stop(true),
  };
  return state;
}

/** A policy's source for one of the vendors. */
export function federationSource(provider: string, origin: string, token: object) {
  const shape = SHAPES[provider];
  if (!shape) throw new Error(`${provider} is no such vendor`);
  const { grant_type: _, ...ids } = shape.fields;
  return { federation: { provider, ...ids, token, token_url: `${origin}${shape.path}` } };
}
