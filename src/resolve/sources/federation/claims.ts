/**
 * What an identity token says of itself, for messages and for `doctor`. Nothing is verified here and nothing is
 * decided by it: that is the vendor's part. Pure.
 */
import { clean } from "../../../core/errors.ts";
import { reveal, type Secret } from "../../../core/secret.ts";

export interface Claims {
  readonly issuer: string | null;
  readonly audiences: readonly string[];
  /** Seconds since 1970 (RFC 7519 §4.1); null when the token does not say. */
  readonly expiresAt: number | null;
  readonly notBefore: number | null;
}

/** The claims of a JWT; null for anything else. */
export function readClaims(token: Secret): Claims | null {
  const parts = reveal(token).split(".");
  if (parts.length !== 3 || !parts[1]) return null;
  try {
    const claims = JSON.parse(decode(parts[1])) as Readonly<Record<string, unknown>>;
    const { iss, aud, exp, nbf, iat } = claims as Record<string, unknown>;
    const seconds = (value: unknown) => (typeof value === "number" && Number.isFinite(value) ? value : null);
    const audiences = [aud].flat().filter((one): one is string => typeof one === "string");
    return {
      issuer: typeof iss === "string" ? clean(iss, 120) : null,
      audiences: audiences.slice(0, 5).map((one) => clean(one, 120)),
      expiresAt: seconds(exp),
      notBefore: seconds(nbf) ?? seconds(iat),
    };
  } catch {
    return null;
  }
}

/** Why a vendor may have refused a token, by what it says of itself. `now` in milliseconds since 1970. */
export function whyRefused(token: Secret, now: number): string {
  const claims = readClaims(token);
  if (claims === null) return "the identity token is not a JWT";
  const seconds = now / 1000;
  if (claims.expiresAt !== null && claims.expiresAt <= seconds) {
    const ago = Math.ceil(seconds - claims.expiresAt);
    return `the identity token expired ${ago} s ago by this machine's clock: let its supplier renew it, or set the clock`;
  }
  if (claims.notBefore !== null && claims.notBefore > seconds + 1) {
    const ahead = Math.ceil(claims.notBefore - seconds);
    return `the identity token is valid only in ${ahead} s: this machine's clock is behind its supplier's`;
  }
  const audience = claims.audiences.join(", ") || "none";
  return `check the vendor's rule: the identity token's issuer is ${claims.issuer ?? "none"}, its audience ${audience}`;
}

function decode(part: string): string {
  const bytes = Uint8Array.from(atob(part.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  return new TextDecoder().decode(bytes);
}
