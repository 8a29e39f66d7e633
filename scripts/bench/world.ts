/** What is measured in: copies of the binaries, a keyring of our own, a stand-in server, folders full of plugins. */
import { mkdirSync, writeFileSync } from "node:fs";
import { secret } from "../../src/core/secret.ts";
import { expiryNote } from "../../src/gumloop/expiry.ts";
import { secretService } from "../../src/keychain/secret-service/secret-service.ts";
import { type Pin, pinOf, writePins } from "../../src/providers/installed/pins.ts";
import { manifestWith } from "../../test/support/manifests.ts";
import { startPrivateKeyring } from "../../test/support/private-keyring.ts";
import { startStandIn } from "../../test/support/stand-in/server.ts";

/** What every measurement is given. */
export interface Setting {
  readonly gumCred: string;
  /** A program that does nothing, built in the same way. */
  readonly empty: string;
  /** For temporary files. */
  readonly folder: string;
  readonly rounds: number;
  /** Leaves out what takes minutes. */
  readonly quick: boolean;
}

export type Server = ReturnType<typeof startStandIn>;
export type Variables = Record<string, string>;

/** Signed in, from the environment alone. */
export const TOKEN: Variables = { GUMLOOP_ACCESS_TOKEN: "access-token-EXAMPLE" };

/** A keyring of its own, and a server that knows what is stored in it. */
export async function withKeyring<T>(use: (session: Variables, server: Server) => Promise<T>): Promise<T> {
  const server = startStandIn();
  const keyring = await startPrivateKeyring();
  try {
    return await use(keyring.env, server);
  } finally {
    await keyring.stop();
    await server.stop();
  }
}

/** A session as it is stored. */
export interface Session {
  readonly accessToken: string;
  readonly refreshToken?: string;
  /** Milliseconds since 1970. */
  readonly expiresAtMs: number;
}

/** Stores sessions by profile. The keychain's contract shows that these are the entries a sign-in makes. */
export async function store(
  session: Variables,
  server: Server,
  profiles: ReadonlyMap<string, Session>,
): Promise<void> {
  const keychain = secretService({ timeoutMs: 30_000, mayPrompt: false }, session);
  for (const [profile, { accessToken, refreshToken, expiresAtMs }] of profiles) {
    const entries = { access_token: accessToken, refresh_token: refreshToken, base_url: server.baseUrl };
    for (const [field, value] of Object.entries(entries)) {
      if (value) await keychain.write("gumloop-cli", `${profile}:${field}`, secret(value));
    }
    const note = expiryNote(secret(accessToken), expiresAtMs, sha256);
    await keychain.write("gum-cred", `${profile}:expiry`, note);
  }
  keychain.close();
}

/** A session of the server's that is good for an hour. */
export function freshSession(server: Server): Session {
  return { ...server.issueTokens(), expiresAtMs: Date.now() + 3_600_000 };
}

/** A home folder with so many plugins, `vendor0` and on, as `plugins add` of this gum-cred leaves it. */
export function homeWithPlugins(count: number, home: string, gumCred: string): string {
  const judgedBy = Bun.spawnSync([gumCred, "--version"], { env: {} }).stdout.toString();
  const folder = `${home}/.config/gum-cred/plugins`;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const pins = new Map<string, Pin>();
  for (let index = 0; index < count; index++) {
    const id = `vendor${index}`;
    const manifest = manifestWith({ id, title: `Vendor ${index}`, env: [`VENDOR${index}_API_KEY`] });
    writeFileSync(`${folder}/${id}.json`, manifest, { mode: 0o600 });
    pins.set(id, { ...pinOf(manifest), judgedBy });
  }
  if (count > 0) writePins(`${home}/.config/gum-cred/plugins.lock.json`, pins);
  return home;
}

/** Whether a program is on PATH. */
export function isHere(program: string): boolean {
  return Bun.which(program) !== null;
}

function sha256(text: string): string {
  return new Bun.CryptoHasher("sha256").update(text).digest("hex");
}
