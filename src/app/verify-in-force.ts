/**
 * Asks Gumloop about the credential in force. That a stored session of unknown expiry has
 * expired shows only in a 401: it is then refreshed once and asked about again, as the official CLI does.
 */
import { gumloop } from "../../plugins/gumloop/index.ts";
import { parseBaseUrl, sameOrigin } from "../core/base-url.ts";
import type { Credential } from "../core/credential.ts";
import { fail, GumCredError } from "../core/errors.ts";
import { reveal } from "../core/secret.ts";
import { openProfile, type ProfileReading } from "../gumloop/profile.ts";
import { refreshSession } from "../gumloop/session.ts";
import { readSettled } from "../gumloop/settled.ts";
import { PROFILE_FIELDS, storedBaseUrl } from "../gumloop/stored.ts";
import { isoTime } from "../resolve/lifetime.ts";
import type { Ports, Scope } from "../resolve/ports.ts";
import { type Verification, verify } from "./verify.ts";

/** The credential as it is after verification, and what the server said about it. */
export interface Verified {
  readonly credential: Credential;
  readonly verification: Verification;
}

/** Verifies the winner of a resolution at its own base URL. Failures are returned, bugs are thrown. */
export async function verifyInForce(
  credential: Credential,
  baseUrl: string,
  scope: Scope,
  ports: Ports,
): Promise<Verified> {
  const ask = async (asked: Credential): Promise<Verification> => {
    const asking = verify(gumloop, asked, { baseUrl, teamId: scope.teamId }, ports);
    const verification = await ports.busy("Asking Gumloop", asking);
    const { error } = verification;
    return error ? { ...verification, error: refusedInForce(asked, error) } : verification;
  };
  const first = { credential, verification: await ask(credential) };
  const mayBeStale = credential.source === "keychain" && credential.method === "oauth";
  if (!mayBeStale || first.verification.error?.code !== "E_REJECTED") return first;
  try {
    const renewed = await renewInForce(credential, baseUrl, scope, ports);
    return renewed ? { credential: renewed, verification: await ask(renewed) } : first;
  } catch (error) {
    if (!(error instanceof GumCredError)) throw error;
    const outcome = error.exitCode === 3 ? "rejected" : "unreachable";
    return { credential, verification: { ...first.verification, outcome, error } };
  }
}

/** The stored session after a refresh; null when there is nothing newer to ask with. */
export async function renewInForce(
  credential: Credential,
  baseUrl: string,
  scope: Scope,
  ports: Ports,
): Promise<Credential | null> {
  if (credential.source !== "keychain" || credential.method !== "oauth") return null;
  const profile = openProfile(await ports.keychain(), scope.profile, ports.digest);
  let stale = await profile.read();
  const isRotated = ({ stored: { access_token: token } }: ProfileReading) =>
    token !== undefined && reveal(token) !== reveal(credential.value);
  // Whoever changed it may be about to write another server's address beside it.
  if (isRotated(stale)) stale = await readSettled(profile, ports, { first: stale, fields: PROFILE_FIELDS });
  const { access_token: before, refresh_token: refreshToken } = stale.stored;
  if (!before || !refreshToken) return null;
  const rotated = isRotated(stale);
  const fresh = rotated ? stale : await refreshSession(profile, stale, ports);
  const { access_token: value } = fresh.stored;
  if (!value || reveal(value) === reveal(credential.value)) return null;
  if (!sameOrigin(storedBaseUrl(fresh.stored), parseBaseUrl(baseUrl))) return null;
  const expiresAt = fresh.expiresAtMs === null ? null : isoTime(fresh.expiresAtMs);
  return { ...credential, value, expiresAt };
}

/** Gumloop's user ids as its pages show them; a hint, never a rule. */
const USER_ID_LENGTH = 28;

/** The error of a credential in force, with a hint that also says how to use another: that depends on where it is. */
export function refusedInForce(credential: Credential, error: GumCredError): GumCredError {
  if (error.exitCode !== 3) return error;
  const { source, location, userId, method } = credential;
  const stored = "run 'gum-cred login' to store another one";
  const own = `run 'unset ${location}' to use the one in the keychain`;
  // The plan of an account that has signed in is the same whoever signs in to it.
  const help = error.code === "E_REJECTED" || method === "api_key" ? [stored] : [];
  const short = error.code === "E_FORBIDDEN" && userId !== null && userId.length < USER_ID_LENGTH;
  const cut = `the user id has ${userId?.length} characters and may have been cut off: ${USER_ID_LENGTH} are usual`;
  return fail(
    error.code,
    error.message,
    [error.hint, ...(source === "keychain" ? help : [own]), ...(short ? [cut] : [])].join("; "),
  );
}
