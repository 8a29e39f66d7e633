/**
 * Exchanges a workload's identity token for a vendor's short-lived one. Nothing is kept here (see ../kept.ts), and
 * there is no long-lived key that could stand in.
 */
import { fail, type GumCredError } from "../../../core/errors.ts";
import { scrub } from "../../../core/scrub.ts";
import { reveal, type Secret, secret } from "../../../core/secret.ts";
import { secretsIn } from "../../../core/server-words.ts";
import { type HttpResponse, isWebPage } from "../../../net/http.ts";
import { withWait } from "../../../net/retry-after.ts";
import { lifeSeconds } from "../../lifetime.ts";
import type { Asking } from "../asking.ts";
import { whyRefused } from "./claims.ts";
import { EXCHANGES, type FederationSource, tokenUrl } from "./settings.ts";
import { readIdentityToken } from "./suppliers.ts";

/** A vendor's token. */
export interface VendorToken {
  readonly value: Secret;
  /** Milliseconds since 1970; null where the vendor said nothing usable. */
  readonly expiresAt: number | null;
}

/**
 * Asks supplier and vendor. `now` in milliseconds since 1970. Throws E_SOURCE_REJECTED (3), E_NETWORK, E_TIMEOUT,
 * E_RATE_LIMITED, E_SERVER and E_SOURCE_FAILED (5), E_REDIRECT_REFUSED, E_UNTRUSTED and E_BASE_URL_REFUSED (6),
 * E_SOURCE_DATA (7).
 */
export async function exchangeToken(
  source: FederationSource,
  asking: Asking,
  now: () => number,
): Promise<VendorToken> {
  const identity = await readIdentityToken(source.token, asking, "E_SOURCE_DATA");
  const vendor = EXCHANGES[source.provider];
  const fields = { ...vendor.fixed, ...source.ids, [vendor.tokenField]: reveal(identity) };
  const form = vendor.encoding === "form";
  // Counted from before the request: an answer that takes long has aged on its way.
  const asked = now();
  const response = await asking.send({
    ...{ url: tokenUrl(source), method: "POST", timeoutMs: asking.deadline.left(), untrusted: "E_UNTRUSTED" },
    headers: Object.entries(vendor.headers).map(([name, value]) => ({ name, value: secret(value) })),
    body: {
      contentType: form ? "application/x-www-form-urlencoded" : "application/json",
      text: secret(form ? new URLSearchParams(fields).toString() : JSON.stringify(fields)),
    },
  });
  const what = `${asking.whose}: ${new URL(tokenUrl(source)).host}`;
  if (response.status !== 200) throw fault(response, identity, what, asked);
  return parseToken(response, what, asked);
}

function fault(response: HttpResponse, identity: Secret, what: string, now: number): GumCredError {
  const { status } = response;
  const said = errorText(response);
  const quote = said === "" ? "" : `: ${scrub(said, [identity, ...secretsIn(record(response.body))], 200)}`;
  if (status >= 300 && status <= 399) {
    return fail(
      "E_REDIRECT_REFUSED",
      `${what} redirects (${status})`,
      "check token_url; a token is never sent on",
    );
  }
  if (status === 400 || status === 401 || status === 403) {
    const message = `${what} refused to exchange the identity token (${status})${quote}`;
    const date = Date.parse(response.headers.get("date") ?? "");
    return fail("E_SOURCE_REJECTED", message, `${whyRefused(identity, now, date)}; no other key is used`);
  }
  if (status === 429) {
    const said = `${what}: too many requests (429)${quote}`;
    return fail("E_RATE_LIMITED", ...withWait(said, undefined, response.headers, now));
  }
  if (status === 408 || status >= 500) return fail("E_SERVER", `${what} failed (${status})${quote}`);
  return fail("E_SOURCE_DATA", `${what}: unexpected status ${status}${quote}`);
}

/** The error in an answer: OAuth's (RFC 6749 §5.2), or an object with a message, as the vendors' own APIs have it. */
function errorText(response: HttpResponse): string {
  if (isWebPage(response)) return "a web page";
  const body = record(response.body);
  const error = body?.["error"];
  const inner =
    typeof error === "object" && error !== null ? (error as Record<string, unknown>)["message"] : error;
  return [inner, body?.["error_description"], body?.["message"]]
    .filter((text) => typeof text === "string" && text !== "")
    .join(": ");
}

function parseToken(response: HttpResponse, what: string, asked: number): VendorToken {
  const body = record(response.body);
  const token = body?.["access_token"];
  if (typeof token !== "string" || token === "") {
    throw fail("E_SOURCE_DATA", `${what} replied without a token`, "check token_url");
  }
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw fail("E_SOURCE_DATA", `${what} replied with a token that holds white space or control characters`);
  }
  const type = body?.["token_type"];
  if (type !== undefined && type !== null && String(type).toLowerCase() !== "bearer") {
    throw fail("E_SOURCE_DATA", `${what} replied with a token that is not a bearer token`);
  }
  const seconds = lifeSeconds(body?.["expires_in"]);
  return { value: secret(token), expiresAt: seconds === null ? null : asked + Math.floor(seconds * 1000) };
}

function record(body: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
