/**
 * Mistral AI. Sources: github.com/mistralai/client-python src/mistralai/client/sdk.py and
 * .../utils/security.py (MISTRAL_API_KEY; the server is an argument, so there is no base-URL variable);
 * docs.mistral.ai/api, `GET /v1/models`, which costs nothing.
 */
import { llmProvider } from "../../src/providers/llm.ts";

export const mistral = llmProvider({
  id: "mistral",
  title: "Mistral AI",
  variables: ["MISTRAL_API_KEY"],
  hosts: ["api.mistral.ai"],
  setupUrl: "https://console.mistral.ai/api-keys",
  keyShape: null,
  baseUrlVariable: null,
  baseUrl: "https://api.mistral.ai/v1",
  path: "/models",
  auth: "authorization",
  proof: "data",
  rules: [],
});
