/**
 * Classifies what came back from the browser, whether it arrived at the listener or was pasted. Pure: it reads
 * text and decides; nothing here listens, waits or answers.
 *
 * The state is looked at before anything else, because whoever does not know it is a stranger: any web page
 * and any process of this machine can reach the callback. What a stranger sends changes nothing, so that none can
 * end a sign-in with an error of its own making.
 */
import { clean, fail, type GumCredError } from "../../core/errors.ts";
import { type Secret, secret } from "../../core/secret.ts";

/** What this sign-in waits for. */
export interface Expected {
  readonly state: string;
  /** The authorization server's identifier (RFC 8414 §2): the origin. */
  readonly issuer: string;
  /** `http://127.0.0.1:<port>/callback`. */
  readonly redirectUri: string;
}

/** Not an answer to this sign-in. The wait goes on; `reason` is fixed text. */
export interface Ignored {
  readonly kind: "ignored";
  readonly reason: string;
  /** Whether it has the state of this sign-in, which only the server and this machine know. */
  readonly isOurs: boolean;
}

/** The server's answer to this sign-in, which ends the wait. */
export type Answered =
  | { readonly kind: "code"; readonly code: Secret }
  | { readonly kind: "failed"; readonly error: GumCredError };

/** Checks the parameters of an authorization response (RFC 6749 §4.1.2, RFC 9207 §2.4). */
export function parseCallback(parameters: URLSearchParams, expected: Expected): Answered | Ignored {
  const states = parameters.getAll("state");
  const [state] = states;
  if (state === undefined || states.length > 1 || !sameText(state, expected.state)) {
    return ignored("it does not belong to this sign-in");
  }
  // RFC 6749 §3.1: parameters must not be included more than once.
  if (new Set(parameters.keys()).size !== parameters.size) return ignored("it names a parameter twice", true);
  const issuer = parameters.get("iss");
  if (issuer !== null && issuer !== expected.issuer) return ignored("it comes from another server", true);
  const error = parameters.get("error");
  const code = parameters.get("code");
  if ((error === null) === (code === null)) return ignored("it is not an authorization response", true);
  if (error !== null) return { kind: "failed", error: refusal(error, parameters.get("error_description")) };
  return isCode(code ?? "")
    ? { kind: "code", code: secret(code ?? "") }
    : ignored("its code is malformed", true);
}

/**
 * Parses a line that the user pasted: the full address of the page the browser ended on, its query alone,
 * or the bare code. Anything with parameters is checked exactly like a callback.
 */
export function parsePasted(text: string, expected: Expected): Answered | Ignored {
  const line = unwrapped(text);
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(line)) {
    const url = URL.canParse(line) ? new URL(line) : null;
    // Through URL, because a browser leaves port 80 out.
    const redirect = new URL(expected.redirectUri);
    if (url === null || url.origin !== redirect.origin || url.pathname !== redirect.pathname) {
      return ignored(`it is not an address that starts with ${expected.redirectUri}`);
    }
    return parseCallback(url.searchParams, expected);
  }
  const query = /^\??((?:code|state|error|iss)=.*)$/.exec(line)?.[1];
  if (query !== undefined) return parseCallback(new URLSearchParams(query), expected);
  return isCode(line)
    ? { kind: "code", code: secret(withoutPercents(line)) }
    : ignored("it is neither an address nor a code");
}

/** A code as it was before it became part of an address: who copies one there copies it encoded. */
function withoutPercents(code: string): string {
  if (!/%[0-9A-Fa-f]{2}/.test(code)) return code;
  try {
    const decoded = decodeURIComponent(code);
    return isCode(decoded) ? decoded : code;
  } catch {
    return code;
  }
}

/**
 * What was copied, without what copying adds: marks of a bracketed paste, line ends and blanks where a terminal wrapped
 * it, quotes or angle brackets around it; and with the scheme that browsers hide.
 */
function unwrapped(text: string): string {
  const plain = withoutPasteMarks(text).trim();
  const whole = /\/callback\b|^\W?(?:code|state|error|iss)=/.test(plain) ? plain.replace(/\s+/g, "") : plain;
  const bare = whole.replace(/^[<"'`(]+|[>"'`)]+$/g, "");
  return /^(?:127\.0\.0\.1|localhost):\d+\//i.test(bare) ? `http://${bare}` : bare;
}

/** A text without what a terminal puts around a bracketed paste. */
export function withoutPasteMarks(text: string): string {
  return text.replace(/\u001b?\[20[01]~/g, "");
}

/** Visible ASCII, a stricter form of RFC 6749 appendix A.11. */
function isCode(text: string): boolean {
  return /^[\x21-\x7e]{1,4096}$/.test(text);
}

/** Compares in time that depends only on the length. The length of a state is not secret. */
function sameText(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}

function refusal(error: string, description: string | null): GumCredError {
  if (error === "access_denied") return fail("E_AUTHORIZATION_DENIED", "access was denied in the browser");
  const reason = clean(description ?? "") || clean(error) || "no reason given";
  // RFC 6749 §4.1.2.1: these two replace the statuses 500 and 503, which a redirect cannot carry.
  const passing = error === "server_error" || error === "temporarily_unavailable";
  const code = passing ? "E_SERVER" : "E_REJECTED";
  return fail(
    code,
    `the server refused the sign-in: ${reason}`,
    "sign in again; an API key works too: --method api-key",
  );
}

function ignored(reason: string, isOurs = false): Ignored {
  return { kind: "ignored", reason, isOurs };
}
