/**
 * Together AI. Sources: github.com/togethercomputer/together-py src/together/_client.py (TOGETHER_API_KEY,
 * TOGETHER_BASE_URL, whose default `https://api.together.xyz/v1` includes /v1); docs.together.ai/reference/models-1,
 * whose answer is a bare list, and /docs/error-codes. Listing models costs nothing.
 */
import { llmProvider } from "../../src/providers/llm.ts";

export const together = llmProvider({
  id: "together",
  title: "Together AI",
  variables: ["TOGETHER_API_KEY"],
  hosts: ["api.together.xyz"],
  setupUrl: "https://api.together.ai/settings/api-keys",
  keyShape: null,
  baseUrlVariable: "TOGETHER_BASE_URL",
  baseUrl: "https://api.together.xyz/v1",
  path: "/models",
  auth: "authorization",
  proof: "id",
  rules: [],
});
