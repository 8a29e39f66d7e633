/**
 * OpenRouter. Sources: github.com/OpenRouterTeam/typescript-sdk src/lib/env.ts (OPENROUTER_API_KEY, OPENROUTER_BASE_URL,
 * whose default `https://openrouter.ai/api/v1` includes /api/v1); openrouter.ai/docs/api-reference, `GET /key`, which
 * describes the key itself and costs nothing. `GET /models` is public and would accept anything.
 */
import { llmProvider } from "../../src/providers/llm.ts";

const SETUP = "https://openrouter.ai/settings/keys";

export const openrouter = llmProvider({
  id: "openrouter",
  title: "OpenRouter",
  variables: ["OPENROUTER_API_KEY"],
  hosts: ["openrouter.ai"],
  setupUrl: SETUP,
  keyShape: { pattern: /^sk-or-/, usually: "starts with sk-or-" },
  baseUrlVariable: "OPENROUTER_BASE_URL",
  baseUrl: "https://openrouter.ai/api/v1",
  path: "/key",
  auth: "authorization",
  proof: "data.label",
  rules: [
    {
      // Creates and lists keys, and calls no models: openrouter.ai/docs/features/provisioning-api-keys
      status: 200,
      where: { "data.is_management_key": true, "data.is_provisioning_key": true },
      verdict: "restricted",
      message: "the key works, but it manages other keys and calls no models",
      hint: `create an ordinary key at ${SETUP}`,
    },
    {
      status: 200,
      where: { "data.limit_remaining": 0 },
      verdict: "no_quota",
      message: "the key is good, but its own credit limit is used up",
      hint: `raise the limit at ${SETUP}`,
    },
  ],
});
