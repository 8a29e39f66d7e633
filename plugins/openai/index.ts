/**
 * OpenAI. Sources: github.com/openai/openai-python src/openai/_client.py (OPENAI_API_KEY, OPENAI_BASE_URL, whose
 * default `https://api.openai.com/v1` includes /v1); developers.openai.com/docs/guides/error-codes;
 * github.com/gitleaks/gitleaks config/gitleaks.toml (key shapes). Listing models costs nothing.
 * OPENAI_ADMIN_KEY is another kind of key, for administration only.
 */
import { llmProvider } from "../../src/providers/llm.ts";

export const openai = llmProvider({
  id: "openai",
  title: "OpenAI",
  aliases: ["gpt"],
  variables: ["OPENAI_API_KEY"],
  hosts: ["api.openai.com"],
  setupUrl: "https://platform.openai.com/api-keys",
  keyShape: { pattern: /^sk-(?!ant-|or-)/, usually: "starts with sk-" },
  baseUrlVariable: "OPENAI_BASE_URL",
  baseUrl: "https://api.openai.com/v1",
  path: "/models",
  auth: "authorization",
  proof: "data",
  rules: [
    {
      // A restricted key without "Models: Read". Seen with 401 too: github.com/microsoft/PowerToys/issues/32989.
      status: [401, 403],
      where: { "error.message": /missing scopes/i, error: /missing scopes/i },
      verdict: "restricted",
      message: "the key works, but its permissions do not include listing models",
      hint: "nothing to do, unless your programs need more than the key's permissions allow",
    },
    {
      status: 401,
      where: { "error.code": /ip_not_authorized/, "error.message": /\bIP\b.*\bnot authorized/i },
      verdict: "restricted",
      message: "OpenAI knows this key, but not from this machine's address",
      hint: "ask your organisation to add the address to its IP allowlist",
    },
    {
      status: 403,
      where: { "error.code": /unsupported_country_region_territory/ },
      verdict: "unverifiable",
      message: "OpenAI does not serve this country, region or territory",
      hint: "verify the key from where it will be used",
    },
    {
      // Codes of the error-codes page; rate_limit_exceeded is none of them.
      status: 429,
      where: {
        "error.type": /insufficient_quota/,
        "error.code": /credit_balance_exhausted|(?:spend|usage)_limit_exceeded/,
      },
      verdict: "no_quota",
      message: "the key is good, but its account has no credit left or has reached its limit",
      hint: "see https://platform.openai.com/settings/organization/billing",
    },
  ],
});
