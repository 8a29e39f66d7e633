/**
 * Perplexity. Sources: github.com/perplexityai/perplexity-py src/perplexity/_client.py (PERPLEXITY_API_KEY,
 * PERPLEXITY_BASE_URL, whose default `https://api.perplexity.ai` has no version); LangChain's client reads PPLX_API_KEY.
 * The SDK's api.md lists no request that is free: every one searches or generates. So keys are not verified.
 */
import { llmProvider } from "../../src/providers/llm.ts";

export const perplexity = llmProvider({
  id: "perplexity",
  title: "Perplexity",
  variables: ["PERPLEXITY_API_KEY", "PPLX_API_KEY"],
  hosts: ["api.perplexity.ai"],
  setupUrl: "https://www.perplexity.ai/settings/api",
  // github.com/gitleaks/gitleaks config/gitleaks.toml
  keyShape: { pattern: /^pplx-/, usually: "starts with pplx-" },
  baseUrlVariable: "PERPLEXITY_BASE_URL",
  baseUrl: "https://api.perplexity.ai",
  path: null,
  auth: "authorization",
  proof: "data",
  rules: [],
});
