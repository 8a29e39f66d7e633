/**
 * Google AI (Gemini). Sources: github.com/googleapis/python-genai google/genai/_api_client.py (GOOGLE_API_KEY wins
 * over GEMINI_API_KEY) and _base_url.py (GOOGLE_GEMINI_BASE_URL, to which the SDK adds /v1beta itself);
 * ai.google.dev/gemini-api/docs/api-key; the reasons are google.api.ErrorReason
 * (github.com/googleapis/googleapis google/api/error_reason.proto). Listing models costs nothing.
 */
import { llmProvider } from "../../src/providers/llm.ts";

const REASON = "error.details.reason";
const MESSAGE = "error.message";
const SETUP = "https://aistudio.google.com/apikey";

export const google = llmProvider({
  id: "google",
  title: "Google AI",
  aliases: ["gemini"],
  variables: ["GOOGLE_API_KEY", "GEMINI_API_KEY"],
  hosts: ["generativelanguage.googleapis.com"],
  setupUrl: SETUP,
  keyShape: { pattern: /^(?:AQ\.|AIza)/, usually: "starts with AQ. or, an older one, with AIza" },
  baseUrlVariable: "GOOGLE_GEMINI_BASE_URL",
  baseUrl: "https://generativelanguage.googleapis.com",
  path: "/v1beta/models?pageSize=1",
  auth: "x-goog-api-key",
  proof: "models",
  rules: [
    {
      status: 400,
      where: { [MESSAGE]: /API key expired/i, [REASON]: /^API_KEY_EXPIRED$/ },
      verdict: "rejected",
      message: "this key has expired",
      hint: `create a new one at ${SETUP}`,
    },
    {
      status: 400,
      where: { [REASON]: /^API_KEY_INVALID$/, [MESSAGE]: /API key not valid/i },
      verdict: "rejected",
      message: "Google AI does not know this key",
      hint: `check that it was copied whole, or create one at ${SETUP}`,
    },
    {
      // Standard keys without restrictions since 19 June 2026; the vendor's own text speaks of OAuth and misleads.
      status: 401,
      where: { [REASON]: /^ACCESS_TOKEN_TYPE_UNSUPPORTED$/, [MESSAGE]: /Expected OAuth 2 access token/ },
      verdict: "rejected",
      message: "Google AI no longer accepts keys of this older kind",
      hint: `create a new one at ${SETUP}`,
    },
    {
      // github.com/continuedev/continue/issues/10902 (echoes the key) and /10513
      status: 403,
      where: {
        [REASON]: /^CONSUMER_SUSPENDED$/,
        [MESSAGE]: /reported as leaked|project has been denied access/i,
      },
      verdict: "rejected",
      message: "Google has shut this key or its project off",
      hint: `create a new key at ${SETUP}; one that leaked must not be used again`,
    },
    {
      status: 403,
      where: { [REASON]: /^BILLING_DISABLED$/ },
      verdict: "no_quota",
      message: "the key is good, but its project has no billing",
    },
    {
      status: 403,
      where: { [REASON]: /^(?:API_KEY_\w+_BLOCKED|SERVICE_DISABLED)$/ },
      verdict: "restricted",
      message: "the key is real, but its restrictions or its project keep it from this API or this machine",
      hint: "see https://console.cloud.google.com/apis/credentials",
    },
    {
      status: 429,
      where: { [MESSAGE]: /exceeded your current quota/i },
      verdict: "no_quota",
      message: "the key is good, but its quota is used up",
    },
  ],
});
