/**
 * The identity token of this workload: from GitHub Actions or Forgejo, a Kubernetes pod's file, any file, or a
 * command. It is asked for anew each time, because its life is as short as its supplier made it.
 */
import { type ErrorCode, fail, type GumCredError, hasCode } from "../../../core/errors.ts";
import { parseJsonObject } from "../../../core/json.ts";
import { scrub } from "../../../core/scrub.ts";
import { reveal, type Secret, secret } from "../../../core/secret.ts";
import { secretsIn } from "../../../core/server-words.ts";
import { withWait } from "../../../net/retry-after.ts";
import type { Asking } from "../asking.ts";
import { readSecretFile } from "../file.ts";
import type { TokenSupplier } from "./settings.ts";

/**
 * The identity token. `missing` is the code where the supplier has none: no file, no variables, an empty output.
 * Throws E_SOURCE_DATA (7) for text that is no token, and what the supplier's own request or command throws.
 */
export async function readIdentityToken(
  supplier: TokenSupplier,
  asking: Asking,
  missing: "E_SOURCE_DATA" | "E_SOURCE_REJECTED",
): Promise<Secret> {
  const token = await read(supplier, asking, missing);
  const none = (why: string) => noToken(missing, asking, why);
  if (token === null || reveal(token) === "") throw none(`${NAMES[supplier.kind]} supplied an empty one`);
  if (!/^[\x21-\x7e]+$/.test(reveal(token))) {
    throw fail(
      "E_SOURCE_DATA",
      `${asking.whose}: ${NAMES[supplier.kind]} supplied an identity token that holds white space or control characters`,
    );
  }
  if (reveal(token).length > LONGEST) {
    const what = `${asking.whose}: ${NAMES[supplier.kind]} supplied ${reveal(token).length} characters`;
    throw fail(
      "E_SOURCE_DATA",
      `${what}, and an identity token has at most ${LONGEST}`,
      "check 'token' in the policy",
    );
  }
  return token;
}

/** The most that Anthropic's own SDK sends; whatever is longer is a key or a certificate by mistake. */
const LONGEST = 16 * 1024;

const NAMES: Readonly<Record<TokenSupplier["kind"], string>> = {
  github_actions: "GitHub Actions",
  kubernetes: "Kubernetes",
  file: "the file",
  command: "the command",
};

function read(supplier: TokenSupplier, asking: Asking, missing: ErrorCode): Promise<Secret | null> {
  switch (supplier.kind) {
    case "github_actions":
      return askActions(supplier.audience, asking, missing);
    case "kubernetes":
    case "file":
      return readFile(supplier.path, asking, missing);
    case "command":
      return runSupplier(supplier.argv, asking);
  }
}

async function readFile(path: string, asking: Asking, missing: ErrorCode): Promise<Secret> {
  try {
    return await readSecretFile(path, asking.whose);
  } catch (error) {
    if (!hasCode(error, "E_FILE_UNREADABLE", "E_MALFORMED")) throw error;
    const message = error.message;
    const absent = error.code === "E_FILE_UNREADABLE" || / is empty$/.test(message);
    throw fail(absent ? missing : "E_SOURCE_DATA", message, "check 'token' in the policy");
  }
}

async function runSupplier(argv: readonly string[], asking: Asking): Promise<Secret | null> {
  const { runCommand } = await import("../command.ts");
  const whose = `${asking.whose}: identity token`;
  return secret(await runCommand(argv, asking.deadline.left(), whose, asking.mark));
}

/** https://docs.github.com/actions/reference/security/oidc; Forgejo has the same. */
async function askActions(
  audience: string | null,
  asking: Asking,
  missing: ErrorCode,
): Promise<Secret | null> {
  const url = asking.raw["ACTIONS_ID_TOKEN_REQUEST_URL"];
  const bearer = asking.raw["ACTIONS_ID_TOKEN_REQUEST_TOKEN"];
  if (!url || !bearer) {
    const variable = url ? "ACTIONS_ID_TOKEN_REQUEST_TOKEN" : "ACTIONS_ID_TOKEN_REQUEST_URL";
    const hint = "give the job 'permissions: id-token: write'";
    throw noToken(missing, asking, `${variable} is not set`, hint);
  }
  const query =
    audience === null ? "" : `${url.includes("?") ? "&" : "?"}audience=${encodeURIComponent(audience)}`;
  const request = secret(bearer);
  const response = await asking.send({
    ...{ url: url + query, timeoutMs: asking.deadline.left(), untrusted: "E_UNTRUSTED" },
    headers: [{ name: "authorization", value: secret(`bearer ${bearer}`) }],
  });
  const { status } = response;
  const what = `${asking.whose}: the identity service of GitHub Actions`;
  if (status >= 300 && status <= 399) throw fail("E_REDIRECT_REFUSED", `${what} redirects (${status})`);
  if (status === 400 || status === 401 || status === 403) {
    throw fail(
      "E_SOURCE_REJECTED",
      `${what} refused the request (${status}): ${scrub(response.body, [request, ...delivered(response.body)], 160)}`,
    );
  }
  if (status === 429) {
    const said = `${what}: too many requests (429)`;
    throw fail("E_RATE_LIMITED", ...withWait(said, undefined, response.headers, Date.now()));
  }
  if (status === 408 || status >= 500) throw fail("E_SERVER", `${what} failed (${status})`);
  if (status !== 200) throw fail("E_SOURCE_DATA", `${what}: unexpected status ${status}`);
  const value = tokenIn(response.body);
  if (value === null) throw fail("E_SOURCE_DATA", `${what} replied without a token`);
  return secret(value);
}

function tokenIn(body: string): string | null {
  const value = parseJsonObject(body)?.["value"];
  return typeof value === "string" ? value : null;
}

/** What a reply may not be quoted with. */
function delivered(body: string): readonly Secret[] {
  const token = tokenIn(body);
  return [...secretsIn(parseJsonObject(body)), ...(token === null ? [] : [secret(token)])];
}

function noToken(
  code: ErrorCode,
  asking: Asking,
  why: string,
  hint = "check 'token' in the policy",
): GumCredError {
  return fail(code, `${asking.whose}: there is no identity token: ${why}`, hint);
}
