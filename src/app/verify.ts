/** Asks a provider whether it accepts a credential, and says what came of it in our own words. */
import type { Credential } from "../core/credential.ts";
import { fail, GumCredError } from "../core/errors.ts";
import { quoted } from "../core/server-words.ts";
import { send } from "../net/http.ts";
import { withWait } from "../net/retry-after.ts";
import type { Answer, Assessment, Provider, RequestScope } from "../providers/contract.ts";
import type { Voice } from "../resolve/ports.ts";

export type Outcome = "verified" | "rejected" | "unreachable";

export interface Verification {
  /** How the provider read the answer; null when there was none. */
  readonly assessment: Assessment | null;
  readonly outcome: Outcome;
  /** Why it is not verified. */
  readonly error: GumCredError | null;
}

/** Verifies a credential with one request. Failures are returned, bugs are thrown. */
export async function verify(
  provider: Provider,
  credential: Pick<Credential, "method" | "value" | "userId">,
  scope: RequestScope,
  ports: Pick<Voice, "debug">,
): Promise<Verification> {
  try {
    if (provider.check) return verificationOf(null, await provider.check(credential.value));
    const unverifiable = provider.unverifiable?.(scope) ?? null;
    if (unverifiable) return verificationOf(null, unverifiable);
    const request = provider.verification(credential, scope);
    const response = await send({ method: "GET", url: request.url, headers: request.headers });
    const answer: Answer = {
      status: response.status,
      contentType: response.headers.get("content-type") ?? "",
      body: response.body,
    };
    ports.debug(`GET ${new URL(request.url).pathname}: ${answer.status}`);
    const assessment = provider.judge(answer, credential);
    return verificationOf(answer.status, assessment, response.headers);
  } catch (error) {
    if (error instanceof GumCredError) return { outcome: "unreachable", assessment: null, error };
    throw error;
  }
}

/** `status` is null where a program was asked and no server. */
function verificationOf(
  status: number | null,
  assessment: Assessment,
  headers: Pick<Headers, "get"> = new Headers(),
): Verification {
  const error = failure(status ?? 0, assessment, headers);
  if (!error) return { outcome: "verified", assessment, error: null };
  const [message] = WAITING.has(error.code)
    ? withWait(assessment.message, undefined, headers, Date.now())
    : [assessment.message];
  const outcome = error.exitCode === 3 ? "rejected" : "unreachable";
  return { outcome, assessment: { ...assessment, message }, error };
}

/** Failures of a server that may say how long to wait. */
const WAITING: ReadonlySet<string> = new Set(["E_RATE_LIMITED", "E_SERVER"]);

/** Statuses that refuse the request and not the credential: payment, permission. */
const FORBIDDEN: ReadonlySet<number> = new Set([402, 403]);

/**
 * What a verdict is as an error. The provider reads the answer first: OpenAI's 429 may be a good key without
 * credit. Only where it could read nothing of the key does the status say what kind of failure it is.
 */
export function failure(
  status: number,
  { verdict, message, hint, said = "", isRequest = false }: Assessment,
  headers: Pick<Headers, "get">,
): GumCredError | null {
  switch (verdict) {
    case "valid":
    case "restricted":
    case "no_quota":
      return null;
    case "rejected":
      return fail(
        isRequest || FORBIDDEN.has(status) ? "E_FORBIDDEN" : "E_REJECTED",
        message,
        hint ?? undefined,
      );
    case "unreachable":
      return transient(status, said, headers) ?? fail("E_NETWORK", message, hint ?? undefined);
    case "unverifiable":
      return transient(status, said, headers) ?? fail("E_MALFORMED", message, hint ?? undefined);
  }
}

/** Statuses that say nothing about the credential. */
function transient(status: number, said: string, headers: Pick<Headers, "get">): GumCredError | null {
  if (status >= 300 && status < 400) {
    return fail(
      "E_REDIRECT_REFUSED",
      `the server redirects elsewhere (${status}); redirects are never followed`,
    );
  }
  const waiting = (what: string) =>
    withWait(`${what}${quoted({ text: said })}`, undefined, headers, Date.now());
  if (status === 429) return fail("E_RATE_LIMITED", ...waiting("the server limits requests right now (429)"));
  if (status === 408 || status >= 500) return fail("E_SERVER", ...waiting(`the server failed (${status})`));
  return null;
}
