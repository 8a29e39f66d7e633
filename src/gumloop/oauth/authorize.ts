/**
 * The authorization request (RFC 6749 §4.1.1) with PKCE (RFC 7636, S256 only): what the browser is sent to,
 * and what must be remembered to check the response. Sends nothing.
 */
import { calculatePKCECodeChallenge, generateRandomCodeVerifier, generateRandomState } from "oauth4webapi";
import type { BaseUrl } from "../../core/base-url.ts";
import { reveal, type Secret, secret } from "../../core/secret.ts";
import { CLIENT_ID, endpoint, SCOPE } from "./client.ts";

/** One sign-in's own secrets, 256 random bits each, never used for another. */
export interface SignInSecrets {
  /** Comes back with the callback and proves that it belongs to this sign-in (RFC 6749 §10.12). */
  readonly state: string;
  /** Proves to the token endpoint that the code is redeemed by who asked for it (RFC 7636 §4.1). */
  readonly verifier: Secret;
}

export function newSignInSecrets(): SignInSecrets {
  return { state: generateRandomState(), verifier: secret(generateRandomCodeVerifier()) };
}

/** The page where the person allows or denies. `redirectUri` is repeated byte for byte at the token endpoint. */
export async function authorizationUrl(
  baseUrl: BaseUrl,
  redirectUri: string,
  { state, verifier }: SignInSecrets,
): Promise<string> {
  const url = new URL(endpoint(baseUrl, "authorize"));
  url.search = new URLSearchParams({
    client_id: CLIENT_ID,
    redirect_uri: redirectUri,
    response_type: "code",
    scope: SCOPE,
    code_challenge: await calculatePKCECodeChallenge(reveal(verifier)),
    code_challenge_method: "S256",
    state,
  }).toString();
  return url.href;
}
