/**
 * Sessions put into a world's real keyring by another program (secret-tool), as the official `gumloop` CLI
 * writes them: entry by entry, in its order, without gum-cred's lock.
 */

import { reveal, secret } from "../../src/core/secret.ts";
import { expiryNote } from "../../src/gumloop/expiry.ts";
import { PROFILE_FIELDS } from "../../src/gumloop/stored.ts";
import { secretService } from "../../src/keychain/secret-service/secret-service.ts";
import type { World } from "./world.ts";

export interface StoredSession {
  readonly accessToken: string;
  readonly refreshToken?: string;
  readonly baseUrl: string;
  /** What gum-cred's note says; without it there is none. Milliseconds since 1970. */
  readonly expiresAtMs?: number;
  /** How long the token lives, by the note. */
  readonly lifeMs?: number;
}

/** Stores a session under a profile. */
export async function storeSession(world: World, profile: string, session: StoredSession): Promise<void> {
  const { accessToken, refreshToken, baseUrl, expiresAtMs, lifeMs } = session;
  await storeEntries(world, "gumloop-cli", {
    [`${profile}:access_token`]: accessToken,
    ...(refreshToken === undefined ? {} : { [`${profile}:refresh_token`]: refreshToken }),
    [`${profile}:base_url`]: baseUrl,
  });
  if (expiresAtMs === undefined) return;
  const note = expiryNote(secret(accessToken), expiresAtMs, sha256, null, { lifeMs });
  await storeEntries(world, "gum-cred", { [`${profile}:expiry`]: reveal(note) });
}

/** A session of the world's server whose access token has expired, for the server and by gum-cred's note. */
export async function storeExpiredSession(world: World, profile: string): Promise<StoredSession> {
  const tokens = world.server.issueTokens({ expiresIn: 0 });
  const session = { ...tokens, baseUrl: world.server.baseUrl, expiresAtMs: Date.now() - 1_000 };
  await storeSession(world, profile, session);
  return session;
}

/** Writes entries in the order given. */
export async function storeEntries(
  world: World,
  service: string,
  entries: Readonly<Record<string, string>>,
): Promise<void> {
  const commands = Object.keys(entries).map(
    (account, index) =>
      `printf %s "$V${index}" | secret-tool store --label "${account}" application "Python keyring library" service ${service} username ${account}`,
  );
  const env = Object.fromEntries(Object.values(entries).map((value, index) => [`V${index}`, value]));
  const { code, stderr } = await world.sh(commands.join(" && "), { env });
  if (code !== 0) throw new Error(`secret-tool: ${stderr}`);
}

/** Removes entries in the order given, as the official CLI signs out. */
export async function removeEntries(
  world: World,
  service: string,
  accounts: readonly string[],
): Promise<void> {
  const remove = (account: string) => `secret-tool clear service ${service} username ${account}`;
  await world.sh(accounts.map(remove).join("; "));
}

/**
 * What {@link storeSession} and {@link storeEntries} do, in a moment, for tests that do it a thousand times:
 * by gum-cred's own keychain, which the keychain's contract shows to write the same entries.
 */
export async function plant(
  world: World,
  profile: string,
  fields: Readonly<Record<string, string>>,
  expiresAtMs: number | null,
): Promise<void> {
  const keychain = secretService({ timeoutMs: 5_000, mayPrompt: false }, world.env);
  for (const [field, value] of Object.entries(fields)) {
    await keychain.write("gumloop-cli", `${profile}:${field}`, secret(value));
  }
  const token = fields["access_token"];
  if (token !== undefined && expiresAtMs !== null) {
    await keychain.write("gum-cred", `${profile}:expiry`, expiryNote(secret(token), expiresAtMs, sha256));
  }
  keychain.close();
}

/** Removes all that is stored of a profile: a keyring with hundreds of entries answers slowly. */
export async function forget(world: World, profile: string): Promise<void> {
  const keychain = secretService({ timeoutMs: 5_000, mayPrompt: false }, world.env);
  for (const field of PROFILE_FIELDS) await keychain.remove("gumloop-cli", `${profile}:${field}`);
  await keychain.remove("gum-cred", `${profile}:expiry`);
  keychain.close();
}

/** The entries of one profile, by field. */
export async function profileEntries(world: World, profile: string): Promise<Record<string, string>> {
  const all = Object.entries(await world.entries("gumloop-cli"));
  return Object.fromEntries(
    all.flatMap(([account, value]) =>
      account.startsWith(`${profile}:`) ? [[account.slice(profile.length + 1), value]] : [],
    ),
  );
}

/** How often the server was asked for `path`. */
export function requests(world: World, path: string): number {
  return world.server.log().filter((entry) => entry.path === path).length;
}

export function sha256(text: string): string {
  return new Bun.CryptoHasher("sha256").update(text).digest("hex");
}
