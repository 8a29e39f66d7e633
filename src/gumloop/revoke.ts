/** Ends a stored session at the server that issued it. */
import { GumCredError } from "../core/errors.ts";
import type { Voice } from "../resolve/ports.ts";
import { valueProblem } from "../resolve/sources/usable-value.ts";
import { type StoredProfile, storedBaseUrl } from "./stored.ts";

/**
 * Revokes a stored session with its refresh token, else its access token, at its own base URL
 * (RFC 7009). True when the server agreed; never throws for a server that did not, nor when `signal` ended the wait.
 */
export async function revokeStored(
  stored: StoredProfile,
  ports: Pick<Voice, "debug">,
  signal?: AbortSignal,
): Promise<boolean> {
  const token = stored.refresh_token ?? stored.access_token;
  if (!token) return false;
  // The server would answer as if it had revoked what it does not know (RFC 7009, section 2.2).
  if (valueProblem(token, "the token")) return false;
  try {
    const { revoke } = await import("./oauth/token-endpoint.ts");
    await revoke(storedBaseUrl(stored), token, signal);
    return true;
  } catch (error) {
    if (!(error instanceof GumCredError)) throw error;
    ports.debug(`revoke: ${error.code}`);
    return false;
  }
}
