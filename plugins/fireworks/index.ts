/**
 * Fireworks AI. Sources: github.com/fw-ai-external/python-sdk src/fireworks/_client.py (FIREWORKS_API_KEY,
 * FIREWORKS_BASE_URL, whose default `https://api.fireworks.ai` has neither /v1 nor /inference);
 * docs.fireworks.ai/api-reference/list-models and /guides/inference-error-codes. The public catalogue is listed,
 * because /inference/v1/models answers some good keys with 500 "Error listing deployed models"
 * (github.com/can1357/oh-my-pi/issues/3219). Listing costs nothing.
 */
import { llmProvider } from "../../src/providers/llm.ts";

export const fireworks = llmProvider({
  id: "fireworks",
  title: "Fireworks AI",
  variables: ["FIREWORKS_API_KEY"],
  hosts: ["api.fireworks.ai"],
  setupUrl: "https://app.fireworks.ai/settings/users/api-keys",
  keyShape: null,
  baseUrlVariable: "FIREWORKS_BASE_URL",
  baseUrl: "https://api.fireworks.ai",
  path: "/v1/accounts/fireworks/models?pageSize=1",
  auth: "authorization",
  proof: "models",
  rules: [
    {
      // Fire Pass keys (fpk_…) call models and nothing else: github.com/typeclaw/typeclaw/pull/388
      status: 403,
      where: { "error.message": /not authorized for this route/i },
      verdict: "restricted",
      message: "the key works, but only for calling models",
    },
    {
      status: 403,
      verdict: "rejected",
      message: "Fireworks AI does not accept this key",
      hint: "check that it was copied whole, or create one at https://app.fireworks.ai/settings/users/api-keys",
    },
    {
      status: 412,
      verdict: "no_quota",
      message: "the account this key belongs to is suspended, most often for want of credit",
      hint: "add credit or a payment method under Billing at https://app.fireworks.ai",
    },
  ],
});
