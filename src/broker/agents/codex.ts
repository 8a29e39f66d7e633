/**
 * Codex (@openai/codex 0.169.0, tried): its built-in provider ignores OPENAI_BASE_URL and takes `-c openai_base_url`
 * and CODEX_API_KEY. `-c` beats config.toml of the user and of the project. Source: github.com/openai/codex
 * codex-rs/model-provider-info/src/lib.rs.
 */
import type { Agent } from "./agent.ts";

export const codex: Agent = {
  names: ["codex"],
  wire: ({ args, routes, origin, openai, placeholder }) => {
    if (!routes.has("openai") && openai === "openai") return { args, set: {} };
    const overrides = [
      `openai_base_url=${JSON.stringify(`${origin}/${openai}/v1`)}`,
      'model_provider="openai"',
      'forced_login_method="api"',
    ];
    return {
      args: [...overrides.flatMap((override) => ["-c", override]), ...args],
      set: { CODEX_API_KEY: placeholder },
    };
  },
};
