/**
 * Explains a failed request in words. Reads Bun's error codes only: its messages and `path` quote the
 * whole URL, query included. Pure.
 */
import { clean, fail, GumCredError } from "../core/errors.ts";
import { systemCode } from "../core/system-error.ts";
import type { UpstreamProxy } from "./proxy.ts";

/** Codes of the resolver, the system and Bun's HTTP client. */
const CONNECTION: Readonly<Record<string, string>> = {
  ENOTFOUND: "its name cannot be resolved (DNS)",
  EAI_AGAIN: "its name cannot be resolved now (DNS)",
  ENOENT: "the socket does not exist",
  FailedToOpenSocket: "the connection could not be opened",
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "the connection was cut off",
  EPIPE: "the connection was cut off",
  ENETUNREACH: "the network cannot be reached",
  EHOSTUNREACH: "the host cannot be reached",
  EPROTO: "the TLS handshake failed",
  ERR_PROXY_TUNNEL: "it refused the connection to the server",
  Malformed_HTTP_Response: "the answer is not HTTP",
};

/** X.509 verification results of OpenSSL and BoringSSL (openssl-verification-options(1)). */
const CERTIFICATE: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: "it is self-signed",
  SELF_SIGNED_CERT_IN_CHAIN: "its chain ends in an unknown authority",
  UNABLE_TO_GET_ISSUER_CERT: "its issuer is unknown",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its issuer is unknown",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its issuer is unknown",
  CERT_HAS_EXPIRED: "it has expired",
  CERT_NOT_YET_VALID: "it is not valid yet",
  CERT_REVOKED: "it was revoked",
  ERR_TLS_CERT_ALTNAME_INVALID: "it belongs to another host",
};

const CERTIFICATE_HINT = "check this machine's clock, the base URL, and whether something reads the traffic";

const PROXY_HINT = "check the proxy, or name the host in NO_PROXY to go without it";

/** Whoever is at fault, a request that goes through a proxy reaches nothing else. */
function proxyFailure(code: string, place: string, { variable, scheme, host }: UpstreamProxy): GumCredError {
  if (scheme !== "http" && scheme !== "https") {
    const message = `${variable} names a ${clean(scheme, 20)} proxy, which gum-cred does not support`;
    return fail("E_NETWORK", message, "set it to an http:// or https:// proxy");
  }
  const reason = CONNECTION[code] ?? `the request failed${code && ` (${clean(code, 60)})`}`;
  return fail("E_NETWORK", `${place}: through the proxy ${clean(host)} (${variable}): ${reason}`, PROXY_HINT);
}

/**
 * An error of fetch as one of ours, E_NETWORK or E_TIMEOUT, `untrusted` for a certificate. One that is ours already
 * stays what it is.
 */
export function networkFailure(
  error: unknown,
  place: string,
  proxy: UpstreamProxy | null = null,
  untrusted: "E_NETWORK" | "E_UNTRUSTED" = "E_NETWORK",
): GumCredError {
  if (error instanceof GumCredError) return error;
  const code = systemCode(error) ?? "";
  if (code === "ETIMEDOUT") return fail("E_TIMEOUT", `${place}: the connection timed out`);
  const certificate = CERTIFICATE[code] ?? (/CERT|^UNABLE_TO_|^CRL_/.test(code) ? clean(code, 60) : null);
  if (certificate !== null) {
    const message = `${place}: the TLS certificate was refused: ${certificate}`;
    return fail(untrusted, message, untrusted === "E_UNTRUSTED" ? undefined : CERTIFICATE_HINT);
  }
  if (proxy !== null) return proxyFailure(code, place, proxy);
  const reason = CONNECTION[code] ?? `the request failed${code && ` (${clean(code, 60)})`}`;
  return fail("E_NETWORK", `${place}: ${reason}`);
}
