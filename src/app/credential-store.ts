/**
 * Writes and clears the keychain entries of one profile in an order that survives being killed at any
 * moment: the token or key goes first when clearing and comes last when storing, so that what a later run
 * finds is the old credential, the new one, or "signed out", never a token beside somebody else's base URL.
 */
import type { Digest } from "../core/environment.ts";
import { expiryAccount, expiryNote } from "../core/expiry.ts";
import { type Secret, secret } from "../core/secret.ts";
import { GUMLOOP_SERVICE, OWN_SERVICE, type ProfileField } from "../core/stored.ts";
import type { Keychain } from "../keychain/keychain.ts";

/** A verified credential to keep. */
export type NewCredential =
  | {
      readonly method: "oauth";
      readonly accessToken: Secret;
      readonly refreshToken: Secret | null;
      /** Milliseconds since 1970; null when the server did not say. */
      readonly expiresAtMs: number | null;
      readonly baseUrl: string;
    }
  | {
      readonly method: "api_key";
      readonly apiKey: Secret;
      readonly userId: string;
      readonly baseUrl: string;
    };

/** Puts a new sign-in in the place of whatever the profile held. */
export async function storeCredential(
  keychain: Keychain,
  profile: string,
  next: NewCredential,
  digest: Digest,
): Promise<void> {
  const write = (field: ProfileField, value: Secret) =>
    keychain.write(GUMLOOP_SERVICE, `${profile}:${field}`, value);
  const remove = (field: ProfileField) => keychain.remove(GUMLOOP_SERVICE, `${profile}:${field}`);

  await remove("access_token");
  await remove("api_key");
  await write("base_url", secret(next.baseUrl));
  if (next.method === "api_key") {
    await remove("refresh_token");
    await keychain.remove(OWN_SERVICE, expiryAccount(profile));
    await write("user_id", secret(next.userId));
    await write("api_key", next.apiKey);
    return;
  }
  await remove("user_id");
  if (next.refreshToken) await write("refresh_token", next.refreshToken);
  else await remove("refresh_token");
  await writeExpiry(keychain, profile, next.accessToken, next.expiresAtMs, digest);
  await write("access_token", next.accessToken);
}

/** Removes every entry of a profile, the ones that sign in first. True when there was any. */
export async function clearCredential(keychain: Keychain, profile: string): Promise<boolean> {
  const order: readonly ProfileField[] = ["access_token", "api_key", "refresh_token", "user_id", "base_url"];
  let removed = false;
  for (const field of order) {
    removed = (await keychain.remove(GUMLOOP_SERVICE, `${profile}:${field}`)) || removed;
  }
  await keychain.remove(OWN_SERVICE, expiryAccount(profile));
  return removed;
}

/** Notes when a token expires; without knowledge an older note goes, which its hash made void anyway. */
export async function writeExpiry(
  keychain: Keychain,
  profile: string,
  token: Secret,
  expiresAtMs: number | null,
  digest: Digest,
): Promise<void> {
  const account = expiryAccount(profile);
  if (expiresAtMs === null) await keychain.remove(OWN_SERVICE, account);
  else await keychain.write(OWN_SERVICE, account, expiryNote(token, expiresAtMs, digest));
}
