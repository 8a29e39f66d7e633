/** What the sources of a policy are called in front of people. Never a secret. Pure. */
import type { Source } from "../core/credential.ts";
import { OWN_SERVICE } from "../keychain/keychain.ts";
import type { ConfiguredSource } from "./policy.ts";
import { federationLocation } from "./sources/federation/settings.ts";
import { vaultLocation } from "./sources/vault/settings.ts";

const KINDS: Record<ConfiguredSource["kind"], Source> = {
  command: "command",
  path: "file",
  "policy-variable": "env",
  "policy-keychain": "keychain",
  vault: "vault",
  federation: "federation",
};

/** The kind, as the policy file has it. */
export function sourceKind(source: ConfiguredSource): Source {
  return KINDS[source.kind];
}

/** Where the key is; `account` is its keychain entry under gum-cred's own service. A command's arguments may be secret. */
export function sourceLocation(source: ConfiguredSource, account: string): string {
  switch (source.kind) {
    case "command":
      return source.argv[0] ?? "";
    case "path":
      return source.path;
    case "policy-variable":
      return source.variable;
    case "policy-keychain":
      return `${OWN_SERVICE}/${account}`;
    case "vault":
      return vaultLocation(source.vault);
    case "federation":
      return federationLocation(source.federation);
  }
}
