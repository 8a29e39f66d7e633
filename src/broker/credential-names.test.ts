/** Which names carry a credential. What clients legitimately send: the SDKs' own sources, and what they document. */
import { expect, test } from "bun:test";
import { isCredentialHeader, isCredentialProtocol, isCredentialQuery } from "./credential-names.ts";

const words = (text: string) => text.trim().split(/\s+/);

test.each(
  words(`
    authorization cookie api-key apikey x-api-key x-apikey x-goog-api-key openai-api-key anthropic-api-key
    x-openai-api-key x-portkey-api-key xi-api-key authentication x-authorization x-forwarded-authorization
    x-serverless-authorization cf-aig-authorization helicone-auth x-auth-key x-auth-token x-access-token
    x-amz-security-token x-goog-iam-authorization-token private-token token x-token job-token authtoken x-bearer-token x-refresh-token x-id-token
    subscription-key ocp-apim-subscription-key x-secret-key cf-access-client-secret cf-access-jwt-assertion dpop`),
)("%s is a credential", (name) => expect(isCredentialHeader(name)).toBe(true));

test.each(
  words(`
    accept content-type content-length user-agent idempotency-key x-idempotency-key x-stainless-idempotency-key
    anthropic-version anthropic-beta anthropic-dangerous-direct-browser-access x-app x-claude-code-session-id
    x-stainless-lang x-stainless-package-version x-stainless-retry-count x-stainless-timeout x-stainless-helper-method
    openai-organization openai-project openai-beta openai-safety-identifier x-client-request-id session_id
    conversation_id originator chatgpt-account-id x-codex-turn-metadata x-goog-api-client x-goog-user-project
    x-goog-request-params x-goog-upload-protocol x-goog-upload-offset x-server-timeout x-api-version
    x-max-tokens max-tokens x-ratelimit-limit-tokens anthropic-ratelimit-tokens-limit http-referer x-title
    x-grok-conv-id x-session-affinity traceparent baggage x-request-id helicone-property-app helicone-cache-key
    x-portkey-provider x-author if-none-match
    x-prompt-cache-isolation-key x-batch-key x-public-key x-shard-key x-next-page-token continuation-token
    x-idempotency-token ai-gateway-auth-method x-auth-provider x-auth-request-id x-credential-source-type x-sync-token
    x-secret-name`),
)("%s is none", (name) => expect(isCredentialHeader(name)).toBe(false));

test.each(["Bearer abc", "bearer abc", "Basic YTpi"])("%s is a credential under any name", (value) =>
  expect([isCredentialHeader("x-upstream", value), isCredentialHeader("x-note", `no ${value}`)]).toEqual([
    true,
    false,
  ]),
);

test.each(
  words("key api_key apiKey api-key access_token token auth_token subscription-key x-api-key authorization"),
)("the parameter %s is a credential", (name) => expect(isCredentialQuery(name)).toBe(true));

test.each(
  words("pageToken page_token next_token max_tokens alt model api-version limit after key_id keywords"),
)("the parameter %s is none", (name) => expect(isCredentialQuery(name)).toBe(false));

test("subprotocols", () => {
  expect(["openai-insecure-api-key.x", "xai-client-secret.x"].every(isCredentialProtocol)).toBe(true);
  expect(["realtime", "openai-beta.realtime-v1", "openai-organization.org"].some(isCredentialProtocol)).toBe(
    false,
  );
});
