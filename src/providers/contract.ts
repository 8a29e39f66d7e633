/**
 * The plugin contract: what a provider is. A plugin is returned data plus two hooks, one that says how to
 * verify a credential without cost and one that reads the verdict. Types only; plugins/<id> and installed
 * manifests both become a {@link Provider}.
 */
import type { Credential, MethodSpec } from "../core/credential.ts";
import type { BearerVariables } from "../core/exports.ts";
import type { Secret } from "../core/secret.ts";

/** One request header. The value may hold the credential. */
export interface Header {
  readonly name: string;
  readonly value: Secret;
}

/** A request that proves a credential without cost. Always GET unless a provider says otherwise. */
export interface VerificationRequest {
  readonly url: string;
  readonly headers: readonly Header[];
}

/** What a verification says about a credential. */
export type Verdict = "valid" | "restricted" | "no_quota" | "rejected" | "unverifiable" | "unreachable";

/** A provider's answer as the hooks see it. `body` is at most 1 MiB of text. */
export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** A verdict with the reason in our own words and what to do about it. */
export interface Assessment {
  readonly verdict: Verdict;
  readonly message: string;
  readonly hint: string | null;
  /** What the server itself said, cleaned and without a credential, for a message that is not this one. */
  readonly said?: string;
  /** The request is refused, and nothing is said about the credential. */
  readonly isRequest?: boolean;
}

/**
 * A setting without which a vendor's programs cannot use the key, such as a region. Not secret; exported with the
 * key, from where the key comes.
 */
export interface CompanionSpec {
  /** As in `keys set --with NAME=VALUE`: `region`. */
  readonly name: string;
  /** The variables that the vendor's programs read it from, first one wins; all of them are exported. */
  readonly variables: readonly [string, ...string[]];
  /** What a value looks like. */
  readonly pattern: RegExp;
  /** A value for people to go by. */
  readonly example: string;
}

/** What scopes a request beside the credential. */
export interface RequestScope {
  /** Base URL in force, without a trailing slash; null for the provider's default. */
  readonly baseUrl: string | null;
  readonly teamId: string | null;
  /** The companions in force, by {@link CompanionSpec.name}. */
  readonly companions?: ReadonlyMap<string, string>;
}

/** Who accepts a credential. */
export interface Provider {
  /** `[a-z0-9][a-z0-9-]*`, as typed on the command line. */
  readonly id: string;
  readonly title: string;
  /** Other names that lead to it on the command line: `gemini`. */
  readonly aliases?: readonly string[];
  /** `platform` is Gumloop itself; every LLM vendor is `llm` and has levels. */
  readonly kind: "platform" | "llm";
  /** Ways to authenticate, strongest first. */
  readonly methods: readonly MethodSpec[];
  /** Which of the variables `env` sets; the provider's others are removed, so that none shadows it. */
  readonly exported: string;
  /** Variables that the vendor's programs prefer over a key; removed where a key of gum-cred's is exported. */
  readonly shadowing?: readonly string[];
  /** Where a bearer token goes; undefined where it goes wherever a key does. */
  readonly bearer?: BearerVariables | undefined;
  /** Settings that belong to the key. */
  readonly companions?: readonly CompanionSpec[];
  /** Hosts that the credential may be sent to; `*.` stands for one label, such as a region's or a resource's. */
  readonly hosts: readonly string[];
  /** The variable by which the vendor's own SDK changes its base URL; null where it has none. */
  readonly baseUrlVariable: string | null;
  /** Base URL of its API, as its SDK has it, for this scope; null where nobody can tell. */
  apiBase(scope: RequestScope): string | null;
  /** Where a person creates a key. */
  readonly setupUrl: string;
  /** What is odd about the look of a key, for people and never a verdict; null when it looks as usual. */
  keyHint?(key: Secret): string | null;
  /** The request headers that carry the credential, in the order they are sent. */
  headers(credential: Pick<Credential, "method" | "value" | "userId">): readonly Header[];
  /**
   * Why a key cannot be verified in this scope, as an assessment; null when it can. Asked before
   * {@link verification}, which is not to be called otherwise.
   */
  unverifiable?(scope: RequestScope): Assessment | null;
  /** The request that verifies the credential. */
  verification(
    credential: Pick<Credential, "method" | "value" | "userId">,
    scope: RequestScope,
  ): VerificationRequest;
  /** Reads the answer to that request. Foreign text in the message is clean()ed and holds no credential. */
  judge(answer: Answer, credential: Pick<Credential, "method" | "value">): Assessment;
  /**
   * Verifies a key by a program in place of {@link verification} and {@link judge}, which are then not to be
   * called. Only installed providers have it. Throws E_PLUGIN_REFUSED and E_UNSAFE_FILE when the program may
   * not be run; whatever the program does gives an assessment.
   */
  readonly check?: (key: Secret) => Promise<Assessment>;
}
