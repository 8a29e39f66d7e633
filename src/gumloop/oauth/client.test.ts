/** Where the authorization server is: the base URL without its final /api/v1, prefix included. */
import { expect, test } from "bun:test";
import { parseBaseUrl } from "../../core/base-url.ts";
import { endpoint } from "./client.ts";

test.each([
  ["https://api.gumloop.com/api/v1", "https://api.gumloop.com/oauth/token"],
  ["https://api.gumloop.com/api/v1/", "https://api.gumloop.com/oauth/token"],
  ["https://gw.acme.example/gum/api/v1", "https://gw.acme.example/gum/oauth/token"],
  ["https://gw.acme.example/api/v1/gum/api/v1", "https://gw.acme.example/api/v1/gum/oauth/token"],
  ["https://gw.acme.example/gum", "https://gw.acme.example/gum/oauth/token"],
  ["https://gw.acme.example/myapi/v1", "https://gw.acme.example/myapi/v1/oauth/token"],
  ["https://gw.acme.example", "https://gw.acme.example/oauth/token"],
  ["http://127.0.0.1:8080/api/v1", "http://127.0.0.1:8080/oauth/token"],
])("%s has %s", (baseUrl, url) => {
  expect(endpoint(parseBaseUrl(baseUrl), "token")).toBe(url);
});
