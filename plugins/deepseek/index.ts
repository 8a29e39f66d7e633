/**
 * DeepSeek. Sources: api-docs.deepseek.com/api/get-user-balance and /quick_start/error_codes; the variable is the
 * convention of github.com/vercel/ai packages/deepseek. DeepSeek has no SDK of its own, so there is no base-URL
 * variable. Asking for the balance costs nothing and says whether the key can be used at all.
 */
import { llmProvider } from "../../src/providers/llm.ts";

export const deepseek = llmProvider({
  id: "deepseek",
  title: "DeepSeek",
  variables: ["DEEPSEEK_API_KEY"],
  hosts: ["api.deepseek.com"],
  setupUrl: "https://platform.deepseek.com/api_keys",
  keyShape: { pattern: /^sk-(?!ant-|or-|proj-)/, usually: "starts with sk-" },
  baseUrlVariable: null,
  baseUrl: "https://api.deepseek.com",
  path: "/user/balance",
  auth: "authorization",
  proof: "is_available",
  rules: [
    {
      status: 200,
      where: { is_available: false },
      verdict: "no_quota",
      message: "the key is good, but its account has no balance left",
      hint: "see https://platform.deepseek.com/top_up",
    },
  ],
});
