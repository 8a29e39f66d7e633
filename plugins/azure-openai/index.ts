/**
 * Azure OpenAI. Sources: github.com/openai/openai-python src/openai/lib/azure.py (AZURE_OPENAI_AD_TOKEN before
 * AZURE_OPENAI_API_KEY, AZURE_OPENAI_ENDPOINT, OPENAI_API_VERSION); github.com/vercel/ai packages/azure
 * (AZURE_API_KEY); learn.microsoft.com/rest/api/azureopenai/models/list, which costs nothing. Every resource has a
 * host of its own, so a key without its endpoint says nothing.
 */
import { llmProvider } from "../../src/providers/llm.ts";

export const azureOpenai = llmProvider({
  id: "azure-openai",
  title: "Azure OpenAI",
  aliases: ["azure"],
  variables: ["AZURE_OPENAI_API_KEY", "AZURE_API_KEY"],
  // An Entra ID token; the SDK sends it in place of the key.
  shadowing: ["AZURE_OPENAI_AD_TOKEN"],
  companions: [
    {
      name: "endpoint",
      variables: ["AZURE_OPENAI_ENDPOINT"],
      // http to this machine alone, as for every base URL
      pattern:
        /^(?:https:\/\/[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|http:\/\/127\.0\.0\.1)(?::\d+)?(?:\/[\w.~/-]*)?$/,
      example: "https://example.openai.azure.com",
    },
    {
      name: "api_version",
      variables: ["OPENAI_API_VERSION"],
      pattern: /^(?:\d{4}-\d{2}-\d{2}(?:-preview)?|v1|preview|latest)$/,
      example: "2024-10-21",
    },
  ],
  hosts: ["*.openai.azure.com", "*.cognitiveservices.azure.com", "*.services.ai.azure.com"],
  setupUrl: "https://portal.azure.com",
  keyShape: null,
  baseUrlVariable: "AZURE_OPENAI_ENDPOINT",
  baseUrl: "{endpoint}",
  path: "/openai/models?api-version=2024-10-21",
  auth: "api-key",
  proof: "data",
  rules: [
    {
      status: [401, 403],
      where: { "error.code": /^AuthenticationTypeDisabled$/, "error.message": /key based authentication/i },
      verdict: "rejected",
      message: "this resource accepts no keys, only Entra ID tokens",
      hint: "allow keys in the resource's settings, or sign in with Entra ID instead",
    },
    {
      status: 403,
      where: { "error.message": /virtual network|firewall|public access is disabled|private endpoint/i },
      verdict: "unverifiable",
      message: "the resource does not answer this machine's network",
      hint: "verify the key from where it will be used",
    },
  ],
});
