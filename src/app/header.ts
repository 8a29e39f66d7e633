/** Request headers in plain text: what `header` is for. */
import type { Credential, Level } from "../core/credential.ts";
import { clean, fail } from "../core/errors.ts";
import { reveal } from "../core/secret.ts";
import type { Provider } from "../providers/contract.ts";
import { requireExportable } from "../resolve/policy.ts";
import type { Ports, Scope } from "../resolve/ports.ts";
import { providerNamed, requireCredential } from "./providers.ts";

/** What RFC 9110 §5.5 lets a field value hold, less what would need care: visible ASCII and single spaces. */
const FIELD_VALUE = /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/;

/** The first character that is in the way, by its number: it may be one that nobody sees. */
function firstOdd(text: string): string {
  const odd = [...text].find((character) => !/[\x20-\x7e]/.test(character)) ?? " ";
  return `U+${(odd.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}

/** Where the value can be put right: only what is in the keychain is stored. */
function correction(
  { id, kind }: Provider,
  { source, location, level }: Credential,
  isUserId: boolean,
): string {
  const place = clean(isUserId && source === "env" ? "GUMLOOP_USER_ID" : location, 200);
  switch (source) {
    case "keychain": {
      const at = level === null || level === "personal" ? "" : ` --level ${level}`;
      const storing = kind === "llm" ? `keys set ${id}${at}` : "login";
      return `store it again, as it was issued; run 'gum-cred ${storing}'`;
    }
    case "env":
      return `set ${place} again: copy the value as it was issued, without spaces or invisible characters`;
    case "file":
      return `correct the file of ${place}: copy the value as it was issued, without spaces or invisible characters`;
    default:
      return `correct the value at its source: ${place}`;
  }
}

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
  return provider.headers(credential).map(({ name, value }) => {
    const text = reveal(value);
    if (!FIELD_VALUE.test(text)) {
      throw fail(
        "E_UNSAFE_VALUE",
        `the value of ${name} contains characters that are not valid in a header, such as ${firstOdd(text)}`,
        correction(provider, credential, text === credential.userId),
      );
    }
    return { name, value: text };
  });
}
