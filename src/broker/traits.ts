/**
 * What the broker must know of each vendor beside its credential: where clients put the key, what they leave out of
 * paths or add to them, which variables they read, and how the vendor writes an error. Data; decides nothing.
 * Sources: the SDKs' own clients, as named in plugins/<id>/index.ts, and docs/broker.md.
 */

/** Whose error bodies a route answers with. */
export type ErrorShape = "openai" | "anthropic" | "google" | "gumloop" | "xai";

/** Where a client puts the vendor's key. Header names are lower case. */
export type Place =
  | { readonly header: string; readonly prefix: string; readonly onlyUnder?: RegExp }
  | { readonly query: string };

export interface BaseVariable {
  readonly name: string;
  /** What follows the route's own address, as this variable's readers expect it: `/v1` or nothing. */
  readonly suffix: string;
}

export interface VendorTraits {
  readonly errors: ErrorShape;
  /** In addition to where the provider itself puts it. */
  readonly places: readonly Place[];
  /** Path segment that the vendor's API begins with and that some clients leave out; null where there is none. */
  readonly version: string | null;
  /** Whether the vendor's SDK expects the version in its base URL, so that a base with another path has none. */
  readonly versionInBase: boolean;
  /** Path segment before the version that some clients leave out; null where there is none. */
  readonly stem: string | null;
  /** Paths that have no version segment. */
  readonly unversioned: RegExp | null;
  /** Beside the provider's own variables: what other clients read the key from. */
  readonly keyVariables: readonly string[];
  readonly baseVariables: readonly BaseVariable[];
  /** Variables that would make a client use another key, account or server. Removed. */
  readonly removed: readonly string[];
  /** False where the vendor has no WebSocket API: upgrades are then refused at once. */
  readonly webSockets: boolean;
}

export const BEARER: Place = { header: "authorization", prefix: "Bearer " };

const OPENAI_LIKE: VendorTraits = {
  errors: "openai",
  places: [BEARER],
  version: null,
  versionInBase: false,
  stem: null,
  unversioned: null,
  keyVariables: [],
  baseVariables: [],
  removed: [],
  webSockets: true,
};

const TRAITS: Readonly<Record<string, VendorTraits>> = {
  openai: {
    ...OPENAI_LIKE,
    version: "v1",
    versionInBase: true,
    keyVariables: ["CODEX_API_KEY"],
    baseVariables: [
      { name: "OPENAI_BASE_URL", suffix: "/v1" },
      { name: "OPENAI_API_BASE", suffix: "/v1" },
    ],
    removed: ["OPENAI_ADMIN_KEY", "OPENAI_WEBHOOK_SECRET", "OPENAI_API_TYPE", "OPENAI_API_HOST"],
  },
  anthropic: {
    ...OPENAI_LIKE,
    errors: "anthropic",
    places: [{ header: "x-api-key", prefix: "" }, BEARER],
    version: "v1",
    unversioned: /^\/api\//,
    keyVariables: ["ANTHROPIC_AUTH_TOKEN"],
    baseVariables: [
      { name: "ANTHROPIC_BASE_URL", suffix: "" },
      { name: "ANTHROPIC_API_URL", suffix: "" },
      { name: "ANTHROPIC_API_BASE", suffix: "" },
    ],
    removed: [
      "CLAUDE_CODE_OAUTH_TOKEN",
      "CLAUDE_CODE_OAUTH_REFRESH_TOKEN",
      "CLAUDE_CODE_USE_BEDROCK",
      "CLAUDE_CODE_USE_VERTEX",
      "CLAUDE_CODE_USE_FOUNDRY",
      "ANTHROPIC_CUSTOM_HEADERS",
      "ANTHROPIC_FOUNDRY_API_KEY",
      "ANTHROPIC_IDENTITY_TOKEN",
      "ANTHROPIC_FEDERATION_RULE_ID",
    ],
    webSockets: false,
  },
  google: {
    ...OPENAI_LIKE,
    errors: "google",
    places: [
      { header: "x-goog-api-key", prefix: "" },
      { query: "key" },
      { header: "authorization", prefix: "Bearer ", onlyUnder: /\/openai(?:\/|$)/ },
    ],
    version: "v1beta",
    unversioned: /^\/(?:upload|download|ws|batch|\$discovery)(?:\/|$)/,
    keyVariables: ["GEMINI_API_KEY", "GOOGLE_API_KEY", "GOOGLE_GENERATIVE_AI_API_KEY"],
    baseVariables: [
      { name: "GOOGLE_GEMINI_BASE_URL", suffix: "" },
      { name: "GEMINI_API_BASE", suffix: "" },
    ],
    removed: [
      "GOOGLE_GENAI_USE_VERTEXAI",
      "GOOGLE_GENAI_USE_ENTERPRISE",
      "GOOGLE_GENAI_USE_GCA",
      "GOOGLE_VERTEX_BASE_URL",
      "GOOGLE_CLOUD_ACCESS_TOKEN",
    ],
  },
  xai: {
    ...OPENAI_LIKE,
    errors: "xai",
    version: "v1",
    versionInBase: true,
    baseVariables: [
      { name: "XAI_BASE_URL", suffix: "/v1" },
      { name: "XAI_API_BASE", suffix: "/v1" },
    ],
    removed: ["XAI_MANAGEMENT_KEY"],
  },
  deepseek: {
    ...OPENAI_LIKE,
    baseVariables: [
      { name: "DEEPSEEK_BASE_URL", suffix: "" },
      { name: "DEEPSEEK_API_BASE", suffix: "" },
    ],
    webSockets: false,
  },
  fireworks: {
    ...OPENAI_LIKE,
    version: "v1",
    unversioned: /^\/inference(?:\/|$)/,
    keyVariables: ["FIREWORKS_AI_API_KEY"],
    baseVariables: [
      { name: "FIREWORKS_BASE_URL", suffix: "" },
      { name: "FIREWORKS_API_BASE", suffix: "/v1" },
    ],
    webSockets: false,
  },
  groq: {
    ...OPENAI_LIKE,
    // The SDK's base has no path, and its paths begin with /openai/v1.
    stem: "openai",
    version: "v1",
    baseVariables: [
      { name: "GROQ_BASE_URL", suffix: "" },
      { name: "GROQ_API_BASE", suffix: "/openai/v1" },
    ],
    webSockets: false,
  },
  together: {
    ...OPENAI_LIKE,
    version: "v1",
    versionInBase: true,
    keyVariables: ["TOGETHER_AI_API_KEY"],
    baseVariables: [
      { name: "TOGETHER_BASE_URL", suffix: "/v1" },
      { name: "TOGETHER_API_BASE", suffix: "/v1" },
    ],
  },
  openrouter: {
    ...OPENAI_LIKE,
    baseVariables: [
      { name: "OPENROUTER_BASE_URL", suffix: "/api/v1" },
      { name: "OPENROUTER_API_BASE", suffix: "/api/v1" },
    ],
    webSockets: false,
  },
  perplexity: {
    ...OPENAI_LIKE,
    keyVariables: ["PPLX_API_KEY", "PERPLEXITYAI_API_KEY"],
    baseVariables: [
      { name: "PERPLEXITY_BASE_URL", suffix: "" },
      { name: "PERPLEXITY_API_BASE", suffix: "" },
    ],
    webSockets: false,
  },
  cohere: {
    ...OPENAI_LIKE,
    keyVariables: ["COHERE_API_KEY", "CO_API_KEY"],
    baseVariables: [
      { name: "CO_API_URL", suffix: "" },
      { name: "COHERE_API_BASE", suffix: "" },
    ],
    webSockets: false,
  },
  "azure-openai": {
    ...OPENAI_LIKE,
    removed: ["AZURE_OPENAI_AD_TOKEN"],
    baseVariables: [
      { name: "AZURE_OPENAI_ENDPOINT", suffix: "" },
      { name: "AZURE_API_BASE", suffix: "" },
      { name: "AZURE_OPENAI_BASE_URL", suffix: "/openai" },
    ],
  },
  "amazon-bedrock": {
    ...OPENAI_LIKE,
    baseVariables: [
      { name: "AWS_ENDPOINT_URL_BEDROCK", suffix: "" },
      { name: "AWS_ENDPOINT_URL_BEDROCK_RUNTIME", suffix: "" },
      { name: "ANTHROPIC_BEDROCK_BASE_URL", suffix: "" },
    ],
    webSockets: false,
  },
  gumloop: {
    ...OPENAI_LIKE,
    errors: "gumloop",
    keyVariables: ["GUMLOOP_API_KEY"],
    baseVariables: [{ name: "GUMLOOP_BASE_URL", suffix: "/api/v1" }],
    webSockets: false,
  },
  "gumloop-openai": {
    ...OPENAI_LIKE,
    version: null,
    baseVariables: [{ name: "GUMLOOP_STREAM_BASE_URL", suffix: "/v1" }],
    webSockets: false,
  },
};

/**
 * The traits of a route; of a vendor without any of its own, what its first key variable suggests: `MISTRAL_API_KEY`
 * goes with `MISTRAL_BASE_URL` and `MISTRAL_API_BASE`.
 */
export function traitsOf(route: string, keyVariables: readonly string[]): VendorTraits {
  const own = Object.hasOwn(TRAITS, route) ? TRAITS[route] : undefined;
  if (own) return own;
  const stem = keyVariables[0]?.replace(/_(?:API_)?(?:KEY|TOKEN)$/, "") ?? route.toUpperCase();
  return {
    ...OPENAI_LIKE,
    baseVariables: [
      { name: `${stem}_BASE_URL`, suffix: "" },
      { name: `${stem}_API_BASE`, suffix: "" },
    ],
  };
}

/** Key variables of vendors and clients that no provider of ours may be known for: gone from every command. */
export const OTHER_KEYS: readonly string[] = [
  ...Object.values(TRAITS).flatMap(({ keyVariables, removed }) => [...keyVariables, ...removed]),
  "AI_GATEWAY_API_KEY",
  "AWS_BEARER_TOKEN_BEDROCK",
  "AZURE_API_KEY",
  "AZURE_OPENAI_AD_TOKEN",
  "AZURE_OPENAI_API_KEY",
  "COHERE_API_KEY",
  "CO_API_KEY",
  "GROQ_API_KEY",
  "MISTRAL_API_KEY",
  "OPENROUTER_API_KEY",
  "PERPLEXITY_API_KEY",
  "PPLX_API_KEY",
  "TOGETHER_API_KEY",
  "VERCEL_OIDC_TOKEN",
];
