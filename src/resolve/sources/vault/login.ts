/**
 * A token for Vault or OpenBao, by one of the ways that a policy names. A token that a login gave is shared by all
 * sources of a run that log in alike, and revoked at the end, so that leases do not pile up at the server.
 */
import { rawValue } from "../../../core/environment.ts";
import { clean, fail, type GumCredError, hasCode } from "../../../core/errors.ts";
import { reveal, type Secret, secret } from "../../../core/secret.ts";
import { holdSignals } from "../../../os/process/hold-signals.ts";
import { lifeSeconds } from "../../lifetime.ts";
import type { Asking } from "../asking.ts";
import { readIdentityToken } from "../federation/suppliers.ts";
import { readSecretFile } from "../file.ts";
import type { VaultClient } from "./client.ts";
import { encodePath, type VaultAuth, type VaultSource } from "./settings.ts";

/** Milliseconds before the end of its lease at which a token counts as too short and is fetched again. */
const SHORT_MS = 30_000;
/** A revocation that takes longer is left to the lease's end. */
const REVOKE_MS = 1_000;

export interface VaultLogins {
  /** The token to read with; null where the agent adds its own. Throws E_SOURCE_REJECTED (3) and the client's. */
  token(source: VaultSource, client: VaultClient, asking: Asking): Promise<Secret | null>;
  /**
   * Revokes what logins gave, and is the end of these logins. Never throws; never settles where a signal came meanwhile that
   * ends the process.
   */
  revoke(): Promise<void>;
}

interface Held {
  readonly token: Secret;
  /** Milliseconds since 1970; null where the lease has no end. */
  readonly endsAt: number | null;
  /** A batch token is kept nowhere at the server and cannot be revoked. */
  readonly revocable: boolean;
  readonly revoke: () => Promise<unknown>;
}

/**
 * Logins of one run. `now` is in milliseconds since 1970. From the first login on a signal takes effect once its token is
 * revoked, whatever is being read: a login that is under way is waited for, because its token may be there already.
 */
export function vaultLogins(now: () => number): VaultLogins {
  const held = new Map<string, Promise<Held>>();
  /** Those too that were too short to be shared. */
  const given: Held[] = [];
  let release: (() => Promise<void>) | undefined;
  let revoking: Promise<void> | undefined;
  const revokeAll = async (): Promise<void> => {
    await Promise.allSettled(held.values());
    await Promise.allSettled(given.filter(({ revocable }) => revocable).map((login) => login.revoke()));
    await release?.();
  };
  const revoke = (): Promise<void> => {
    revoking ??= revokeAll();
    return revoking;
  };
  const fresh = (source: VaultSource, client: VaultClient, asking: Asking): Promise<Held> => {
    const key = JSON.stringify([source.address, source.namespace, source.caFile, source.auth]);
    // What began after the revocation would be left over.
    if (revoking) throw fail("E_INTERRUPTED", "interrupted");
    release ??= holdSignals(() => void revoke());
    const begin = async (): Promise<Held> => {
      const login = await logIn(source, client, asking, now());
      given.push(login);
      return login;
    };
    const next = (held.get(key) ?? Promise.reject<Held>()).then(
      (login) => (isShort(login, now()) ? begin() : login),
      begin,
    );
    held.set(key, next);
    return next;
  };
  return {
    token: async (source, client, asking) => {
      const plain = await plainToken(source.auth, asking);
      return plain === undefined ? (await fresh(source, client, asking)).token : plain;
    },
    revoke,
  };
}

function isShort(login: Held, now: number): boolean {
  return login.endsAt !== null && login.endsAt - now < SHORT_MS;
}

/** The token that stands ready; null for an agent, undefined where there must be a login. */
async function plainToken(auth: VaultAuth, asking: Asking): Promise<Secret | null | undefined> {
  switch (auth.kind) {
    case "agent":
      return null;
    case "token_env": {
      const value = rawValue(asking.raw, auth.variable)?.trim();
      if (!value) throw nothing(`${auth.variable} is not set`, asking);
      return usable(secret(value), auth.variable, asking);
    }
    case "token_file": {
      const path = homePath(auth.path ?? "~/.vault-token", asking);
      return usable(await readLogin(path, asking), path, asking);
    }
    default:
      return undefined;
  }
}

async function logIn(source: VaultSource, client: VaultClient, asking: Asking, now: number): Promise<Held> {
  const { body, secrets, mount } = await asking.deadline.bound(credentials(source.auth, asking));
  const path = `auth/${encodePath(mount)}/login`;
  const reply = await client.request({ method: "POST", path, token: null, body, secrets, step: "login" });
  const auth = (reply["auth"] ?? {}) as Readonly<Record<string, unknown>>;
  const token = auth["client_token"];
  if (typeof token !== "string" || !/^[\x21-\x7e]+$/.test(token)) {
    throw fail("E_SOURCE_DATA", `${asking.whose}: the reply to the login holds no token`);
  }
  const seconds = lifeSeconds(auth["lease_duration"]);
  return {
    token: secret(token),
    endsAt: seconds === null ? null : now + seconds * 1000,
    revocable: auth["token_type"] !== "batch",
    revoke: () => revokeSelf(client, secret(token)),
  };
}

/** In a time of its own: a token whose reading ran out of time is revoked too. */
function revokeSelf(client: VaultClient, token: Secret): Promise<unknown> {
  const path = "auth/token/revoke-self";
  return client.request({ method: "POST", path, token, step: "revoke", timeoutMs: REVOKE_MS });
}

interface LoginBody {
  readonly mount: string;
  readonly body: Readonly<Record<string, string>>;
  readonly secrets: readonly Secret[];
}

async function credentials(auth: VaultAuth, asking: Asking): Promise<LoginBody> {
  switch (auth.kind) {
    case "approle": {
      const roleId = secret(auth.roleId);
      const secretId = auth.secretIdFile === null ? null : await readLogin(auth.secretIdFile, asking);
      const body = { role_id: auth.roleId, ...(secretId ? { secret_id: reveal(secretId) } : {}) };
      return { mount: auth.mount, body, secrets: secretId ? [secretId, roleId] : [roleId] };
    }
    case "jwt":
    case "kubernetes": {
      const supplier = auth.kind === "jwt" ? auth.token : ({ kind: "kubernetes", path: auth.path } as const);
      const jwt = await readIdentityToken(supplier, asking, "E_SOURCE_REJECTED");
      return { mount: auth.mount, body: { role: auth.role, jwt: reveal(jwt) }, secrets: [jwt] };
    }
    default:
      throw new TypeError(`${auth.kind} is no login`);
  }
}

/** What a login file holds. A file that is missing, unreadable or empty leaves nothing to log in with. */
async function readLogin(path: string, asking: Asking): Promise<Secret> {
  try {
    return await readSecretFile(path, asking.whose);
  } catch (error) {
    const absent =
      hasCode(error, "E_FILE_UNREADABLE") ||
      (hasCode(error, "E_MALFORMED") && / is empty$/.test(error.message));
    if (absent) throw nothing(error.message.replace(`${asking.whose}: `, ""), asking);
    throw error;
  }
}

function usable(token: Secret, named: string, asking: Asking): Secret {
  if (/^[\x21-\x7e]+$/.test(reveal(token))) return token;
  throw fail("E_SOURCE_DATA", `${asking.whose}: ${clean(named)} holds text that is not a valid token`);
}

function nothing(why: string, asking: Asking): GumCredError {
  const hint =
    "log in to Vault again (vault login, bao login), or check 'auth' in the policy; no other key is used";
  return fail("E_SOURCE_REJECTED", `${asking.whose}: there is nothing to log in with: ${why}`, hint);
}

function homePath(path: string, asking: Asking): string {
  if (!path.startsWith("~/")) return path;
  const home = asking.raw["HOME"] || asking.raw["USERPROFILE"];
  if (!home) throw nothing("HOME is not set", asking);
  return `${home}/${path.slice(2)}`;
}
