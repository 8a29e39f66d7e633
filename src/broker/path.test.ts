import { expect, test } from "bun:test";
import { upstreamUrl } from "./path.ts";
import { traitsOf } from "./traits.ts";

const BASES: Readonly<Record<string, string>> = {
  openai: "https://api.openai.com/v1",
  anthropic: "https://api.anthropic.com",
  google: "https://generativelanguage.googleapis.com",
  deepseek: "https://api.deepseek.com",
  fireworks: "https://api.fireworks.ai",
  gumloop: "https://api.gumloop.com/api/v1",
  "gumloop-openai": "https://ws.gumloop.com/api/v1",
  mistral: "https://api.mistral.ai/v1",
  xai: "https://llm.acme.internal/x",
  proxied: "https://llm.acme.internal/openai",
};

test.each([
  ["openai", "/v1/chat/completions", "https://api.openai.com/v1/chat/completions"],
  ["openai", "/chat/completions", "https://api.openai.com/v1/chat/completions"],
  ["openai", "/v1/v1/responses", "https://api.openai.com/v1/responses"],
  ["openai", "//v1//responses", "https://api.openai.com/v1/responses"],
  ["anthropic", "/v1/messages", "https://api.anthropic.com/v1/messages"],
  ["anthropic", "/messages", "https://api.anthropic.com/v1/messages"],
  ["anthropic", "/v1/v1/messages", "https://api.anthropic.com/v1/messages"],
  ["anthropic", "/api/hello", "https://api.anthropic.com/api/hello"],
  [
    "google",
    "/v1beta/models/g:generateContent",
    "https://generativelanguage.googleapis.com/v1beta/models/g:generateContent",
  ],
  ["google", "/v1/models", "https://generativelanguage.googleapis.com/v1/models"],
  ["google", "/models", "https://generativelanguage.googleapis.com/v1beta/models"],
  ["google", "/v1beta/v1beta/models", "https://generativelanguage.googleapis.com/v1beta/models"],
  ["google", "/upload/v1beta/files", "https://generativelanguage.googleapis.com/upload/v1beta/files"],
  ["deepseek", "/chat/completions", "https://api.deepseek.com/chat/completions"],
  ["deepseek", "/v1/v1/models", "https://api.deepseek.com/v1/models"],
  ["deepseek", "/anthropic/v1/messages", "https://api.deepseek.com/anthropic/v1/messages"],
  ["fireworks", "/v1/v1/chat/completions", "https://api.fireworks.ai/v1/chat/completions"],
  ["fireworks", "/inference/v1/chat/completions", "https://api.fireworks.ai/inference/v1/chat/completions"],
  ["gumloop", "/models", "https://api.gumloop.com/api/v1/models"],
  ["gumloop", "/v1/models", "https://api.gumloop.com/api/v1/models"],
  ["gumloop", "/api/v1/models", "https://api.gumloop.com/api/v1/models"],
  ["gumloop-openai", "/v1/chat/completions", "https://ws.gumloop.com/api/v1/chat/completions"],
  ["gumloop-openai", "/chat/completions", "https://ws.gumloop.com/api/v1/chat/completions"],
  ["mistral", "/chat/completions", "https://api.mistral.ai/v1/chat/completions"],
  ["mistral", "/v1/chat/completions", "https://api.mistral.ai/v1/chat/completions"],
  ["xai", "/v1/responses", "https://llm.acme.internal/x/responses"],
  ["xai", "/responses", "https://llm.acme.internal/x/responses"],
  ["proxied", "/chat/completions", "https://llm.acme.internal/openai/chat/completions"],
  ["proxied", "/v1/chat/completions", "https://llm.acme.internal/openai/v1/chat/completions"],
])("%s %s", (route, path, wanted) => {
  expect(upstreamUrl(BASES[route] ?? "", path, "?a=b", traitsOf(route, []))).toBe(`${wanted}?a=b`);
});
