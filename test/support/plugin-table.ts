/**
 * The table of tests every LLM vendor passes: its own real answers, row by row, and what holds for all of
 * them. A plugin's test file is one call of {@link testVendor}.
 */
import { describe, expect, test } from "bun:test";
import { reveal, secret } from "../../src/core/secret.ts";
import type { Answer, Provider, Verdict } from "../../src/providers/contract.ts";

/** What it is, the status, the body (JSON, or text as it comes), the verdict, and what the message says. */
export type Row = readonly [
  about: string,
  status: number,
  body: unknown,
  verdict: Verdict,
  says?: string | RegExp,
];

const PORTAL = "<!DOCTYPE html><html><title>Welcome to Airport Wi-Fi</title></html>";

/** No vendor's: these read the same for everyone. */
const EVERYWHERE: readonly Row[] = [
  ["a captive portal", 200, PORTAL, "unreachable", "web page"],
  ["a filter's page in place of a refusal", 403, PORTAL, "unreachable", "web page"],
  ["a redirect", 302, "", "unreachable", "never followed"],
  ["a rate limit", 429, { error: { code: "rate_limit_exceeded", message: "Slow down" } }, "unreachable"],
  ["an overloaded server", 503, "upstream connect error", "unreachable"],
  ["a proxy's page in place of an error", 502, "<html>Bad Gateway</html>", "unreachable"],
  ["a proxy's time-out", 408, "", "unreachable"],
  ["another API's success", 200, { hello: "world" }, "unverifiable", "not"],
  ["an empty success", 200, "", "unverifiable"],
  ["a wrong path", 404, { error: { message: "Not Found" } }, "unverifiable", "Not Found"],
  ["a refusal without a reason", 401, "", "rejected"],
  ["a megabyte of words", 401, { error: { message: "IP ".repeat(330_000) } }, "rejected"],
  ["a body of brackets", 200, "[".repeat(100_000) + "]".repeat(100_000), "unverifiable"],
];

/** What is told by the body alone, which a manifest does not look into. */
const BY_BODY = new Set(["another API's success", "an empty success", "a body of brackets"]);

/** `key` is a fake of the usual shape, with EXAMPLE in it. */
export function testVendor(provider: Provider, key: string, rows: readonly Row[]): void {
  testProvider(provider, key, [...rows, ...EVERYWHERE]);
}

/** The same for a provider that a manifest describes: it tells by the status alone, and says less. */
export function testManifest(provider: Provider, key: string, rows: readonly Row[]): void {
  const everywhere = EVERYWHERE.filter(([about]) => !BY_BODY.has(about)).map(
    ([about, status, body, verdict]): Row => [about, status, body, verdict],
  );
  testProvider(provider, key, [...rows, ...everywhere]);
}

function testProvider(provider: Provider, key: string, rows: readonly Row[]): void {
  const credential = { method: "api_key", value: secret(key), userId: null } as const;

  describe(provider.title, () => {
    for (const [about, status, body, verdict, says] of rows) {
      test(`${about} (${status})`, () => {
        const assessment = provider.judge(answer(status, body), credential);
        expect(assessment).toMatchObject({ verdict });
        if (says !== undefined) expect(assessment.message).toMatch(says);
        expectNothingOf(key, `${assessment.message} ${assessment.hint}`);
        if (verdict === "rejected") expect(assessment.hint).not.toBeNull();
      });
    }

    test("its companions are settings that people can be told of, and without them nothing is sent", () => {
      for (const { name, variables, pattern, example } of provider.companions ?? []) {
        expect(name).toMatch(/^[a-z][a-z_]*$/);
        expect(variables.every((variable) => /^[A-Z][A-Z0-9_]*$/.test(variable))).toBe(true);
        expect(example).toMatch(pattern);
        expect("with blank\nand $(command)").not.toMatch(pattern);
      }
      const alone = provider.unverifiable?.({ baseUrl: null, teamId: null }) ?? null;
      if (alone === null) return;
      expect(alone).toMatchObject({ verdict: "unverifiable", hint: expect.any(String) });
      expect(() => provider.verification(credential, { baseUrl: null, teamId: null })).toThrow();
    });

    test("its facts fit together", () => {
      const scope = { baseUrl: null, teamId: null, companions: examples(provider) };
      if (provider.unverifiable?.(scope)) return; // nothing of it is free, and its companions are all there
      const { url, headers } = provider.verification(credential, scope);
      const variables = provider.methods.flatMap((method) => method.variables);
      expect(provider.id).toMatch(/^[a-z0-9][a-z0-9-]*$/);
      expect(variables.every((name) => /^[A-Z][A-Z0-9_]*$/.test(name))).toBe(true);
      expect(variables).toContain(provider.exported);
      expect(url).toStartWith("https://");
      const { hostname } = new URL(url);
      expect(provider.hosts.some((host) => covers(host, hostname))).toBe(true);
      expect(provider.setupUrl).toStartWith("https://");
      // .invalid is what scripts/new-plugin.ts writes where a fact is still missing.
      expect([url, provider.setupUrl, ...provider.hosts].join(" ")).not.toContain(".invalid");
      expect(url).not.toContain(key);
      expect(headers.filter(({ value }) => reveal(value).includes(key))).toHaveLength(1);
      expect(headers).toEqual(provider.headers(credential));
      expect(provider.keyHint?.(secret(key)) ?? null).toBeNull();
    });
  });
}

function examples({ companions = [] }: Provider): ReadonlyMap<string, string> {
  return new Map(companions.map(({ name, example }) => [name, example]));
}

/** Whether a host of a provider's list is this one; `*` stands for one label. */
function covers(listed: string, hostname: string): boolean {
  const parts = listed.split(".");
  const labels = hostname.split(".");
  return parts.length === labels.length && parts.every((part, at) => part === "*" || part === labels[at]);
}

/** No six characters in a row of the key stand in the text. */
export function expectNothingOf(key: string, text: string): void {
  for (let at = 0; at + 6 <= key.length; at++) {
    expect(text.toLowerCase()).not.toContain(key.slice(at, at + 6).toLowerCase());
  }
}

function answer(status: number, body: unknown): Answer {
  if (typeof body !== "string") {
    return { status, contentType: "application/json; charset=utf-8", body: JSON.stringify(body) };
  }
  return { status, contentType: body.startsWith("<") ? "text/html" : "text/plain", body };
}
