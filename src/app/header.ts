/** Request headers in plain text: what `header` is for. */
import type { Level } from "../core/credential.ts";
import { fail } from "../core/errors.ts";
import { reveal } from "../core/secret.ts";
import { requireExportable } from "../resolve/policy.ts";
import type { Ports, Scope } from "../resolve/ports.ts";
import { providerNamed, requireCredential } from "./providers.ts";

/** What RFC 9110 §5.5 lets a field value hold, less what would need care: visible ASCII and single spaces. */
const FIELD_VALUE = /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/;

/** The headers of a provider's credential. Throws E_UNSAFE_VALUE for a value no header can carry. */
export async function requestHeaders(
  providerName: string,
  level: Level | null,
  scope: Scope,
  ports: Ports,
): Promise<readonly { readonly name: string; readonly value: string }[]> {
  const provider = await providerNamed(providerName, ports);
  requireExportable(await ports.policy(), provider.id, scope.teamId);
  const credential = await requireCredential(provider, level, scope, ports);
  const storing = provider.kind === "llm" ? `keys set ${provider.id}` : "login";
  return provider.headers(credential).map(({ name, value }) => {
    const text = reveal(value);
    if (!FIELD_VALUE.test(text)) {
      throw fail(
        "E_UNSAFE_VALUE",
        `the value of ${name} contains characters that are not valid in a header`,
        `store it again, without line breaks; run 'gum-cred ${storing}'`,
      );
    }
    return { name, value: text };
  });
}
