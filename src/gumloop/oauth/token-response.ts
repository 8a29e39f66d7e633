/**
 * What an answer of the token or revocation endpoint means. Pure. Understands RFC 6749 §5.2 errors, Gumloop's
 * envelope `{"error":{"code","message","type",…}}` (docs.gumloop.com/api-reference) and an error that is one
 * sentence, and tells a refusal of the credential from everything that says nothing about it.
 */
import { clean, fail, type GumCredError } from "../../core/errors.ts";
import { type JsonObject, parseJsonObject } from "../../core/json.ts";
import { type Secret, secret } from "../../core/secret.ts";
import { quoted, type ServerWords, serverWords, statusAdvice } from "../../core/server-words.ts";
import { type HttpResponse, isRedirect, isWebPage } from "../../net/http.ts";
import { withWait } from "../../net/retry-after.ts";
import { LONGEST_LIFE_S } from "../../resolve/lifetime.ts";

/** Tokens as the server issued them (RFC 6749 §5.1). */
export interface TokenSet {
  readonly accessToken: Secret;
  /** Null when none was sent: after a refresh the old one stays good. */
  readonly refreshToken: Secret | null;
  /** Seconds, 1 to ten years; null when missing or invalid. */
  readonly expiresIn: number | null;
  readonly scope: string | null;
}

/** What was asked for, as it is called in messages. */
type Step = "sign-in" | "refresh" | "revocation";

type Answer = Pick<HttpResponse, "status" | "contentType" | "headers" | "body">;

const PORTAL_HINT = "sign in to the network you are on, or check the base URL; nothing stored was changed";

/**
 * The tokens of a response. Throws what a refusal means. `sent` are the secrets of the request: a server may
 * echo them in its error text. Throws as `refresh` and `exchangeCode` say.
 */
export function parseTokenResponse(answer: Answer, step: Step, sent: readonly Secret[]): TokenSet {
  const json = successJson(answer, step, sent);
  if (json === null) throw malformed(step, "is not a JSON object");
  const type = json["token_type"];
  // RFC 6750 §6.1.1. Missing is tolerated: there is no other kind this client could have asked for.
  if (type !== undefined && !(typeof type === "string" && type.toLowerCase() === "bearer")) {
    throw malformed(step, "has a token of an unknown type");
  }
  const accessToken = token(json, "access_token", step);
  if (accessToken === null) throw malformed(step, "has no access token");
  const scope = json["scope"];
  return {
    accessToken,
    refreshToken: token(json, "refresh_token", step),
    expiresIn: lifetime(json["expires_in"]),
    scope: typeof scope === "string" && scope !== "" ? clean(scope) : null,
  };
}

/** Returns when the answer says that the token is revoked (RFC 7009 §2.2: status 200, the body is ignored). */
export function checkRevocationResponse(answer: Answer, sent: readonly Secret[]): void {
  successJson(answer, "revocation", sent);
}

/** The body of a success; null when it is not a JSON object. Throws what a refusal means. */
function successJson(answer: Answer, step: Step, sent: readonly Secret[]): JsonObject | null {
  const json = parseJsonObject(answer.body);
  const words = serverWords(json, sent);
  const passing = passingFailure(answer, words, step);
  if (passing) throw passing;
  const error = json?.["error"] ?? null;
  // Some servers answer an error with status 200 (golang/oauth2, TestTokenRetrieveError200).
  if (answer.status < 300 && error === null) return json;
  throw refusal(answer.status, words, step);
}

const PASSING: ReadonlySet<string> = new Set(["server_error", "temporarily_unavailable"]);

/** Failures of the way or the server, which say nothing about the credential; null when there is none. */
function passingFailure(answer: Answer, words: ServerWords, step: Step): GumCredError | null {
  const { status } = answer;
  const said = `the server responded to the ${step} with status ${status}${quoted(words)}`;
  if (status === 408) return fail("E_TIMEOUT", said);
  const waiting = withWait(said, undefined, answer.headers, Date.now());
  if (status === 429) return fail("E_RATE_LIMITED", ...waiting);
  if (status >= 500) return fail("E_SERVER", ...waiting);
  if (isRedirect(answer)) return fail("E_NETWORK", `${said}, a redirect, which is not followed`, PORTAL_HINT);
  return isWebPage(answer)
    ? fail("E_NETWORK", `a web page responded to the ${step} in place of the server`, PORTAL_HINT)
    : null;
}

function refusal(status: number, words: ServerWords, step: Step): GumCredError {
  const { codes } = words;
  const said = `the server refused the ${step} (${status})${quoted(words)}`;
  if (codes.includes("invalid_grant") && step === "refresh") {
    const more = words.text === "invalid_grant" ? "" : quoted(words);
    return fail("E_EXPIRED", `the session has ended: the server no longer accepts its refresh token${more}`);
  }
  // RFC 6749 §4.1.2.1 has these for redirects; some servers use them here as well.
  if (codes.some((code) => PASSING.has(code))) return fail("E_SERVER", said);
  const advice = statusAdvice(status);
  if (advice !== null) return fail("E_FORBIDDEN", said, advice);
  if (status === 403 || codes.includes("insufficient_scope")) {
    return fail("E_FORBIDDEN", said, "check that your Gumloop plan includes API access (Pro and above)");
  }
  const again = "sign in again; an API key works too: --method api-key";
  return fail("E_REJECTED", said, step === "sign-in" ? again : "run 'gum-cred login' to sign in again");
}

function token(json: JsonObject, name: "access_token" | "refresh_token", step: Step): Secret | null {
  const value = json[name] ?? "";
  if (value === "") return null;
  // RFC 6749 appendix A.12 without the space, which no header could carry (RFC 6750 §2.1).
  if (typeof value !== "string" || !/^[\x21-\x7e]+$/.test(value)) {
    throw malformed(step, `has a malformed ${name}`);
  }
  return secret(value);
}

function malformed(step: Step, what: string): GumCredError {
  return fail("E_MALFORMED", `the server's response to the ${step} ${what}`);
}

function lifetime(value: unknown): number | null {
  const seconds = typeof value === "string" && /^\d+(?:\.\d+)?$/.test(value) ? Number(value) : value;
  if (typeof seconds !== "number" || !Number.isFinite(seconds) || seconds < 1) return null;
  return Math.min(Math.floor(seconds), LONGEST_LIFE_S);
}
