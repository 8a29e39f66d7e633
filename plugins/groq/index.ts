/**
 * Groq. Sources: github.com/groq/groq-python src/groq/_client.py (GROQ_API_KEY, GROQ_BASE_URL, whose default
 * `https://api.groq.com` has no /openai/v1); console.groq.com/docs/errors and /docs/api-reference#models. Listing
 * models costs nothing. Not to be taken for xAI's Grok.
 */
import { llmProvider } from "../../src/providers/llm.ts";

export const groq = llmProvider({
  id: "groq",
  title: "Groq",
  variables: ["GROQ_API_KEY"],
  hosts: ["api.groq.com"],
  setupUrl: "https://console.groq.com/keys",
  keyShape: { pattern: /^gsk_/, usually: "starts with gsk_" },
  baseUrlVariable: "GROQ_BASE_URL",
  baseUrl: "https://api.groq.com",
  path: "/openai/v1/models",
  auth: "authorization",
  proof: "data",
  rules: [
    {
      // github.com/NVIDIA-NeMo/Guardrails/issues/563
      status: [400, 403],
      where: { "error.code": /^organization_restricted$/ },
      verdict: "rejected",
      message: "Groq has restricted the organisation this key belongs to",
      hint: "ask Groq's support, or use a key of another organisation",
    },
  ],
});
