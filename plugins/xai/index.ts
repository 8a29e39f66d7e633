/**
 * xAI (SpaceXAI). Sources: github.com/xai-org/xai-sdk-python src/xai_sdk/client.py (XAI_API_KEY; the API host is an
 * argument, so there is no base-URL variable); docs.x.ai REST reference, `GET /v1/api-key`, which describes the
 * key itself and costs nothing. A bad key is a 400. XAI_MANAGEMENT_KEY is another kind of key.
 */
import { llmProvider } from "../../src/providers/llm.ts";

const CONSOLE = "https://console.x.ai";

export const xai = llmProvider({
  id: "xai",
  title: "xAI",
  aliases: ["grok"],
  variables: ["XAI_API_KEY"],
  hosts: ["api.x.ai"],
  setupUrl: CONSOLE,
  keyShape: { pattern: /^xai-/, usually: "starts with xai-" },
  baseUrlVariable: null,
  baseUrl: "https://api.x.ai/v1",
  path: "/api-key",
  auth: "authorization",
  proof: "redacted_api_key",
  rules: [
    {
      status: 200,
      where: { api_key_blocked: true, api_key_disabled: true, team_blocked: true },
      verdict: "rejected",
      message: "xAI knows this key, but the key is blocked or disabled, or its team is blocked",
      hint: `see ${CONSOLE}`,
    },
    {
      // github.com/continuedev/continue/issues/10778
      status: 400,
      where: { error: /incorrect API key/i },
      verdict: "rejected",
      message: "xAI does not accept this key",
      hint: `check that it was copied whole, or create one at ${CONSOLE}`,
    },
    {
      // github.com/continuedev/continue/issues/12670, github.com/warpdotdev/warp/issues/14868
      status: 403,
      where: { error: /doesn't have any credits|used all available credits|spending limit/i },
      verdict: "no_quota",
      message: "the key is good, but its team has no credit left",
      hint: `see ${CONSOLE}`,
    },
  ],
});
