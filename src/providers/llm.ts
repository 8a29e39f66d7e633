/**
 * Makes a provider of an LLM vendor's facts: one API key, one request that costs nothing, and a table that
 * reads the answer. A vendor is data; what all of them share is here. Sends nothing itself.
 */
import type { Credential } from "../core/credential.ts";
import { fail } from "../core/errors.ts";
import type { BearerVariables } from "../core/exports.ts";
import { isJsonObject } from "../core/json.ts";
import { scrub } from "../core/scrub.ts";
import { reveal, type Secret, secret } from "../core/secret.ts";
import { secretsIn } from "../core/server-words.ts";
import { isRedirect, isWebPage } from "../net/http.ts";
import type {
  Answer,
  Assessment,
  CompanionSpec,
  Header,
  Provider,
  RequestScope,
  Verdict,
} from "./contract.ts";

/** One line of the table. The first whose status and `where` match decides. */
export interface Rule {
  /** HTTP status, or any of several. */
  readonly status: number | readonly number[];
  /**
   * Dotted paths into the JSON body and the value there; one match is enough; without any the rule always matches.
   * A path runs through the elements of arrays: `error.details.reason`.
   */
  readonly where?: Readonly<Record<string, RegExp | boolean | number>>;
  readonly verdict: Verdict;
  /** Our own words, a whole clause. The status and what the vendor says are added to it. */
  readonly message: string;
  readonly hint?: string;
}

/** How a vendor's keys usually look. Never a verdict: vendors change shapes without notice. */
export interface KeyShape {
  readonly pattern: RegExp;
  /** Completes "usually …": `starts with sk-`. */
  readonly usually: string;
}

/** A vendor, as facts with sources. */
export interface LlmProviderData {
  readonly id: string;
  readonly title: string;
  /** Other names that people have for it. */
  readonly aliases?: readonly string[];
  /** In the order in which the vendor's own SDK reads them. The first is exported unless `exported` says otherwise. */
  readonly variables: readonly [string, ...string[]];
  readonly exported?: string;
  /** Variables that the vendor's programs prefer over the key. */
  readonly shadowing?: readonly string[];
  /** How a bearer token goes to the vendor, where not as the key does. */
  readonly bearer?: BearerVariables & { readonly requestHeaders: Readonly<Record<string, string>> };
  /** Settings that belong to the key, such as a region. */
  readonly companions?: readonly CompanionSpec[];
  readonly hosts: readonly string[];
  readonly setupUrl: string;
  readonly keyShape: KeyShape | null;
  /** The variable by which the vendor's own SDK changes its base URL; null where it has none. */
  readonly baseUrlVariable: string | null;
  /**
   * Exactly what that variable replaces, without a trailing slash: with or without `/v1`, as the SDK has it.
   * `{region}` stands for the companion of that name.
   */
  readonly baseUrl: string;
  /** Where models are called, when that is another host than the one that verifies a key. */
  readonly apiBaseUrl?: string;
  /** What follows the base URL, with its query: a GET that costs nothing. Null where the vendor has none. */
  readonly path: string | null;
  /** The header that carries the key; `authorization` sends it as a bearer token (RFC 6750 §2.1). */
  readonly auth: "authorization" | "x-api-key" | "x-goog-api-key" | "api-key";
  /** Headers that every request needs, not secret. */
  readonly fixedHeaders?: Readonly<Record<string, string>>;
  /** A path that the JSON body of a 200 must have; without it, something else answered. */
  readonly proof: string;
  readonly rules: readonly Rule[];
}

export interface LlmProvider extends Provider {
  /** What is odd about the look of a key, for people; null when it looks as usual. Quotes nothing of it. */
  keyHint(key: Secret): string | null;
}

export function llmProvider(data: LlmProviderData): LlmProvider {
  const headers = ({ method, value: key }: Pick<Credential, "method" | "value">): readonly Header[] => {
    const bearer = method === "oauth" ? data.bearer : undefined;
    const fixed = { ...data.fixedHeaders, ...bearer?.requestHeaders };
    return [
      data.auth === "authorization" || bearer
        ? { name: "Authorization", value: secret(`Bearer ${reveal(key)}`) }
        : { name: data.auth, value: key },
      ...Object.entries(fixed).map(([name, value]) => ({ name, value: secret(value) })),
    ];
  };
  return {
    id: data.id,
    title: data.title,
    kind: "llm",
    methods: [{ method: "api_key", variables: data.variables, field: "api_key", companions: [] }],
    exported: data.exported ?? data.variables[0],
    aliases: data.aliases ?? [],
    shadowing: data.shadowing ?? [],
    bearer: data.bearer,
    companions: data.companions ?? [],
    hosts: data.hosts,
    baseUrlVariable: data.baseUrlVariable,
    setupUrl: data.setupUrl,
    apiBase: (scope) => baseUrlIn({ baseUrl: data.apiBaseUrl ?? data.baseUrl }, scope),
    headers,
    unverifiable: (scope) => unverifiable(data, scope),
    verification: (credential, scope) => {
      const base = baseUrlIn(data, scope);
      if (base === null || data.path === null) {
        throw fail("E_INTERNAL", `a key of ${data.id} cannot be verified here, and it was tried`);
      }
      return { url: `${base}${data.path}`, headers: headers(credential) };
    },
    judge: (answer, { value }) => judge(data, answer, value),
    keyHint: (key) =>
      data.keyShape === null || data.keyShape.pattern.test(reveal(key))
        ? null
        : `a key for ${data.title} usually ${data.keyShape.usually}`,
  };
}

/** Where requests go; null when a companion that is part of it is not known. */
function baseUrlIn({ baseUrl }: Pick<LlmProviderData, "baseUrl">, scope: RequestScope): string | null {
  if (scope.baseUrl !== null) return scope.baseUrl;
  const missing = namesIn(baseUrl).some((name) => !scope.companions?.has(name));
  return missing
    ? null
    : baseUrl
        .replace(/\{(\w+)\}/g, (_, name: string) => scope.companions?.get(name) ?? "")
        .replace(/\/+$/, "");
}

function namesIn(template: string): readonly string[] {
  return [...template.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
}

function unverifiable(data: LlmProviderData, scope: RequestScope): Assessment | null {
  const verdict = "unverifiable";
  if (data.path === null) {
    const message = `${data.title} has no request that verifies a key without cost`;
    return { verdict, message, hint: "the first use of the key will tell" };
  }
  if (baseUrlIn(data, scope) !== null) return null;
  const missing = (data.companions ?? []).filter(({ name }) => namesIn(data.baseUrl).includes(name));
  const variables = missing.map((spec) => spec.variables[0]).join(", ");
  return {
    verdict,
    message: `where to verify a key for ${data.title} is not known: ${variables} is not set`,
    hint: missing.map((spec) => `set ${spec.variables[0]}, such as ${spec.example}`).join("; "),
  };
}

function judge(data: LlmProviderData, answer: Answer, key: Secret): Assessment {
  if (isWebPage(answer)) {
    const message = `received a web page instead of an answer from ${data.title} (${answer.status})`;
    return {
      verdict: "unreachable",
      message,
      hint: "check the base URL, or sign in to the network you are on",
    };
  }
  const body = parsed(answer.body);
  const rule =
    data.rules.find((candidate) => fits(candidate, answer.status, body)) ?? usual(data, answer, body);
  const { verdict, message, hint = null } = rule;
  if (answer.status === 200) return { verdict, message, hint };
  const words = vendorWords(body, key);
  const quoting = words && `; it says: ${words}`;
  return { verdict, message: `${message} (${answer.status})${quoting}`, hint, said: words };
}

/** A pattern looks at no more of a text: a hostile megabyte could keep one busy for hours. */
const LONGEST = 2_000;

function fits(rule: Rule, status: number, body: unknown): boolean {
  const statuses = typeof rule.status === "number" ? [rule.status] : rule.status;
  if (!statuses.includes(status)) return false;
  if (rule.where === undefined) return true;
  return Object.entries(rule.where).some(([path, wanted]) =>
    at(body, path).some((found) =>
      typeof wanted !== "object"
        ? found === wanted
        : typeof found === "string" && wanted.test(found.slice(0, LONGEST)),
    ),
  );
}

/** What a status means where the vendor has no rule of its own for it. */
function usual(data: LlmProviderData, answer: Answer, body: unknown): Omit<Rule, "status"> {
  const { title, setupUrl, proof } = data;
  const { status } = answer;
  if (status === 200 && at(body, proof).length > 0) {
    return { verdict: "valid", message: `${title} accepts this key` };
  }
  if (status === 401) {
    const hint = `check that the key was copied whole and not revoked, or create one at ${setupUrl}`;
    return { verdict: "rejected", message: `${title} does not accept this key`, hint };
  }
  if (status === 402) {
    return { verdict: "no_quota", message: `${title} knows this key, but its account has no credit left` };
  }
  if (status === 429) {
    return { verdict: "unreachable", message: `${title} limits requests right now`, hint: "try again later" };
  }
  if (isRedirect(answer)) {
    const message = `${title} redirects elsewhere, and redirects are never followed`;
    return { verdict: "unreachable", message, hint: "check the base URL" };
  }
  if (status === 408 || status >= 500) {
    return { verdict: "unreachable", message: `${title} failed`, hint: "try again later" };
  }
  const message =
    status === 200 ? `the answer is not ${title}'s` : `${title} does not say whether the key is good`;
  return { verdict: "unverifiable", message, hint: "check the base URL" };
}

/** The vendor's own message, wherever the usual shapes have it; empty when there is none. */
function vendorWords(body: unknown, key: Secret): string {
  const words = ["error.message", "error", "message", "Message", "detail"].flatMap((path) => at(body, path));
  const text = words.find((found) => typeof found === "string");
  return typeof text === "string" ? scrub(text, [key, ...secretsIn(body)], 200) : "";
}

/** Everything at a dotted path of a JSON value, through the elements of arrays. */
function at(value: unknown, path: string): readonly unknown[] {
  return path
    .split(".")
    .reduce<readonly unknown[]>((found, name) => found.flatMap((it) => step(it, name)), [value]);
}

function step(value: unknown, name: string): readonly unknown[] {
  // One level of arrays only: a body of half a million brackets must not fill the stack.
  const holders: readonly unknown[] = Array.isArray(value) ? value : [value];
  return holders.flatMap((holder) => {
    const own = isJsonObject(holder) ? Object.getOwnPropertyDescriptor(holder, name) : null;
    return own ? [own.value] : [];
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
