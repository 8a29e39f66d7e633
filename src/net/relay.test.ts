import { expect, test } from "bun:test";
import { proxyFor } from "./relay.ts";

const PROXY = "http://proxy.example:3128";
test.each([
  ["https://api.openai.com/v1", { HTTPS_PROXY: PROXY }, PROXY],
  ["https://api.openai.com/v1", { https_proxy: PROXY, HTTPS_PROXY: "http://other" }, PROXY],
  ["https://api.openai.com/v1", { HTTP_PROXY: PROXY }, null],
  ["https://api.openai.com/v1", { HTTPS_PROXY: PROXY, NO_PROXY: "x.example, .openai.com" }, null],
  ["https://api.openai.com/v1", { HTTPS_PROXY: PROXY, NO_PROXY: "api.openai.com" }, null],
  ["https://api.openai.com/v1", { HTTPS_PROXY: PROXY, no_proxy: "*" }, null],
  ["https://notopenai.com/v1", { HTTPS_PROXY: PROXY, NO_PROXY: "openai.com" }, PROXY],
  ["https://127.0.0.1/v1", { HTTPS_PROXY: PROXY }, null],
  ["https://api.openai.com/v1", {}, null],
])("%s with %j", (url, env, wanted) => {
  expect(proxyFor(new URL(url), env)).toBe(wanted);
});
