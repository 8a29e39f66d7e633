/**
 * What couples the broker to the rest: which providers have a route, with which credential, and how that credential
 * is kept alive for days. The broker itself (src/broker) knows none of it.
 */
import { gumloop } from "../../../plugins/gumloop/index.ts";
import type { Injection, Route } from "../../broker/route.ts";
import { BEARER, type Place, traitsOf } from "../../broker/traits.ts";
import { DEFAULT_BASE_URL } from "../../core/base-url.ts";
import type { Credential, Level } from "../../core/credential.ts";
import { fail, hasCode } from "../../core/errors.ts";
import { reveal, type Secret, secret } from "../../core/secret.ts";
import { EXPIRY_SLACK_MS } from "../../gumloop/expiry.ts";
import { requireGumloop } from "../../gumloop/resolve.ts";
import type { Provider } from "../../providers/contract.ts";
import { noKey, requireKey, resolveKeys } from "../../resolve/keys.ts";
import { allowedRequests, type Policy } from "../../resolve/policy.ts";
import type { Ports, Scope } from "../../resolve/ports.ts";
import { vendorAdvice } from "../../resolve/vendor-advice.ts";
import { companionsOf } from "../companions.ts";
import { providerNamed } from "../providers.ts";
import { vendorBaseUrl } from "../vendor-base-url.ts";
import { keyVariablesOf } from "../vendor-exports.ts";
import { vendorsInPlay } from "../vendors-in-play.ts";

export interface BrokerSetup {
  readonly routes: readonly { readonly route: Route; readonly variables: readonly string[] }[];
  /** The values in force now. */
  readonly secrets: readonly Secret[];
  /** Not secret; beside a Gumloop API key. */
  readonly userId: string | null;
}

export interface SetupRequest {
  /** Provider names as typed; none means all that resolve. */
  readonly names: readonly string[];
  readonly level: Level | null;
}

/** Gumloop's OpenAI-compatible endpoint: docs.gumloop.com, create-completion. */
const COMPLETIONS = "https://ws.gumloop.com/api/v1";
export const COMPLETIONS_ROUTE = "gumloop-openai";

/**
 * Resolves what was asked for. `fresh` makes the ports of another run, whose keychain and policy are read anew.
 * Throws the first provider's error, as `exec` does.
 */
export async function setUpBroker(
  request: SetupRequest,
  scope: Scope,
  fresh: () => Ports,
): Promise<BrokerSetup> {
  const ports = fresh();
  const policy = await ports.policy();
  const found = [...(await gumloopPart(request, scope, ports)), ...(await vendorPart(request, scope, ports))];
  if (found.length === 0) throw await nothingFound(scope, ports);
  const addresses = await Promise.all(
    found.map(({ provider, credential }) =>
      provider.id === gumloop.id
        ? gumloopRoutes(credential)
        : vendorRoutes(provider, credential, request, scope, ports),
    ),
  );
  const routes = found.flatMap(({ provider, credential }, index) => {
    const live = liveCredential(provider, credential, request.level, scope, () => unseen(fresh()));
    return (addresses[index] ?? []).map(({ name, upstream }) => ({
      route: routeOf(name, upstream, provider, credential, live, policy, scope),
      variables: name === COMPLETIONS_ROUTE ? [] : keyVariablesOf(provider),
    }));
  });
  const own = found.find(({ provider }) => provider.id === gumloop.id);
  return {
    routes,
    secrets: found.map(({ credential }) => credential.value),
    userId: own?.credential.userId ?? null,
  };
}

interface Found {
  readonly provider: Provider;
  readonly credential: Credential;
}

async function gumloopPart({ names, level }: SetupRequest, scope: Scope, ports: Ports): Promise<Found[]> {
  const providers = await Promise.all(names.map((name) => providerNamed(name, ports)));
  const named = providers.some(({ id }) => id === gumloop.id);
  if (names.length > 0 && !named) return [];
  if (named && names.length === 1 && level !== null) {
    throw fail("E_USAGE", "--level is for LLM keys; Gumloop's own credential has no levels");
  }
  try {
    return [{ provider: gumloop, credential: await requireGumloop(scope, ports) }];
  } catch (error) {
    if (!named && hasCode(error, "E_NOT_SIGNED_IN", "E_POLICY_DENIED")) return [];
    throw error;
  }
}

async function vendorPart({ names, level }: SetupRequest, scope: Scope, ports: Ports): Promise<Found[]> {
  const named = names.length > 0;
  const vendors = named
    ? [...new Set(await Promise.all(names.map((name) => providerNamed(name, ports))))].filter(
        ({ kind }) => kind === "llm",
      )
    : await vendorsInPlay(ports);
  const found: Found[] = [];
  for (const [provider, resolution] of await resolveKeys({ providers: vendors, level }, scope, ports)) {
    const { winner, error } = resolution;
    if (error && named) throw vendorAdvice(error, { provider, level });
    if (error && !hasCode(error, "E_POLICY_DENIED")) throw error;
    if (winner) found.push({ provider, credential: winner });
    else if (named) throw noKey(provider, level, scope, resolution);
  }
  return found;
}

/** Without names and without any key: what `exec` would say. */
async function nothingFound(scope: Scope, ports: Ports): Promise<unknown> {
  return requireGumloop(scope, ports).then(
    () => fail("E_NO_CREDENTIAL", "there is no credential"),
    (error: unknown) => error,
  );
}

interface Address {
  readonly name: string;
  readonly upstream: string;
}

function gumloopRoutes({ baseUrl }: Credential): readonly Address[] {
  const api = baseUrl ?? DEFAULT_BASE_URL.href;
  const isGumloops = /(?:^|\.)gumloop\.com$/.test(new URL(api).hostname);
  return [
    { name: gumloop.id, upstream: api },
    { name: COMPLETIONS_ROUTE, upstream: isGumloops ? COMPLETIONS : api },
  ];
}

/**
 * Without names, a vendor whose address nobody knows has no route. Throws E_INVALID_VALUE and E_BASE_URL_REFUSED for a
 * base-URL variable that makes no sense.
 */
async function vendorRoutes(
  provider: Provider,
  credential: Credential,
  { names }: SetupRequest,
  scope: Scope,
  ports: Ports,
): Promise<readonly Address[]> {
  const { teamId } = scope;
  const baseUrl = vendorBaseUrl(provider, credential.level, scope, ports)?.href ?? null;
  const companions = await companionsOf(provider, credential, ports);
  const upstream = provider.apiBase({ baseUrl, teamId, companions });
  if (upstream !== null) return [{ name: provider.id, upstream }];
  if (names.length === 0) return [];
  const missing = provider.companions?.flatMap(({ variables }) => variables[0]) ?? [];
  throw missing.length > 0
    ? fail("E_USAGE", `${provider.title} needs more than a key`, `set ${missing.join(" and ")}`)
    : fail(
        "E_PLUGIN_INVALID",
        `the manifest of ${provider.id} does not say where its API is`,
        "give it a base_url",
      );
}

function routeOf(
  name: string,
  upstream: string,
  provider: Provider,
  credential: Credential,
  live: Live,
  policy: Policy,
  { teamId }: Scope,
): Route {
  return {
    name,
    provider: provider.id,
    level: credential.level,
    upstream,
    traits: traitsOf(name, keyVariablesOf(provider)),
    places: placesIn(provider),
    allow: allowedRequests(policy, provider.id, teamId),
    renewable: live.renewable,
    credential: live.current,
    renew: live.renew,
  };
}

const PROBE = "gum-cred-probe";

/** Where a provider's own headers have the key. */
function placesIn(provider: Provider): readonly Place[] {
  const headers = provider.headers({ method: "api_key", value: secret(PROBE), userId: null });
  const places = headers.flatMap(({ name, value }): Place[] => {
    const text = reveal(value);
    const at = text.indexOf(PROBE);
    return at >= 0 && text.endsWith(PROBE) ? [{ header: name.toLowerCase(), prefix: text.slice(0, at) }] : [];
  });
  return places.length > 0 ? places : [BEARER];
}

interface Live {
  readonly renewable: boolean;
  current(): Promise<Injection>;
  renew(rejected: Secret): Promise<Injection | null>;
}

/** How long a credential that could not be renewed is left alone. */
const PAUSE_MS = 1_000;

/** A credential that is renewed before it ends, once for however many requests ask meanwhile. */
function liveCredential(
  provider: Provider,
  first: Credential,
  level: Level | null,
  scope: Scope,
  fresh: () => Ports,
): Live {
  let credential = first;
  let asked = Number.NEGATIVE_INFINITY;
  let running: Promise<void> | null = null;
  const isOver = () =>
    credential.expiresAt !== null && Date.parse(credential.expiresAt) - Date.now() <= EXPIRY_SLACK_MS;
  const once = (work: () => Promise<Credential>): Promise<void> => {
    running ??= work()
      .then((found) => {
        credential = found;
      })
      .finally(() => {
        asked = performance.now();
        running = null;
      });
    return running;
  };
  const resolve = () =>
    provider.id === gumloop.id ? requireGumloop(scope, fresh()) : requireKey(provider, level, scope, fresh());
  const injection = (): Injection => ({ value: credential.value, headers: provider.headers(credential) });
  return {
    renewable: first.method === "oauth" || first.expiresAt !== null,
    current: async () => {
      if (isOver() && performance.now() - asked > PAUSE_MS) await once(resolve);
      return injection();
    },
    renew: async (rejected) => {
      const isSame = () => reveal(credential.value) === reveal(rejected);
      if (isSame()) {
        await once(async () => {
          if (provider.id === gumloop.id) await renewSession(rejected, scope, fresh());
          return resolve();
        });
      }
      return isSame() ? null : injection();
    },
  };
}

/** The terminal is the command's by now: it is told of no wait. */
function unseen(ports: Ports): Ports {
  return { ...ports, busy: async (_, work) => work, note: () => {} };
}

/** Renews the stored session whose token the server no longer accepts, unless someone else did meanwhile. */
async function renewSession(rejected: Secret, { profile }: Scope, ports: Ports): Promise<void> {
  const { openProfile } = await import("../../gumloop/profile.ts");
  const { refreshSession } = await import("../../gumloop/session.ts");
  const stored = openProfile(await ports.keychain(), profile, ports.digest);
  const reading = await stored.read();
  const token = reading.stored.access_token;
  if (token && reveal(token) === reveal(rejected)) await refreshSession(stored, reading, ports);
}
