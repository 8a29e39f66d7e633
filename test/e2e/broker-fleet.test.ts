/** The broker with keys from Vault and from a workload's identity: what goes upstream, and what a failing source does. */
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { run } from "../support/binary.ts";
import { federationSource, startFederation } from "../support/federation.ts";
import { makeIssuer } from "../support/identity.ts";
import { writePolicy } from "../support/policy.ts";
import { selfSigned } from "../support/self-signed.ts";

const AUDIENCE = "acme-llm";
const PERSONAL = "sk-personal-EXAMPLE-weaker";
const folder = mkdtempSync("/tmp/gum-cred-broker-fleet-");
const issuer = makeIssuer();
const identities = startFederation(issuer, AUDIENCE);

/** Every vendor's own host at once, behind a proxy that leads each of them here. */
const { certificate, key, file } = selfSigned(folder, "DNS:api.openai.com,DNS:api.anthropic.com");
const arrived: { path: string; headers: Record<string, string> }[] = [];
const vendor = Bun.serve({
  ...{ hostname: "127.0.0.1", port: 0, development: false, tls: { cert: certificate, key } },
  fetch: ({ url, headers }) => {
    arrived.push({ path: new URL(url).pathname, headers: Object.fromEntries(headers) });
    return Response.json({ ok: true });
  },
});
const proxy = createServer((client) => {
  client.once("data", () => {
    const server = connect(vendor.port ?? 0, "127.0.0.1", () => client.write("HTTP/1.1 200 OK\r\n\r\n"));
    server.pipe(client);
    client.pipe(server);
    for (const end of [server, client]) end.on("error", () => end.destroy());
  });
});
await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", () => resolve()));
const { port } = proxy.address() as { port: number };

let sealed = false;
let logins: string[] = [];
const vault = Bun.serve({
  ...{ hostname: "127.0.0.1", port: 0, development: false },
  fetch: (request) => {
    const { pathname } = new URL(request.url);
    logins.push(pathname);
    if (sealed) return Response.json({ errors: ["Vault is sealed"] }, { status: 503 });
    if (pathname.endsWith("/login"))
      return Response.json({ auth: { client_token: "s.EXAMPLE", lease_duration: 3600 } });
    if (pathname.endsWith("/revoke-self")) return new Response(null, { status: 204 });
    return Response.json({ data: { data: { key: "sk-vault-EXAMPLE-0123456789" } } });
  },
});

beforeEach(() => {
  arrived.length = 0;
  logins = [];
  sealed = false;
  identities.answer = null;
});
afterAll(async () => {
  proxy.close();
  identities.stop();
  await Promise.all([vendor.stop(true), vault.stop(true)]);
  rmSync(folder, { recursive: true, force: true });
});

const address = `http://127.0.0.1:${vault.port}`;
const auth = { approle: { role_id: "role-EXAMPLE" } };
const SOURCES = {
  openai: { vault: { address, mount: "secret", path: "llm/openai", field: "key", auth } },
  anthropic: federationSource("anthropic", identities.origin, { github_actions: { audience: AUDIENCE } }),
};

async function broker(rules: object, script: string, given: Record<string, string> = {}) {
  const env = {
    ...{
      DBUS_SESSION_BUS_ADDRESS: "",
      XDG_RUNTIME_DIR: "",
      OPENAI_API_KEY: PERSONAL,
      ANTHROPIC_API_KEY: PERSONAL,
    },
    ...{ HTTPS_PROXY: `http://127.0.0.1:${port}`, SSL_CERT_FILE: file },
    ...identities.job,
    ...writePolicy(`${folder}/policy.json`, rules),
    ...given,
  };
  const result = await run(["broker", ...Object.keys(rules), "--", "sh", "-c", script], { env });
  expect(result.stdout + result.stderr).not.toContain("EXAMPLE");
  return result;
}

const ASK = {
  openai: 'curl -sS -m 10 -H "Authorization: Bearer $OPENAI_API_KEY" "$OPENAI_BASE_URL/models"',
  anthropic: 'curl -sS -m 10 -H "x-api-key: $ANTHROPIC_API_KEY" "$ANTHROPIC_BASE_URL/v1/models"',
};

describe("a key from Vault", () => {
  const rules = { openai: { source: SOURCES.openai, exportable: false, allow: ["GET /v1/models"] } };

  test("goes upstream, by one login that is revoked at the end, within what the policy allows", async () => {
    const other = ASK.openai.replace("/models", "/files");
    const { code, stdout } = await broker(rules, `${ASK.openai}; ${ASK.openai}; ${other}`);
    expect([code, stdout]).toEqual([0, expect.stringContaining("policy allows")]);
    expect(arrived.map(({ path, headers }) => [path, headers["authorization"]])).toEqual([
      ["/v1/models", "Bearer sk-vault-EXAMPLE-0123456789"],
      ["/v1/models", "Bearer sk-vault-EXAMPLE-0123456789"],
    ]);
    expect(logins.filter((path) => path.endsWith("/login"))).toHaveLength(1);
    expect(logins.at(-1)).toBe("/v1/auth/token/revoke-self");
  });

  test("that cannot be read ends it before the command starts, and no other key is used", async () => {
    sealed = true;
    const { code, stdout, stderr } = await broker(rules, "echo ran");
    expect([code, stdout, stderr]).toEqual([125, "", expect.stringContaining("is sealed")]);
    expect(arrived).toEqual([]);
  });
});

describe("a token for an identity", () => {
  const rules = { anthropic: { source: SOURCES.anthropic } };

  test("goes upstream as a bearer with its beta, exchanged once for many requests, where no keychain is", async () => {
    const before = identities.exchanges();
    const { code } = await broker(rules, Array(4).fill(ASK.anthropic).join("; "));
    expect([code, identities.exchanges() - before]).toEqual([0, 1]);
    expect(arrived).toHaveLength(4);
    for (const { headers } of arrived) {
      expect(headers["authorization"]).toBe(`Bearer ${identities.issued.at(-1)}`);
      expect(headers["x-api-key"]).toBeUndefined();
      expect(headers["anthropic-beta"]).toContain("oauth-");
    }
  });

  test("that ends while the command runs is exchanged again", async () => {
    const before = identities.exchanges();
    identities.life = 31;
    const { code, stdout } = await broker(rules, `${ASK.anthropic}; sleep 2; ${ASK.anthropic}`);
    identities.life = 600;
    expect([code, stdout]).toEqual([0, '{"ok":true}{"ok":true}']);
    expect(identities.exchanges() - before).toBeGreaterThan(1);
    const bearers = new Set(arrived.map(({ headers }) => headers["authorization"]));
    expect(bearers.size).toBe(2);
  });

  test("that is refused is 125, and no other key is used", async () => {
    identities.answer = () => new Response("{}", { status: 403 });
    const { code, stdout } = await broker(rules, "echo ran");
    expect([code, stdout, arrived.length]).toEqual([125, "", 0]);
  });
});

test("both at once, each at its own vendor", async () => {
  const rules = { openai: { source: SOURCES.openai }, anthropic: { source: SOURCES.anthropic } };
  const { code } = await broker(rules, `${ASK.openai}; ${ASK.anthropic}`);
  expect(code).toBe(0);
  expect(arrived.map(({ headers }) => headers["host"])).toEqual(["api.openai.com", "api.anthropic.com"]);
});

test("what would get a key again reaches the command under no name, and the broker uses it", async () => {
  const token_env = { vault: { ...SOURCES.openai.vault, auth: { token_env: "XDG_ACME_TOKEN" } } };
  const rules = { openai: { source: token_env }, anthropic: { source: SOURCES.anthropic } };
  const given = {
    ...{ XDG_ACME_TOKEN: "s.EXAMPLE-of-acme", VAULT_TOKEN: "s.EXAMPLE-own", BAO_TOKEN: "s.EXAMPLE-bao" },
    ...{ COPY: "curl -H 'X-Vault-Token: s.EXAMPLE-of-acme'", VAULT_ADDR: address },
  };
  const show = "env; cat /proc/$PPID/environ | tr '\\0' '\\n'";
  const { stdout, code } = await broker(rules, `${show}; ${ASK.openai}; ${ASK.anthropic}`, given);
  expect(code).toBe(0);
  expect(stdout).not.toMatch(/^(?:COPY|XDG_ACME_TOKEN|VAULT_TOKEN|BAO_TOKEN|ACTIONS_ID_TOKEN\w+)=/m);
  expect(stdout).toContain(`VAULT_ADDR=${address}`);
  expect(arrived.map(({ headers }) => headers["host"])).toEqual(["api.openai.com", "api.anthropic.com"]);
});
