/**
 * Cohere. Sources: github.com/cohere-ai/cohere-python src/cohere/client.py (CO_API_KEY is preferred and documented,
 * COHERE_API_KEY accepted; CO_API_URL, whose default `https://api.cohere.com` has no version);
 * docs.cohere.com/reference/list-models and /reference/errors. Listing models costs nothing, and unlike
 * `POST /v1/check-api-key` it is a GET.
 */
import { llmProvider } from "../../src/providers/llm.ts";

export const cohere = llmProvider({
  id: "cohere",
  title: "Cohere",
  variables: ["CO_API_KEY", "COHERE_API_KEY"],
  hosts: ["api.cohere.com"],
  setupUrl: "https://dashboard.cohere.com/api-keys",
  keyShape: null,
  baseUrlVariable: "CO_API_URL",
  baseUrl: "https://api.cohere.com",
  path: "/v1/models?page_size=1",
  auth: "authorization",
  proof: "models",
  rules: [
    {
      // docs.cohere.com/reference/errors: the key is blocked or the account is banned
      status: 403,
      verdict: "rejected",
      message: "Cohere knows this key but refuses it",
      hint: "see https://dashboard.cohere.com/api-keys",
    },
    {
      // A trial key's monthly calls; docs.cohere.com/docs/rate-limits
      status: 429,
      where: { message: /trial key.*limited to .* calls? ?\/ ?month|monthly/i },
      verdict: "no_quota",
      message: "the key is good, but the calls of its month are used up",
      hint: "see https://dashboard.cohere.com/billing",
    },
  ],
});
