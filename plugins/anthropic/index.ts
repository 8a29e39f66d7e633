/**
 * Anthropic. Sources: github.com/anthropics/anthropic-sdk-python src/anthropic/_client.py (ANTHROPIC_API_KEY goes
 * out as x-api-key; ANTHROPIC_BASE_URL, whose default `https://api.anthropic.com` has no /v1);
 * platform.claude.com/docs/en/api/errors and /api/models/list. Listing models costs nothing.
 * ANTHROPIC_AUTH_TOKEN is a bearer token of another kind, so it is not this provider's key.
 */
import { llmProvider } from "../../src/providers/llm.ts";

export const anthropic = llmProvider({
  id: "anthropic",
  title: "Anthropic",
  aliases: ["claude"],
  variables: ["ANTHROPIC_API_KEY"],
  // Sent beside the key, and preferred by Claude Code: code.claude.com/docs/en/authentication.
  shadowing: ["ANTHROPIC_AUTH_TOKEN"],
  // A token in exchange for a workload's identity: platform.claude.com/docs/en/build-with-claude/workload-identity.
  bearer: {
    variable: "ANTHROPIC_AUTH_TOKEN",
    // Without the blank that shells would have to quote; the SDKs trim both sides of the colon.
    headers: { variable: "ANTHROPIC_CUSTOM_HEADERS", value: "anthropic-beta:oauth-2025-04-20" },
    requestHeaders: { "anthropic-beta": "oauth-2025-04-20" },
  },
  hosts: ["api.anthropic.com"],
  setupUrl: "https://console.anthropic.com/settings/keys",
  // sk-ant-admin… administers, sk-ant-oat… is a login token: neither calls models as an API key.
  keyShape: { pattern: /^sk-ant-api/, usually: "starts with sk-ant-api" },
  baseUrlVariable: "ANTHROPIC_BASE_URL",
  baseUrl: "https://api.anthropic.com",
  path: "/v1/models?limit=1",
  auth: "x-api-key",
  fixedHeaders: { "anthropic-version": "2023-06-01" },
  proof: "data",
  rules: [
    {
      // github.com/anthropics/claude-code/issues/4207 and /38035
      status: [400, 403, 429],
      where: { "error.message": /credit balance is too low|API usage limits|spend limit/i },
      verdict: "no_quota",
      message: "the key is good, but its account has no credit left or has reached its limit",
      hint: "see https://console.anthropic.com/settings/billing",
    },
    {
      // github.com/anthropics/claude-code/issues/72457
      status: 400,
      where: { "error.message": /organization has been disabled/i },
      verdict: "rejected",
      message: "the organisation this key belongs to has been disabled",
      hint: "ask Anthropic's support, or use a key of another organisation",
    },
    {
      // "Your API key does not have permission to use the specified resource." Regional blocks say `forbidden`.
      status: 403,
      where: { "error.type": /^permission_error$/ },
      verdict: "restricted",
      message: "the key works, but it may not list models",
      hint: "check the key's workspace and permissions",
    },
  ],
});
