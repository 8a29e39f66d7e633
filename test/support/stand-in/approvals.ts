/**
 * Authorization requests waiting for a person, and the single-use codes that approvals turn into
 * (RFC 6749 §4.1.2, §10.5). Remembers; the checks of parameters are in `authorize.ts` and `token.ts`.
 */
import { randomHex, randomToken } from "./random.ts";

/** RFC 6749 §4.1.2 recommends at most ten minutes. */
const CODE_LIFETIME_MS = 10 * 60 * 1000;

/** An authorization request that passed every check. */
export interface AuthorizationRequest {
  readonly redirectUri: string;
  readonly state: string | null;
  readonly scope: readonly string[];
  /** PKCE S256 challenge (RFC 7636 §4.2). */
  readonly challenge: string;
}

export interface IssuedCode {
  readonly request: AuthorizationRequest;
  readonly expiresAt: number;
  /** Set as soon as the code was presented once, rightly or not. */
  used: boolean;
  /** The token family issued from it, to be revoked when the code comes again. */
  family: string | null;
}

export interface Approvals {
  /** Keeps a request for the approval page; returns the id its form sends back. */
  ask(request: AuthorizationRequest): string;
  /** The waiting request, once. */
  take(id: string): AuthorizationRequest | null;
  /** Approves: makes a code for the request. */
  issueCode(request: AuthorizationRequest): string;
  /** The code as remembered, used and expired ones included; null when it was never issued. */
  findCode(code: string): IssuedCode | null;
  hasExpired(code: IssuedCode): boolean;
  clear(): void;
  /** Codes that could still be exchanged, and requests waiting for a person. */
  counts(): { codes: number; waiting: number };
}

export function createApprovals(now: () => number): Approvals {
  const waiting = new Map<string, AuthorizationRequest>();
  const codes = new Map<string, IssuedCode>();
  const hasExpired = (code: IssuedCode): boolean => code.expiresAt <= now();

  return {
    ask(request) {
      const id = randomHex(16);
      waiting.set(id, request);
      return id;
    },
    take(id) {
      const request = waiting.get(id) ?? null;
      waiting.delete(id);
      return request;
    },
    issueCode(request) {
      const code = randomToken("code");
      codes.set(code, { request, expiresAt: now() + CODE_LIFETIME_MS, used: false, family: null });
      return code;
    },
    findCode: (code) => codes.get(code) ?? null,
    hasExpired,
    clear() {
      waiting.clear();
      codes.clear();
    },
    counts: () => ({
      codes: [...codes.values()].filter((code) => !code.used && !hasExpired(code)).length,
      waiting: waiting.size,
    }),
  };
}
