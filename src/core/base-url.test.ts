/** Where a credential may be sent: every form of base URL that is taken, and every one that is not. */
import { describe, expect, test } from "bun:test";
import { DEFAULT_BASE_URL, isLoopback, parseBaseUrl, sameOrigin } from "./base-url.ts";
import { type ErrorCode, GumCredError } from "./errors.ts";

const taken: readonly (readonly [text: string, href: string, origin: string])[] = [
  ["https://api.gumloop.com/api/v1", "https://api.gumloop.com/api/v1", "https://api.gumloop.com"],
  ["https://api.gumloop.com/api/v1/", "https://api.gumloop.com/api/v1", "https://api.gumloop.com"],
  ["https://api.gumloop.com///", "https://api.gumloop.com", "https://api.gumloop.com"],
  ["https://api.gumloop.com", "https://api.gumloop.com", "https://api.gumloop.com"],
  ["HTTPS://API.Gumloop.COM:443/api", "https://api.gumloop.com/api", "https://api.gumloop.com"],
  [
    "https://api.gumloop.com:8443/a%20b",
    "https://api.gumloop.com:8443/a%20b",
    "https://api.gumloop.com:8443",
  ],
  ["https://api.gumloop.com/a/../b", "https://api.gumloop.com/b", "https://api.gumloop.com"],
  ["https://xn--bcher-kva.example", "https://xn--bcher-kva.example", "https://xn--bcher-kva.example"],
  ["https://10.0.0.7/api", "https://10.0.0.7/api", "https://10.0.0.7"],
  ["https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"],
  ["https://localhost:8443/api", "https://localhost:8443/api", "https://localhost:8443"],
  ["http://127.0.0.1:8080/api/v1", "http://127.0.0.1:8080/api/v1", "http://127.0.0.1:8080"],
  ["http://127.255.255.254", "http://127.255.255.254", "http://127.255.255.254"],
  ["http://[::1]:9093/api", "http://[::1]:9093/api", "http://[::1]:9093"],
];

test.each(taken)("%s is taken", (text, href, origin) => {
  expect(parseBaseUrl(text)).toEqual({ href, origin });
});

test("what is taken at once is what a close look takes", () => {
  const parts = [
    "https://",
    "http://",
    "127.0.0.1",
    "a.example",
    ".",
    ":8443",
    ":",
    "@",
    "/api",
    "%20",
    "?",
    "#",
    "\\",
    "é",
  ];
  const pick = (seed: number) => parts[seed % parts.length] ?? "";
  for (let seed = 0; seed < 20_000; seed++) {
    const [scheme, host] = [pick(seed % 2), pick(2 + (Math.floor(seed / 2) % 2))];
    const rest = [28, 392, 5488].map((step) => pick(Math.floor(seed / step))).join("");
    const text = `${scheme}${host}${rest}`;
    // A slash at the end is always looked at closely.
    expect([text, outcome(text)]).toEqual([text, /[?#]/.test(text) ? outcome(text) : outcome(`${text}/`)]);
  }
});

function outcome(text: string): unknown {
  try {
    return parseBaseUrl(text);
  } catch (error) {
    return error instanceof GumCredError ? error.code : error;
  }
}

const refused: Readonly<Record<"E_BASE_URL_REFUSED" | "E_INVALID_VALUE", readonly string[]>> = {
  E_BASE_URL_REFUSED: [
    "http://api.gumloop.com/api/v1",
    "HTTP://api.gumloop.com",
    "http://localhost:8080/api/v1",
    "http://localhost.",
    "http://LOCALHOST",
    "http://0.0.0.0:8080",
    "http://10.0.0.7",
    "http://128.0.0.1",
    "http://127.1",
    "http://127.0.1",
    "http://2130706433",
    "http://0x7f000001",
    "http://0x7f.0.0.1",
    "http://0177.0.0.1",
    "http://127.0.0.01",
    "http://127.0.0.1.",
    "http://127.0.0.1.evil.example",
    "http://127.0.0.1%2e",
    "http://[::ffff:127.0.0.1]",
    "http://[0:0:0:0:0:0:0:1]",
    "http://[::]",
    "http://[::127.0.0.1]",
    "ftp://api.gumloop.com",
    "file:///etc/passwd",
    "ws://127.0.0.1",
    "javascript:alert(1)",
    "data:text/plain,x",
  ],
  E_INVALID_VALUE: [
    "",
    "api.gumloop.com",
    "localhost:8080/api/v1",
    "//api.gumloop.com",
    "/api/v1",
    "https:",
    "https://",
    "https:api.gumloop.com",
    "https:/api.gumloop.com",
    "https:///api.gumloop.com",
    "https://user@api.gumloop.com",
    "https://user:EXAMPLE@api.gumloop.com",
    "https://@api.gumloop.com",
    "https://:@api.gumloop.com",
    "https://api.gumloop.com@evil.example",
    "http://127.0.0.1@evil.example/",
    "https://api.gumloop.com\\@evil.example",
    "https://api.gumloop.com/?",
    "https://api.gumloop.com/?key=EXAMPLE",
    "https://api.gumloop.com#",
    "https://api.gumloop.com/#EXAMPLE",
    " https://api.gumloop.com",
    "https://api.gumloop.com\n",
    "https://api.gum\tloop.com",
    "https://api.gumloop.com/a b",
    "https://api.gumloop.com/\u0000",
    "https://api.gumloop.com.",
    "https://api.gumloop.com./api",
    "https://api。gumloop。com",
    "https://bücher.example",
    "https://gumlооp.com",
    "https://api.gumloop.com\u202e",
    "https://①②⑦.0.0.1",
    "https://2130706433",
    "https://0x7f.1",
    "https://[0:0:0:0:0:0:0:1]",
    "https://api%2egumloop.com",
    "https://[::1%25eth0]/",
    "https://[::1",
    "https://api.gumloop.com:99999",
    "https://api.gumloop.com:8o80",
    "https://api gumloop.com",
  ],
};

for (const [code, texts] of Object.entries(refused)) {
  test.each(texts.map((text) => [text]))(`%j gives ${code}`, (text) => {
    const error = thrown(() => parseBaseUrl(text));
    expect(error.code).toBe(code as ErrorCode);
    expect(error.message).not.toContain("EXAMPLE");
    expect(error.message).toMatch(/^[\x20-\x7e]+$/);
  });
}

test("a host in another form is shown in its plain one", () => {
  expect(thrown(() => parseBaseUrl("https://bücher.example")).message).toContain("non-ASCII");
  expect(thrown(() => parseBaseUrl("https://0x7f.1")).hint).toContain("'127.0.0.1'");
  expect(thrown(() => parseBaseUrl("https://api.gumloop.com.")).hint).toContain("'api.gumloop.com'");
});

test("Gumloop's own base URL is what parsing it gives", () => {
  expect(parseBaseUrl(DEFAULT_BASE_URL.href)).toEqual(DEFAULT_BASE_URL);
});

describe("origins", () => {
  const origin = (text: string) => parseBaseUrl(text);
  test("path, case and the default port do not matter", () => {
    expect(sameOrigin(DEFAULT_BASE_URL, origin("https://API.gumloop.com:443/other"))).toBe(true);
  });
  test.each([
    ["https://api.gumloop.com:8443"],
    ["https://gumloop.com"],
    ["https://api.gumloop.com.evil.example"],
    ["https://xapi.gumloop.com"],
  ])("%s is another place", (text) => {
    expect(sameOrigin(DEFAULT_BASE_URL, origin(text))).toBe(false);
  });
  test("http and https on one host are two places", () => {
    expect(sameOrigin(origin("http://127.0.0.1:80"), origin("https://127.0.0.1:80"))).toBe(false);
  });
});

test("isLoopback knows literal addresses alone", () => {
  for (const host of ["127.0.0.1", "127.0.0.1:80", "127.9.9.9", "[::1]", "[::1]:8765"])
    expect(isLoopback(host)).toBe(true);
  for (const host of [
    "localhost",
    "::1",
    "127.0.0.1.",
    "127.0.0.1.a",
    "a127.0.0.1",
    "[::2]",
    "127.0.0.1:80\n",
    "",
  ]) {
    expect(isLoopback(host)).toBe(false);
  }
});

function thrown(run: () => unknown): GumCredError {
  try {
    run();
  } catch (error) {
    if (error instanceof GumCredError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
