/**
 * What an identity token says of itself, for messages and for `doctor`. Nothing is verified here and nothing is
 * decided by it: that is the vendor's part. Pure.
 */
import { clean } from "../../../core/errors.ts";
import { reveal, type Secret } from "../../../core/secret.ts";
import { isMoment } from "../../lifetime.ts";

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
    const seconds = (value: unknown) => (typeof value === "number" && isMoment(value * 1000) ? value : null);
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

/** A clock that is further off than this can make a token end too early, or not be valid yet. */
const SKEW_S = 30;

/**
 * Why a vendor may have refused a token, by what it says of itself. Milliseconds since 1970: `now` by this machine's
 * clock, `theirs` by the vendor's, NaN where it does not say.
 */
export function whyRefused(token: Secret, now: number, theirs: number): string {
  const skew = Math.round((now - theirs) / 1000);
  if (Math.abs(skew) > SKEW_S) {
    return `set the clock: this machine's is ${Math.abs(skew)} s ${skew > 0 ? "ahead of" : "behind"} the vendor's`;
  }
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
