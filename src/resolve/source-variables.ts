/** Which variables a policy's sources read: with one of them a key can be had again. Pure. */
import type { ConfiguredSource, Policy } from "./policy.ts";
import type { TokenSupplier } from "./sources/federation/settings.ts";

/** Vault's and OpenBao's own programs read these, whether a policy names them or not. */
const VAULT_PROGRAMS = ["VAULT_TOKEN", "BAO_TOKEN"];
/** https://docs.github.com/actions/reference/security/oidc */
const ACTIONS = ["ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL"];

/** Of the sources of every provider and team, whoever is in scope. */
export function sourceVariables({ providers, teams, system }: Policy): readonly string[] {
  const everyone = [providers, ...teams.values()];
  if (system) everyone.push(system.providers, ...system.teams.values());
  const rules = everyone.flatMap((each) => [...each.values()]);
  return [...new Set(rules.flatMap((rule) => (rule.kind === "source" ? variablesOf(rule.source) : [])))];
}

function variablesOf(source: ConfiguredSource): readonly string[] {
  switch (source.kind) {
    case "policy-variable":
      return [source.variable];
    case "vault": {
      const { auth } = source.vault;
      if (auth.kind === "token_env") return [...VAULT_PROGRAMS, auth.variable];
      return [...VAULT_PROGRAMS, ...(auth.kind === "jwt" ? suppliedBy(auth.token) : [])];
    }
    case "federation":
      return suppliedBy(source.federation.token);
    case "command":
    case "path":
    case "policy-keychain":
      return [];
  }
}

function suppliedBy({ kind }: TokenSupplier): readonly string[] {
  return kind === "github_actions" ? ACTIONS : [];
}
