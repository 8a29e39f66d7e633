/** One field of a credential in force, in plain text: what `get` is for. */
import { DEFAULT_BASE_URL } from "../core/base-url.ts";
import type { Credential, Level } from "../core/credential.ts";
import { fail } from "../core/errors.ts";
import { reveal } from "../core/secret.ts";
import type { Provider } from "../providers/contract.ts";
import { requireExportable } from "../resolve/policy.ts";
import type { Ports, Scope } from "../resolve/ports.ts";
import { providerNamed, requireCredential } from "./providers.ts";

/** The field's name and value. Throws E_NO_CREDENTIAL when the credential in force has no such field. */
export async function getField(
  providerName: string,
  field: string | null,
  level: Level | null,
  scope: Scope,
  ports: Ports,
): Promise<{ readonly provider: string; readonly field: string; readonly value: string }> {
  const provider = await providerNamed(providerName, ports);
  requireExportable(await ports.policy(), provider.id, scope.teamId);
  const credential = await requireCredential(provider, level, scope, ports);
  const { name, value } = await fieldOf(provider, credential, field, scope, ports);
  return { provider: provider.id, field: name, value };
}

/** One field of a credential; null for the bearer in force. Throws E_NO_CREDENTIAL when it has no such field. */
async function fieldOf(
  provider: Provider,
  credential: Credential,
  field: string | null,
  scope: Scope,
  ports: Ports,
): Promise<{ readonly name: string; readonly value: string }> {
  const bearer = credential.method === "oauth" ? "access_token" : "api_key";
  const name = field ?? bearer;
  const value =
    name === bearer ? reveal(credential.value) : await companion(provider, credential, name, scope, ports);
  if (value !== null) return { name, value };
  throw fail(
    "E_NO_CREDENTIAL",
    `the credential in force has no ${name}: it is ${bearer === "api_key" ? "an API key" : "an access token"}`,
    `run 'gum-cred explain ${provider.id}' to see which one wins and why`,
  );
}

async function companion(
  provider: Provider,
  credential: Credential,
  field: string,
  scope: Scope,
  ports: Ports,
): Promise<string | null> {
  if (credential.level !== null) {
    if (!provider.companions?.some(({ name }) => name === field)) return null;
    const { companionsOf } = await import("./companions.ts");
    return (await companionsOf(provider, credential, ports)).get(field) ?? null;
  }
  if (field === "user_id") return credential.userId;
  if (field === "base_url") return credential.baseUrl ?? (scope.baseUrl ?? DEFAULT_BASE_URL).href;
  return null;
}
