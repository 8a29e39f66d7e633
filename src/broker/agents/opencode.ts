/**
 * opencode (opencode-ai 1.18.33, tried): a project's opencode.json beats variables; OPENCODE_CONFIG_CONTENT beats the
 * project's. Only the routed providers are enabled, or its small model goes elsewhere. OPENCODE_AUTH_CONTENT
 * replaces the keys in its own auth.json. Source: github.com/sst/opencode packages/opencode/src/config/config.ts and
 * src/auth/index.ts.
 */
import type { Agent, AgentContext } from "./agent.ts";

/** opencode's name of a provider, our route, and what its base URL ends in. */
const PROVIDERS: readonly (readonly [string, string, string])[] = [
  ["anthropic", "anthropic", "/v1"],
  ["openai", "openai", "/v1"],
  ["google", "google", "/v1beta"],
  ["xai", "xai", "/v1"],
  ["deepseek", "deepseek", ""],
  ["fireworks-ai", "fireworks", "/inference/v1"],
  ["mistral", "mistral", "/v1"],
  ["groq", "groq", "/openai/v1"],
  ["openrouter", "openrouter", ""],
  ["togetherai", "together", "/v1"],
  ["perplexity", "perplexity", ""],
];

export const opencode: Agent = {
  names: ["opencode"],
  wire: (context) => {
    const { args, environment } = context;
    const own = parsed(environment.get("OPENCODE_CONFIG_CONTENT"));
    const providers = providersOf(context);
    const config = {
      ...own,
      provider: merged(object(own["provider"]), providers),
      enabled_providers: Object.keys(providers),
      disabled_providers: [],
    };
    return {
      args,
      set: { OPENCODE_CONFIG_CONTENT: JSON.stringify(config), OPENCODE_AUTH_CONTENT: "{}" },
    };
  },
};

type Json = Readonly<Record<string, unknown>>;

function providersOf({ routes, origin, openai, placeholder }: AgentContext): Readonly<Record<string, Json>> {
  return Object.fromEntries(
    PROVIDERS.flatMap(([name, route, suffix]) => {
      const target = route === "openai" ? openai : route;
      if (!routes.has(target)) return [];
      const options = { baseURL: `${origin}/${target}${suffix}`, apiKey: placeholder };
      return [[name, { options }]];
    }),
  );
}

/** Our address and key over the user's, whose models and other options stay. */
function merged(own: Json, ours: Readonly<Record<string, Json>>): Json {
  const all: Record<string, unknown> = { ...own };
  for (const [name, provider] of Object.entries(ours)) {
    const before = object(own[name]);
    all[name] = { ...before, options: { ...object(before["options"]), ...object(provider["options"]) } };
  }
  return all;
}

/** opencode itself complains about a text that is not JSON. */
function parsed(text: string | undefined): Json {
  try {
    return text ? object(JSON.parse(text)) : {};
  } catch {
    return {};
  }
}

function object(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
}
