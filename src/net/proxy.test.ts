/** Requests that a proxy spoils: the proxy is named, and what is wrong with it. */
import { expect, test } from "bun:test";
import { networkFailure } from "./failure.ts";
import { proxyFor } from "./proxy.ts";

const URL_ = new URL("https://api.acme.com/v1");

test.each([
  [{}, null],
  [
    { https_proxy: "http://user:secret-EXAMPLE@proxy.acme:8080/x" },
    ["https_proxy", "http", "proxy.acme:8080"],
  ],
  [{ HTTPS_PROXY: "proxy.acme:8080" }, ["HTTPS_PROXY", "http", "proxy.acme:8080"]],
  [{ https_proxy: "", HTTPS_PROXY: "socks5://127.0.0.1:1080" }, ["HTTPS_PROXY", "socks5", "127.0.0.1:1080"]],
  [{ HTTPS_PROXY: "http://[" }, ["HTTPS_PROXY", "http", "of that variable"]],
  [{ HTTP_PROXY: "http://p" }, null],
  [{ HTTPS_PROXY: "http://p", NO_PROXY: "x, api.acme.com" }, null],
  [{ HTTPS_PROXY: "http://p", NO_PROXY: ".acme.com" }, null],
  [{ HTTPS_PROXY: "http://p", no_proxy: "*" }, null],
  [{ HTTPS_PROXY: "http://p", NO_PROXY: "me.com,,other.acme.com" }, ["HTTPS_PROXY", "http", "p"]],
])("%p", (env: Record<string, string>, expected) => {
  const found = proxyFor(URL_, env);
  expect(found && [found.variable, found.scheme, found.host]).toEqual(expected);
});

test.each([
  [
    "http",
    "ERR_PROXY_TUNNEL",
    "through the proxy p:1 (HTTPS_PROXY): it refused the connection to the server",
  ],
  ["http", "ECONNREFUSED", "through the proxy p:1 (HTTPS_PROXY): the connection was refused"],
  ["http", "ENOTFOUND", "through the proxy p:1 (HTTPS_PROXY): its name cannot be resolved (DNS)"],
  ["socks5", "UnsupportedProxyProtocol", "HTTPS_PROXY names a socks5 proxy, which gum-cred does not support"],
  ["socks5h", "ENOTFOUND", "HTTPS_PROXY names a socks5h proxy, which gum-cred does not support"],
])("a %s proxy and %s", (scheme, code, words) => {
  const error = Object.assign(new Error(), { code });
  const { message, exitCode } = networkFailure(error, "api.acme.com/v1", {
    variable: "HTTPS_PROXY",
    scheme,
    host: "p:1",
  });
  expect(message).toContain(words);
  expect(exitCode).toBe(5);
});

test("a proxy is not blamed for the server's certificate", () => {
  const error = Object.assign(new Error(), { code: "CERT_HAS_EXPIRED" });
  const proxy = { variable: "HTTPS_PROXY", scheme: "http", host: "p:1" };
  expect(networkFailure(error, "api.acme.com/v1", proxy).message).toContain("it has expired");
});
