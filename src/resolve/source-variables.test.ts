import { expect, test } from "bun:test";
import { type ConfiguredSource, NO_POLICY, type ProviderRule } from "./policy.ts";
import { sourceVariables } from "./source-variables.ts";
import type { TokenSupplier } from "./sources/federation/settings.ts";
import type { VaultAuth } from "./sources/vault/settings.ts";

const vault = (auth: VaultAuth): ConfiguredSource => ({
  kind: "vault",
  vault: {
    ...{ address: "https://vault.example", mount: "secret", path: "llm", field: "key", version: 2, auth },
    ...{ namespace: null, caFile: null },
  },
});
const federation = (token: TokenSupplier): ConfiguredSource => ({
  kind: "federation",
  federation: { provider: "openai", ids: {}, token, tokenUrl: null },
});
const actions: TokenSupplier = { kind: "github_actions", audience: null };
const rule = (source: ConfiguredSource): ProviderRule => ({ kind: "source", source });
const VAULT = ["VAULT_TOKEN", "BAO_TOKEN"];
const ACTIONS = ["ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL"];

test.each<[string, ConfiguredSource, readonly string[]]>([
  ["a variable", { kind: "policy-variable", variable: "ACME_KEY" }, ["ACME_KEY"]],
  ["Vault's token", vault({ kind: "token_env", variable: "ACME_TOKEN" }), [...VAULT, "ACME_TOKEN"]],
  ["Vault by other ways", vault({ kind: "token_file", path: null }), VAULT],
  [
    "Vault by an identity",
    vault({ kind: "jwt", role: "r", mount: "jwt", token: actions }),
    [...VAULT, ...ACTIONS],
  ],
  ["an identity", federation(actions), ACTIONS],
  ["an identity in a file", federation({ kind: "file", path: "/x" }), []],
  ["a command", { kind: "command", argv: ["/bin/x"] }, []],
])("%s", (_what, source, wanted) => {
  expect(sourceVariables({ ...NO_POLICY, providers: new Map([["openai", rule(source)]]) })).toEqual(wanted);
});

test("every team's and the system's own count", () => {
  const variable = (name: string) =>
    new Map([["openai", rule({ kind: "policy-variable" as const, variable: name })]]);
  const policy = {
    ...NO_POLICY,
    teams: new Map([["a", variable("A")]]),
    system: { providers: variable("B"), teams: new Map([["c", variable("C")]]) },
  };
  expect(sourceVariables(policy)).toEqual(["A", "B", "C"]);
});
