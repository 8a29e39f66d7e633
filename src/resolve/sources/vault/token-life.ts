/** For how long the token that stands ready still lives: for `doctor`. */
import type { Asking } from "../asking.ts";
import { vaultClient } from "./client.ts";
import type { VaultLogins } from "./login.ts";
import type { VaultSource } from "./settings.ts";

/**
 * Seconds; null for a token without an end, one that a login gives, an agent's, and one that may not look itself up.
 * Throws what reading its file or variable throws.
 */
export async function tokenLife(
  source: VaultSource,
  logins: VaultLogins,
  asking: Asking,
): Promise<number | null> {
  if (source.auth.kind !== "token_file" && source.auth.kind !== "token_env") return null;
  const client = await vaultClient(source, asking);
  const token = await logins.token(source, client, asking);
  const reply = await client
    .request({ method: "GET", path: "auth/token/lookup-self", token, step: "read" })
    .catch(() => null);
  const data = reply?.["data"] as Readonly<Record<string, unknown>> | undefined;
  const ttl = data?.["ttl"];
  return typeof ttl === "number" && ttl > 0 ? ttl : null;
}
