/**
 * Which variables carry a credential to another program, and which must go because they would shadow it.
 * Pure; how the statements look in a shell is src/output/env-formats/.
 */
import type { Credential, MethodSpec } from "./credential.ts";
import { type Digest, type Environment, MARKER, markerFor } from "./environment.ts";
import { reveal, type Secret, secret } from "./secret.ts";

/** When the first of the exported tokens ends, in seconds since 1970: what `hook` goes by. No secret, and never marked. */
export const EXPIRES = "GUM_CRED_EXPIRES";

/** Variables to set and to remove so that a program sees exactly what was resolved. */
export interface Exports {
  readonly set: ReadonlyMap<string, Secret>;
  readonly unset: readonly string[];
}

/** One provider's share of the exports. */
export interface ProviderExports {
  readonly set: ReadonlyMap<string, Secret>;
  /** Variables of the same provider that would win over, or mix into, what is set. */
  readonly unset: readonly string[];
  /** Names whose value did not come from the user's own variable of that name. */
  readonly fromStorage: readonly string[];
}

/** How a vendor's programs take a bearer token, where that differs from an API key. */
export interface BearerVariables {
  readonly variable: string;
  /** Headers that the vendor wants beside such a token: the variable that its programs read more headers from. */
  readonly headers: { readonly variable: string; readonly value: string };
}

/** What of a vendor says how its key is exported. */
export interface KeyVariables {
  readonly exported: string;
  readonly shadowing?: readonly string[];
  readonly bearer?: BearerVariables | undefined;
  readonly methods: readonly MethodSpec[];
}

/**
 * An LLM vendor's variables: the exported one is set and the others go, so that no weaker key shadows it.
 * A key in a variable of the user's own stays in that variable.
 */
export function keyExports(
  credential: Credential,
  provider: KeyVariables,
  environment: Environment,
): ProviderExports {
  const names = provider.methods.flatMap(({ variables }) => variables);
  if (credential.method === "oauth" && provider.bearer) {
    return bearerExports(credential, provider.bearer, names, environment);
  }
  const own = credential.source === "env" && names.includes(credential.location);
  const carrier = own ? credential.location : provider.exported;
  // Beside a key of their own, what outranks it is the user's choice; beside the organisation's or a team's it is not.
  const isChosen = own && (credential.level === null || credential.level === "personal");
  return {
    set: new Map([[carrier, credential.value]]),
    unset: [...names.filter((name) => name !== carrier), ...(isChosen ? [] : (provider.shadowing ?? []))],
    fromStorage: own ? [] : [carrier],
  };
}

/** A token in its own variable, with the headers that go with it unless the user has headers there. */
function bearerExports(
  { value }: Credential,
  { variable, headers }: BearerVariables,
  keys: readonly string[],
  environment: Environment,
): ProviderExports {
  const set = new Map([[variable, value]]);
  if (environment.get(headers.variable) === null) set.set(headers.variable, secret(headers.value));
  return { set, unset: keys.filter((name) => name !== variable), fromStorage: [...set.keys()] };
}

/**
 * All providers' shares together, with the marker: names that came from storage are marked; of what an
 * earlier run exported, a name that belongs to these providers (`owned`) and is not set now is removed,
 * any other stays marked. Of several expiries the first counts. `choices` are the marker's further parts (choices.ts).
 */
export function combine(
  shares: readonly ProviderExports[],
  environment: Environment,
  digest: Digest,
  owned: (name: string) => boolean,
  choices: readonly string[] = [],
): Exports {
  // Loops all through: it runs in every shell start, where a cold flatMap alone costs an eighth of a millisecond.
  const set = new Map<string, Secret>();
  const unset = new Set<string>();
  for (const share of shares) {
    for (const [name, value] of share.set) {
      const earlier = name === EXPIRES ? set.get(name) : undefined;
      if (!earlier || Number(reveal(value)) < Number(reveal(earlier))) set.set(name, value);
    }
    for (const name of share.unset) unset.add(name);
  }
  const marked = new Map<string, string>();
  for (const [name, value] of environment.exported) {
    if (owned(name)) unset.add(name);
    else marked.set(name, value);
  }
  for (const share of shares) {
    for (const name of share.fromStorage) {
      const value = share.set.get(name);
      if (value) marked.set(name, reveal(value));
    }
  }
  if (marked.size > 0) set.set(MARKER, secret([markerFor(marked, digest), ...choices].join(",")));
  else if (environment.exported.size > 0) unset.add(MARKER);
  for (const name of set.keys()) unset.delete(name);
  return { set, unset: [...unset] };
}
