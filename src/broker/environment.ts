/**
 * The environment of the command: the placeholder where keys are looked for, the broker's address where base URLs
 * are, and nothing that would bring a real key back. Pure.
 */
import type { RawEnvironment } from "../core/environment.ts";
import type { Route } from "./route.ts";
import { OTHER_KEYS } from "./traits.ts";

export interface EnvironmentRequest {
  /** What gum-cred itself was given. */
  readonly raw: RawEnvironment;
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  readonly placeholder: string;
  readonly routes: readonly RoutedKeys[];
  /** Every variable that carries a key of any known provider, or with which one can be had. */
  readonly keyVariables: readonly string[];
  /** The real keys: a variable that holds one goes, whatever its name. */
  readonly secrets: readonly string[];
  /** Variables for the command that hold no secret, such as profile and team. */
  readonly extra: Readonly<Record<string, string>>;
  /** Where OpenAI's variables point: a route's name. */
  readonly openai: string;
}

export interface RoutedKeys {
  readonly route: Route;
  /** The variables of the provider's own. */
  readonly variables: readonly string[];
}

const OWN_ADDRESSES = ["127.0.0.1", "localhost"];
/** Gumloop's that say whose requests they are and hold no secret. */
const KEPT_OF_GUMLOOP: ReadonlySet<string> = new Set(["GUMLOOP_USER_ID", "GUMLOOP_TEAM_ID"]);
/** They restrict what a gum-cred in the command may do, so they stay. */
const KEPT_OF_OURS: ReadonlySet<string> = new Set(["GUM_CRED_POLICY", "GUM_CRED_ASKING_FOR"]);
const SHORTEST_SECRET = 8;

/** All variables of the command. */
export function commandEnvironment(request: EnvironmentRequest): Map<string, string> {
  const removed = removedNames(request);
  const secrets = request.secrets.filter((value) => value.length >= SHORTEST_SECRET);
  const environment = new Map<string, string>();
  for (const [name, value] of Object.entries(request.raw)) {
    if (value === undefined || removed(name)) continue;
    if (!secrets.some((each) => value.includes(each))) environment.set(name, value);
  }
  for (const { route, variables } of request.routes) {
    for (const name of [...variables, ...route.traits.keyVariables]) {
      environment.set(name, request.placeholder);
    }
    const target = route.name === "openai" ? request.openai : route.name;
    for (const { name, suffix } of route.traits.baseVariables) {
      environment.set(name, `${request.origin}/${target}${suffix}`);
    }
  }
  for (const name of ["NO_PROXY", "no_proxy"]) environment.set(name, withOwnAddresses(request.raw, name));
  for (const [name, value] of Object.entries(request.extra)) environment.set(name, value);
  return environment;
}

function removedNames({ keyVariables }: EnvironmentRequest): (name: string) => boolean {
  const keys = new Set([...keyVariables, ...OTHER_KEYS]);
  return (name) => {
    if (name.startsWith("GUM_CRED_")) return !KEPT_OF_OURS.has(name);
    if (name.startsWith("GUMLOOP_")) return !KEPT_OF_GUMLOOP.has(name);
    return keys.has(name) || (name.endsWith("_FILE") && keys.has(name.slice(0, -"_FILE".length)));
  };
}

function withOwnAddresses(raw: RawEnvironment, name: string): string {
  const other = name === "NO_PROXY" ? "no_proxy" : "NO_PROXY";
  const given = (raw[name] || raw[other] || "").split(",").map((part) => part.trim());
  // Most clients know `*` only where it stands alone.
  if (given.includes("*")) return "*";
  return [...new Set([...given.filter((part) => part !== ""), ...OWN_ADDRESSES])].join(",");
}
