/**
 * The tokens the stand-in has issued. A family is everything that came from one sign-in: its access tokens and
 * its chain of refresh tokens. Using a refresh token that was already replaced revokes the whole family
 * (RFC 9700 §4.14.2). Knows no HTTP.
 */
import type { Behaviour } from "./context.ts";
import { randomHex, randomToken } from "./random.ts";

/** Seconds an access token lives when `expires_in` is nothing to go by. */
const DEFAULT_LIFETIME = 3600;

interface Family {
  readonly id: string;
  readonly userId: string;
  readonly scope: readonly string[];
  /** The one refresh token in force. */
  current: string;
  revoked: boolean;
}

interface Access {
  readonly family: Family;
  readonly scope: readonly string[];
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** What an access token in force allows. */
export interface AccessToken {
  readonly userId: string;
  readonly scope: readonly string[];
}

export interface IssuedTokens {
  readonly family: string;
  readonly accessToken: string;
  /** The one in force; whether the client is told is the endpoint's affair. */
  readonly refreshToken: string;
  readonly scope: readonly string[];
}

export interface TokenStore {
  /** Starts a family. `lifetime` in seconds, zero or less for a token already expired. */
  issue(userId: string, scope: readonly string[], lifetime?: number): IssuedTokens;
  /** Refreshes, narrowed to `scope` when given. A refresh token already replaced revokes its family. */
  refresh(
    refreshToken: string,
    scope: readonly string[] | null,
  ): IssuedTokens | "invalid_grant" | "invalid_scope";
  /** The token, if it is unexpired and not revoked. */
  findAccess(token: string): AccessToken | null;
  /** RFC 7009: a refresh token takes its family along, an access token goes alone; anything else is no matter. */
  revoke(token: string): void;
  revokeFamily(id: string): void;
  expireAccessTokens(): void;
  clear(): void;
  /** Families alive (each has one refresh token in force) and revoked; access tokens in force. */
  counts(): { families: number; revokedFamilies: number; accessTokens: number };
}

export function createTokenStore(behaviour: Behaviour, now: () => number): TokenStore {
  const families = new Map<string, Family>();
  /** Every refresh token ever issued, replaced ones included, so that reuse is noticed. */
  const refreshTokens = new Map<string, Family>();
  const accessTokens = new Map<string, Access>();

  function addAccess(family: Family, scope: readonly string[], lifetime: number): string {
    const token = randomToken("at");
    accessTokens.set(token, { family, scope, expiresAt: now() + lifetime * 1000 });
    return token;
  }

  function replaceRefresh(family: Family): void {
    family.current = randomToken("rt");
    refreshTokens.set(family.current, family);
  }

  function revokeFamily(id: string): void {
    const family = families.get(id);
    if (family === undefined) return;
    family.revoked = true;
    for (const [token, access] of accessTokens) if (access.family === family) accessTokens.delete(token);
  }

  const lives = (access: Access): boolean => access.expiresAt > now();

  return {
    issue(userId, scope, lifetime = lifetimeOf(behaviour.expiresIn)) {
      const family: Family = { id: randomHex(8), userId, scope, current: "", revoked: false };
      families.set(family.id, family);
      replaceRefresh(family);
      const accessToken = addAccess(family, scope, lifetime);
      return { family: family.id, accessToken, refreshToken: family.current, scope };
    },
    refresh(refreshToken, wanted) {
      const family = refreshTokens.get(refreshToken);
      if (family === undefined || family.revoked) return "invalid_grant";
      if (family.current !== refreshToken) {
        revokeFamily(family.id);
        return "invalid_grant";
      }
      if (wanted?.some((name) => !family.scope.includes(name))) return "invalid_scope";
      const scope = wanted ?? family.scope;
      const accessToken = addAccess(family, scope, lifetimeOf(behaviour.expiresIn));
      if (behaviour.refreshTokens === "rotate") replaceRefresh(family);
      return { family: family.id, accessToken, refreshToken: family.current, scope };
    },
    findAccess(token) {
      const access = accessTokens.get(token);
      if (access === undefined || !lives(access)) return null;
      return { userId: access.family.userId, scope: access.scope };
    },
    revoke(token) {
      const family = refreshTokens.get(token);
      if (family !== undefined) revokeFamily(family.id);
      accessTokens.delete(token);
    },
    revokeFamily,
    expireAccessTokens: () => accessTokens.clear(),
    clear() {
      families.clear();
      refreshTokens.clear();
      accessTokens.clear();
    },
    counts() {
      const live = [...families.values()].filter((family) => !family.revoked).length;
      return {
        families: live,
        revokedFamilies: families.size - live,
        accessTokens: [...accessTokens.values()].filter(lives).length,
      };
    },
  };
}

/** Seconds a token lives under an `expires_in` that may be any JSON value: itself if it makes sense, else an hour. */
function lifetimeOf(expiresIn: unknown): number {
  const seconds = typeof expiresIn === "string" && /^\d+$/.test(expiresIn) ? Number(expiresIn) : expiresIn;
  return typeof seconds === "number" && seconds > 0 ? seconds : DEFAULT_LIFETIME;
}
