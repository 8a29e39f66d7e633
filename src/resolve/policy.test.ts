/** The policy file: its published schema, and every problem at once with its path. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { policyJsonSchema } from "../../scripts/schemas.ts";
import { parsePolicy, policyProblems } from "./policy-schema.ts";

const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

test("docs/policy.schema.json is the schema that is used (bun scripts/schemas.ts)", () => {
  const published = JSON.parse(readFileSync("docs/policy.schema.json", "utf8"));
  expect(published).toEqual(JSON.parse(JSON.stringify(policyJsonSchema())));
});

test("the example in docs/policy.md is a valid policy", () => {
  const example = /```json\n([\s\S]*?)```/.exec(readFileSync("docs/policy.md", "utf8"))?.[1] ?? "";
  const policy = parsePolicy(new TextEncoder().encode(example), "example");
  expect([...policy.providers.keys()]).toEqual(["openai", "anthropic", "google", "xai", "deepseek"]);
  expect(policy.teams.get("team_4f8c92ab")?.get("fireworks")?.kind).toBe("source");
});

test("every policy in docs/policy.md is valid, and its vendors are the ones that have federation", () => {
  const blocks = [...readFileSync("docs/policy.md", "utf8").matchAll(/```json\n([\s\S]*?)```/g)];
  const policies = blocks.map(([, text = ""]) => parsePolicy(new TextEncoder().encode(text), "example"));
  expect(policies.length).toBe(3);
  expect([...(policies[2]?.providers.keys() ?? [])]).toEqual(["openai", "anthropic", "openrouter"]);
});

describe("problems are named with their JSON path, all of them", () => {
  const provider = (rule: unknown) => ({ version: 1, providers: { openai: rule } });
  const cases: [value: unknown, paths: string[]][] = [
    [{ version: 1 }, []],
    [{}, ["$.version"]],
    [{ version: "1", organisation: {} }, ["$.version", "$.organisation"]],
    [provider({}), ["$.providers.openai"]],
    [provider({ deny: "yes" }), ["$.providers.openai.deny"]],
    [provider({ source: {} }), ["$.providers.openai.source"]],
    [provider({ source: { command: [] } }), ["$.providers.openai.source.command"]],
    [provider({ source: { command: ["vault"] } }), ["$.providers.openai.source.command[0]"]],
    [provider({ source: { command: ["/v"], timeout_ms: 0 } }), ["$.providers.openai.source.timeout_ms"]],
    [provider({ source: { file: "relative" } }), ["$.providers.openai.source.file"]],
    [provider({ source: { env: "A-B" } }), ["$.providers.openai.source.env"]],
    [provider({ source: { keychain: false } }), ["$.providers.openai.source.keychain"]],
    [{ version: 1, providers: { "Open AI": { deny: true } } }, ['$.providers["Open AI"]']],
    [{ version: 1, teams: { t: { providers: { xai: { deny: 1 } } } } }, ["$.teams.t.providers.xai.deny"]],
  ];
  for (const [value, paths] of cases) {
    test(JSON.stringify(value), () => {
      const found = policyProblems(bytes(value)).map(({ path }) => path);
      for (const path of paths) expect(found.some((one) => one.startsWith(path))).toBe(true);
      expect(found.length > 0).toBe(paths.length > 0);
    });
  }
  test("what is not JSON", () => {
    const text = '{\n  "version": 1,\n}';
    expect(policyProblems(new TextEncoder().encode(text))).toEqual([
      { path: "$", message: "is not JSON: line 3, column 1: no comma may stand before '}'" },
    ]);
  });
});
