/** Doctor's checks of the server: whether it is reachable, clock skew, and why a credential is refused. */
import type { Credential } from "../../core/credential.ts";
import { fail, GumCredError } from "../../core/errors.ts";
import { parseJsonObject } from "../../core/json.ts";
import { quoted, serverWords } from "../../core/server-words.ts";
import { EXPIRY_SLACK_MS } from "../../gumloop/expiry.ts";
import { type HttpResponse, isRedirect, isWebPage, send } from "../../net/http.ts";
import { withWait } from "../../net/retry-after.ts";
import type { Ports, Scope, Surroundings, Voice } from "../../resolve/ports.ts";
import { verifyInForce } from "../verify-in-force.ts";
import { type Check, ok, problem, warning } from "./check.ts";

/** One request without a credential; what the response says about the connection and the clock. */
export async function checkServer(baseUrl: string, ports: Surroundings & Voice): Promise<readonly Check[]> {
  const sentMs = ports.now();
  try {
    const answer = await ports.busy("Asking Gumloop", send({ url: `${baseUrl}/models` }));
    const clock = checkClock(answer.headers.get("date"), (sentMs + ports.now()) / 2);
    return [classifyServer(new URL(baseUrl).origin, answer), ...clock];
  } catch (error) {
    if (error instanceof GumCredError) return [problem("server", error)];
    throw error;
  }
}

const PORTAL_HINT = "sign in to the network you are on, or check --base-url";

function classifyServer(origin: string, answer: HttpResponse): Check {
  const { status } = answer;
  if (isRedirect(answer)) {
    const error = fail(
      "E_REDIRECT_REFUSED",
      `${origin} redirects elsewhere (${status}), which is not followed`,
    );
    return problem("server", error, PORTAL_HINT);
  }
  if (isWebPage(answer)) {
    return problem("server", fail("E_NETWORK", `a web page responds in place of ${origin}`, PORTAL_HINT));
  }
  const words = quoted(serverWords(parseJsonObject(answer.body), []));
  if (status === 408 || status === 429 || status >= 500) {
    const said = `${origin} responds with a temporary failure (${status})${words}`;
    return problem("server", fail("E_SERVER", ...withWait(said, undefined, answer.headers, Date.now())));
  }
  if (status !== 200 && status !== 401 && status !== 403) {
    return warning(
      "server",
      `${origin} responds, but not like the Gumloop API (${status})${words}`,
      "check --base-url",
    );
  }
  const how = origin.startsWith("https:") ? "over TLS, certificate verified" : "without TLS, on this machine";
  return ok("server", `${origin} responds ${how}`);
}

/** RFC 9110 §6.6.1; a second's resolution. No header, no check. */
function checkClock(date: string | null, nowMs: number): readonly Check[] {
  const serverMs = Date.parse(date ?? "");
  if (Number.isNaN(serverMs)) return [];
  const skewMs = nowMs - serverMs;
  if (Math.abs(skewMs) <= EXPIRY_SLACK_MS) return [ok("clock", "agrees with the server's clock")];
  const direction = skewMs > 0 ? "ahead of" : "behind";
  const message = `this machine's clock is ${Math.round(Math.abs(skewMs) / 1000)} s ${direction} the server's`;
  const hint = "set the clock, by NTP for example; until then sessions are refreshed too early or too late";
  return [warning("clock", message, hint)];
}

/** Whether Gumloop accepts what is in force, and if not, why that may be. */
export async function checkAcceptance(
  winner: Credential,
  baseUrl: string,
  scope: Scope,
  ports: Ports,
): Promise<Check> {
  const { error } = (await verifyInForce(winner, baseUrl, scope, ports)).verification;
  return error ? problem("acceptance", error) : ok("acceptance", "Gumloop accepts the credential");
}
