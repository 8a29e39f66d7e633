/**
 * One request to Vault or OpenBao over their HTTP API, and what its failures mean. A token goes only to the address
 * that the policy names: redirects are refused, certificates are checked against `ca_file` where there is one.
 */
import { clean, fail, type GumCredError } from "../../../core/errors.ts";
import { scrub } from "../../../core/scrub.ts";
import { reveal, type Secret, secret } from "../../../core/secret.ts";
import { leaves, secretsIn } from "../../../core/server-words.ts";
import type { HttpResponse } from "../../../net/http.ts";
import { withWait } from "../../../net/retry-after.ts";
import type { Asking } from "../asking.ts";
import { readBounded } from "../file.ts";
import { type VaultPlace, type VaultSource, vaultPlace } from "./settings.ts";

/** A bundle of every public authority has about 250 KiB. */
const AUTHORITIES_BYTES = 1024 * 1024;

export interface VaultRequest {
  readonly method: "GET" | "POST";
  /** Below `/v1/`, encoded. */
  readonly path: string;
  readonly token: Secret | null;
  readonly body?: Readonly<Record<string, string>>;
  /** What the server may quote, beside the token. */
  readonly secrets?: readonly Secret[];
  /** A login that is refused is 400 or 403; elsewhere 400 is a wrong request. */
  readonly step: "login" | "read" | "revoke";
  /** Milliseconds; what the source has left when left out. */
  readonly timeoutMs?: number;
}

/** A reply's JSON. Foreign. */
export type VaultReply = Readonly<Record<string, unknown>>;

export interface VaultClient {
  /**
   * Throws E_SOURCE_REJECTED (3), E_NETWORK, E_TIMEOUT, E_RATE_LIMITED and E_SERVER (5), E_REDIRECT_REFUSED and
   * E_UNTRUSTED (6), E_SOURCE_DATA (7). An empty reply is the empty object.
   */
  request(request: VaultRequest): Promise<VaultReply>;
}

/** A client of the server that a source names. Throws E_FILE_UNREADABLE and E_SOURCE_DATA for its `ca_file`. */
export async function vaultClient(source: VaultSource, asking: Asking): Promise<VaultClient> {
  const place = vaultPlace(source.address);
  const ca = source.caFile === null ? undefined : await readAuthorities(source.caFile, asking.whose);
  return { request: (request) => ask(request, source, place, ca, asking) };
}

async function ask(
  request: VaultRequest,
  source: VaultSource,
  place: VaultPlace,
  ca: string | undefined,
  asking: Asking,
): Promise<VaultReply> {
  // Vault refuses requests without it where a proxy is told to, against requests that a browser was made to send.
  const headers = [{ name: "X-Vault-Request", value: secret("true") }];
  if (source.namespace !== null) headers.push({ name: "X-Vault-Namespace", value: secret(source.namespace) });
  if (request.token !== null) headers.push({ name: "X-Vault-Token", value: request.token });
  const text = request.body && secret(JSON.stringify(request.body));
  const response = await asking.send({
    ...{ url: `${place.base}/v1/${request.path}`, socket: place.socket, ca, untrusted: "E_UNTRUSTED" },
    ...{ method: request.method, headers, timeoutMs: request.timeoutMs ?? asking.deadline.left() },
    ...(text ? { body: { contentType: "application/json", text } } : {}),
  });
  const reply = parseReply(response);
  const show = speaker([...(request.secrets ?? []), ...(request.token ? [request.token] : [])], reply);
  for (const warning of texts(reply?.["warnings"])) {
    asking.warn(`${asking.whose}: the server warns: ${show(warning)}`);
  }
  const what = `${asking.whose}: ${clean(source.address, 120)}`;
  if (response.status < 200 || response.status > 299) throw fault(request, response, reply, show, what);
  if (reply === null && response.body.trim() !== "") {
    throw fail("E_SOURCE_DATA", `${what} did not reply with JSON`, "check the address");
  }
  return reply ?? {};
}

function fault(
  request: VaultRequest,
  { status, headers }: Pick<HttpResponse, "status" | "headers">,
  reply: VaultReply | null,
  show: (text: string, limit?: number) => string,
  what: string,
): GumCredError {
  const said = texts(reply?.["errors"]).map((text) => show(text, 200));
  const quote = said.length > 0 ? `: ${said.join("; ")}` : "";
  const step = STEPS[request.step];
  if (status >= 300 && status <= 399) {
    const hint = "name the active node or a load balancer as the address; a token is never sent on";
    return fail("E_REDIRECT_REFUSED", `${what} redirects (${status})`, hint);
  }
  const refused = status === 401 || status === 403 || (status === 400 && request.step === "login");
  if (refused)
    return fail(
      "E_SOURCE_REJECTED",
      `${what} refused the ${step} (${status})${quote}`,
      REFUSED[request.step],
    );
  if (status === 429) {
    const said = `${what}: too many requests (429)${quote}`;
    return fail("E_RATE_LIMITED", ...withWait(said, undefined, headers, Date.now()));
  }
  if (status === 503 && said.some((text) => /sealed/i.test(text))) {
    return fail("E_SERVER", `${what} is sealed (503)`, "ask its operators to unseal it");
  }
  // 408, and 412: a replica has not caught up with the token yet.
  if (status >= 500 || status === 408 || status === 412) {
    return fail("E_SERVER", `${what} failed the ${step} (${status})${quote}`);
  }
  if (status === 404) {
    if (isDeleted(reply))
      return fail("E_SOURCE_DATA", `${what}: the latest version of the key was deleted (404)`);
    const hint = "check mount, path, namespace, and the version of the KV engine";
    return fail("E_SOURCE_DATA", `${what} has nothing at ${clean(request.path, 200)} (404)${quote}`, hint);
  }
  return fail("E_SOURCE_DATA", `${what}: unexpected status ${status} for the ${step}${quote}`);
}

/** More than this is not looked for in what a server says: its words are then left out. */
const LARGEST_DELIVERY = 64 * 1024;

/** Shows what the server says, without what it was sent and what the same reply delivers: a key, or a login's token. */
function speaker(
  sent: readonly Secret[],
  reply: VaultReply | null,
): (text: string, limit?: number) => string {
  let secrets: readonly Secret[] | undefined;
  return (text, limit) => {
    secrets ??= [...sent, ...delivered(reply)];
    const size = secrets.reduce((sum, one) => sum + reveal(one).length, 0);
    return size > LARGEST_DELIVERY ? "(not shown beside so large a secret)" : scrub(text, secrets, limit);
  };
}

/** Every field at the path, under whatever name, and the tokens of a login. */
function delivered(reply: VaultReply | null): readonly Secret[] {
  return [...leaves(reply?.["data"], () => true), ...secretsIn(reply)];
}

/** A deleted version of KV 2 is 404 with its metadata; a path that never was has none. */
function isDeleted(reply: VaultReply | null): boolean {
  const data = reply?.["data"];
  return typeof data === "object" && data !== null && "metadata" in data;
}

const STEPS = { login: "login", read: "request to read the key", revoke: "request to revoke its token" };
const REFUSED = {
  login: "check the role, its bound claims, and that the login has not expired; no other key is used",
  read: "check that the token is valid and its policy allows reading this path; no other key is used",
  revoke: undefined,
};

function parseReply(response: HttpResponse): VaultReply | null {
  try {
    const value: unknown = JSON.parse(response.body);
    return typeof value === "object" && value !== null ? (value as VaultReply) : null;
  } catch {
    return null;
  }
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((text) => typeof text === "string").slice(0, 3) : [];
}

/** Kubernetes mounts it through links, so these are followed. */
async function readAuthorities(path: string, whose: string): Promise<string> {
  const text = new TextDecoder().decode(await readBounded(path, `${whose}: ca_file`, AUTHORITIES_BYTES));
  if (!/-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----/.test(text)) {
    throw fail("E_SOURCE_DATA", `${whose}: ca_file ${clean(path)} holds no PEM certificate`);
  }
  return text;
}
