/** Keys in Vault or OpenBao, read by the built binary from a real server: every way to log in, every fault. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { assertNoLeak, run } from "../support/binary.ts";
import { makeIssuer, refusal } from "../support/identity.ts";
import { OPENBAO, type OpenBao, startOpenBao } from "../support/openbao.ts";
import { writePolicy } from "../support/policy.ts";
import { selfSigned } from "../support/self-signed.ts";

const KEY = "sk-vault-EXAMPLE-0123456789";
const OTHER = "sk-other-EXAMPLE-0123456789";
const PERSONAL = "sk-personal-EXAMPLE-weaker";
const folder = mkdtempSync("/tmp/gum-cred-vault-");
const issuer = makeIssuer();

let bao: OpenBao;
let reader = "";
let approle = { role_id: "", secret_id: "" };

beforeAll(async () => {
  if (OPENBAO === null) return;
  bao = await startOpenBao(folder);
  await bao.api("POST", "secret/data/llm/openai", {
    data: { key: KEY, other: OTHER, empty: "", number: 7, odd: "a b" },
  });
  await bao.api("POST", "kv1/llm/openai", { key: KEY });
  await bao.api(
    "POST",
    `secret/data/${encodeURI("llm/r&d team/ünïcode").replace("&", "%26")}%3Fx%3D1%232%25`,
    { data: { key: KEY } },
  );
  await bao.api("POST", "secret/data/llm/deleted", { data: { key: KEY } });
  await bao.api("DELETE", "secret/data/llm/deleted");
  await bao.api("POST", "sys/policies/acl/llm", {
    policy:
      'path "secret/data/llm/*" { capabilities = ["read"] }\npath "kv1/*" { capabilities = ["read"] }\npath "secret/llm/*" { capabilities = ["read"] }',
  });
  reader = await tokenOf("auth/token/create", { policies: ["llm"], ttl: "1h" });
  await bao.api("POST", "sys/auth/approle", { type: "approle" });
  await bao.api("POST", "auth/approle/role/llm", { token_policies: ["llm"], token_ttl: "1h" });
  const role = (await bao.api("GET", "auth/approle/role/llm/role-id"))["data"] as { role_id: string };
  const secret = (await bao.api("POST", "auth/approle/role/llm/secret-id", {}))["data"] as {
    secret_id: string;
  };
  approle = { role_id: role.role_id, secret_id: secret.secret_id };
  file("secret_id", `${approle.secret_id}\n`);
  file("token", `${reader}\n`);
});
afterAll(async () => {
  await bao?.stop();
  rmSync(folder, { recursive: true, force: true });
  assertNoLeak([reader, approle.secret_id].filter(Boolean));
});

async function tokenOf(path: string, body: object): Promise<string> {
  return ((await bao.api("POST", path, body))["auth"] as { client_token: string }).client_token;
}

function file(name: string, text: string): string {
  writeFileSync(`${folder}/${name}`, text);
  chmodSync(`${folder}/${name}`, 0o600);
  return `${folder}/${name}`;
}

type Vault = Record<string, unknown>;
const at = (more: Vault = {}): Vault => ({
  ...{ address: bao.address, mount: "secret", path: "llm/openai", field: "key" },
  auth: { token_file: `${folder}/token` },
  ...more,
});
const withoutAddress = ({ address: _, ...rest }: Vault): Vault => rest;
const rule = (vault: Vault, options: object = {}) => ({ openai: { source: { vault, ...options } } });

/** `gum-cred get openai` with a weaker key beside it, which nothing may put in the policy's place. */
async function get(vault: Vault, { options = {}, env = {}, args = [] as string[] } = {}) {
  const policy = writePolicy(`${folder}/policy.json`, rule(vault, options));
  const result = await run(["get", "openai", ...args], {
    env: { ...policy, OPENAI_API_KEY: PERSONAL, ...env },
  });
  expect(result.stdout + result.stderr).not.toContain(PERSONAL);
  expect(result.stderr).not.toContain("EXAMPLE");
  return result;
}

async function expectKey(vault: Vault, more: Parameters<typeof get>[1] = {}, key = KEY) {
  const result = await get(vault, more);
  expect(result).toMatchObject({ code: 0, stdout: `${key}\n` });
  return result;
}

describe.skipIf(OPENBAO === null)("a key in OpenBao", () => {
  test("KV 2 and KV 1, by field, by a path with anything in it", async () => {
    await expectKey(at());
    await expectKey(at({ version: 2, field: "other" }), {}, OTHER);
    await expectKey(at({ version: 1, mount: "kv1" }));
    await expectKey(at({ mount: "/secret/", path: "/llm/openai" }));
    await expectKey(at({ path: "llm/r&d team/ünïcode?x=1#2%" }));
  });

  test("a namespace", async () => {
    await bao.api("POST", "sys/namespaces/team-a");
    const inside = async (path: string, body: object) => {
      const headers = { "X-Vault-Token": bao.root, "X-Vault-Namespace": "team-a" };
      const sent = { method: "POST", headers, body: JSON.stringify(body) };
      const response = await fetch(`${bao.address}/v1/${path}`, sent);
      expect(response.ok).toBe(true);
    };
    await inside("sys/mounts/secret", { type: "kv", options: { version: "2" } });
    await inside("secret/data/llm/openai", { data: { key: OTHER } });
    const auth = { token_file: file("root", bao.root) };
    await expectKey(at({ namespace: "team-a", auth }), {}, OTHER);
    await expectKey(at({ namespace: "team-a/", auth }), {}, OTHER);
  });

  test("token_file is ~/.vault-token by default, token_env is what it names, and no variable of the CLI counts", async () => {
    mkdirSync(`${folder}/home`);
    writeFileSync(`${folder}/home/.vault-token`, reader);
    const { auth: _, ...plain } = at();
    await expectKey(plain, { env: { HOME: `${folder}/home` } });
    const misleading = {
      VAULT_TOKEN: "s.wrong",
      BAO_TOKEN: "s.wrong",
      VAULT_ADDR: "http://127.0.0.1:1",
      BAO_ADDR: "x",
    };
    await expectKey(plain, { env: { HOME: `${folder}/home`, ...misleading, VAULT_NAMESPACE: "nowhere" } });
    await expectKey(at({ auth: { token_env: "ACME_TOKEN" } }), { env: { ACME_TOKEN: reader } });
    expect(
      (await get(at({ auth: { token_env: "ACME_TOKEN" } }), { env: { VAULT_TOKEN: reader } })).code,
    ).toBe(3);
    expect((await get(plain, { env: { HOME: "/nonexistent", VAULT_TOKEN: reader } })).code).toBe(3);
  });

  test("approle: its token is revoked after reading, so that no leases pile up", async () => {
    const auth = { approle: { role_id: approle.role_id, secret_id_file: `${folder}/secret_id` } };
    const accessors = async () =>
      ((await bao.api("GET", "auth/token/accessors?list=true"))["data"] as { keys: string[] }).keys.length;
    const before = await accessors();
    await expectKey(at({ auth }));
    await expectKey(at({ auth: { approle: { ...auth.approle, mount: "approle" } } }));
    expect((await get(at({ auth, field: "none" }))).code).toBe(7);
    expect(await accessors()).toBe(before);
  });

  test("jwt, with tokens from a file and a command; what the role does not bind is refused", async () => {
    await bao.api("POST", "sys/auth/jwt", { type: "jwt" });
    await bao.api("POST", "auth/jwt/config", {
      jwt_validation_pubkeys: [issuer.publicKey],
      bound_issuer: issuer.name,
    });
    await bao.api("POST", "auth/jwt/role/ci", {
      ...{
        role_type: "jwt",
        user_claim: "sub",
        bound_audiences: ["acme-llm"],
        bound_subject: "repo:acme/llm",
      },
      token_policies: ["llm"],
    });
    const path = `${folder}/jwt`;
    const jwt = (token: object, role = "ci") => at({ auth: { jwt: { role, token } } });
    file("jwt", issuer.mint());
    await expectKey(jwt({ file: path }));
    await expectKey(jwt({ command: ["/bin/cat", path] }));
    expect((await get(jwt({ file: path }, "nobody"))).code).toBe(3);
    expect((await get(jwt({ file: `${folder}/absent` }))).code).toBe(3);
    expect((await get(jwt({ github_actions: {} }))).code).toBe(3);
    for (const claims of [
      { aud: "other" },
      { exp: 1_000 },
      { iss: "https://other.example" },
      { sub: "repo:x/y" },
    ]) {
      file("jwt", issuer.mint(claims));
      expect(await get(jwt({ file: path }))).toMatchObject({ code: 3, stdout: "" });
    }
    file("jwt", makeIssuer().mint());
    expect((await get(jwt({ file: path }))).code).toBe(3);
  });

  test("kubernetes, against an API server that reviews tokens", async () => {
    const pods = makeIssuer("https://kubernetes.default.svc");
    const reviewer = pods.mint({ sub: "reviewer" });
    const seen = new Set<string>();
    const server = Bun.serve({
      ...{ hostname: "127.0.0.1", port: 0 },
      fetch: async (request) => {
        if (new URL(request.url).pathname !== "/apis/authentication.k8s.io/v1/tokenreviews")
          return new Response("", { status: 404 });
        if (request.headers.get("authorization") !== `Bearer ${reviewer}`)
          return new Response("", { status: 401 });
        const { spec } = (await request.json()) as { spec: { token: string } };
        const bad = refusal(spec.token, pods, "https://kubernetes.default.svc", seen);
        const user = {
          username: "system:serviceaccount:llm:worker",
          uid: "uid-1",
          groups: ["system:serviceaccounts"],
        };
        const status =
          bad === null
            ? { authenticated: true, user, audiences: ["https://kubernetes.default.svc"] }
            : { authenticated: false, error: bad };
        return Response.json(
          { apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", spec, status },
          { status: 201 },
        );
      },
    });
    try {
      await bao.api("POST", "sys/auth/kubernetes", { type: "kubernetes" });
      await bao.api("POST", "auth/kubernetes/config", {
        ...{ kubernetes_host: `http://127.0.0.1:${server.port}`, token_reviewer_jwt: reviewer },
        ...{ disable_local_ca_jwt: true, kubernetes_ca_cert: selfSigned(folder).certificate },
      });
      await bao.api("POST", "auth/kubernetes/role/worker", {
        ...{ bound_service_account_names: ["worker"], bound_service_account_namespaces: ["llm"] },
        token_policies: ["llm"],
      });
      const names = { serviceaccount: { name: "worker", uid: "uid-1" }, namespace: "llm" };
      const claims = {
        aud: ["https://kubernetes.default.svc"],
        sub: "system:serviceaccount:llm:worker",
        "kubernetes.io": names,
      };
      const auth = (role: string) => ({ kubernetes: { role, path: `${folder}/pod` } });
      file("pod", pods.mint(claims));
      await expectKey(at({ auth: auth("worker") }));
      file("pod", pods.mint(claims));
      expect((await get(at({ auth: auth("other") }))).code).toBe(3);
      file("pod", pods.mint({ ...claims, aud: ["https://elsewhere"] }));
      expect((await get(at({ auth: auth("worker") }))).code).toBe(3);
      const absent = { kubernetes: { role: "worker", path: `${folder}/no-pod` } };
      expect((await get(at({ auth: absent }))).code).toBe(3);
    } finally {
      server.stop(true);
    }
  });

  test("agent: a bao proxy on a Unix socket that logs in by itself and insists on X-Vault-Request", async () => {
    const socket = `${folder}/proxy.sock`;
    file("role_id", approle.role_id);
    await bao.startProxy(
      `vault { address = "${bao.address}" }
       auto_auth { method { type = "approle" config = {
         role_id_file_path = "${folder}/role_id" secret_id_file_path = "${folder}/secret_id"
         remove_secret_id_file_after_reading = false } } }
       api_proxy { use_auto_auth_token = "force" }
       listener "unix" { address = "${socket}" tls_disable = true require_request_header = true }`,
      socket,
    );
    const until = performance.now() + 5_000;
    const agent = withoutAddress(at({ auth: { agent: `unix://${socket}` } }));
    while ((await get(agent)).code !== 0 && performance.now() < until) await Bun.sleep(50);
    await expectKey(agent);
    await expectKey(withoutAddress(at({ auth: { agent: `unix:${socket}` } })));
    await expectKey(at({ address: `unix://${socket}`, auth: { token_file: `${folder}/token` } }));
    expect((await get(withoutAddress(at({ auth: { agent: `unix://${folder}/none.sock` } })))).code).toBe(5);
  });

  test("faults: each its exit code, and never a weaker key", async () => {
    const refused = await tokenOf("auth/token/create", { policies: ["default"] });
    const revoked = await tokenOf("auth/token/create", { policies: ["llm"] });
    await bao.api("POST", "auth/token/revoke", { token: revoked });
    const token = (text: string, name: string) => ({ token_file: file(name, text) });
    const wrongSecret = {
      approle: { role_id: approle.role_id, secret_id_file: file("wrong", "nope-EXAMPLE-secret") },
    };
    const table: [name: string, vault: Vault, code: number][] = [
      ["forbidden", at({ auth: token(refused, "t1") }), 3],
      ["revoked", at({ auth: token(revoked, "t2") }), 3],
      ["bad token", at({ auth: token("s.bad-EXAMPLE", "t3") }), 3],
      ["empty token file", at({ auth: token("", "t4") }), 3],
      ["refused approle", at({ auth: wrongSecret }), 3],
      ["login that is not mounted", at({ auth: { approle: { role_id: "x", mount: "nowhere" } } }), 3],
      ["no token file", at({ auth: { token_file: `${folder}/absent` } }), 3],
      ["missing path", at({ path: "llm/none" }), 7],
      ["deleted", at({ path: "llm/deleted" }), 7],
      ["no such field", at({ field: "none" }), 7],
      ["a field of every object", at({ field: "__proto__" }), 7],
      ["empty field", at({ field: "empty" }), 7],
      ["number", at({ field: "number" }), 7],
      ["white space", at({ field: "odd" }), 7],
      ["KV 2 read as KV 1", at({ version: 1 }), 7],
      ["KV 1 read as KV 2", at({ mount: "kv1" }), 7],
      ["nobody listens", at({ address: "http://127.0.0.1:1" }), 5],
    ];
    for (const [name, vault, code] of table) {
      expect({ name, ...(await get(vault)) }).toMatchObject({ name, code, stdout: "" });
    }
    const explained = await get(at({ version: 1 }));
    expect(explained.stderr).toContain("warning");
    expect(explained.stderr).toContain("Invalid path for a versioned K/V secrets engine");
    expect((await get(at({ auth: token(refused, "t1") }))).stderr).toContain("permission denied");
  });

  test("neither --debug nor a file below the home folder has the key, the token or a login", async () => {
    const home = mkdtempSync(`${folder}/home-`);
    const auth = { approle: { role_id: approle.role_id, secret_id_file: `${folder}/secret_id` } };
    for (const vault of [at(), at({ auth }), at({ field: "none" })]) {
      const { stderr } = await get(vault, { env: { HOME: home }, args: ["--debug"] });
      for (const secret of [KEY, reader, approle.secret_id]) expect(stderr).not.toContain(secret);
    }
    expect(readdirSync(home, { recursive: true })).toEqual([]);
  });

  test("doctor knows a token that is about to end", async () => {
    const check = async (ttl: string): Promise<Record<string, string> | undefined> => {
      const token = await tokenOf("auth/token/create", { policies: ["llm"], ttl });
      const env = writePolicy(
        `${folder}/policy.json`,
        rule(at({ auth: { token_file: file("short", token) } })),
      );
      const { checks } = JSON.parse((await run(["doctor", "--json"], { env })).stdout);
      return checks.find(({ name }: { name: string }) => name === "source_openai");
    };
    expect(await check("1h")).toMatchObject({ state: "ok" });
    expect(await check("40s")).toMatchObject({
      state: "warning",
      message: expect.stringContaining("ends in"),
    });
  });

  test("sealed is exit 5 for reading and for logging in", async () => {
    const sealed = await startOpenBao(mkdtempSync(`${folder}/sealed-`));
    try {
      await sealed.api("POST", "sys/seal").catch(() => {});
      const auth = { approle: { role_id: approle.role_id, secret_id_file: `${folder}/secret_id` } };
      for (const vault of [at({ address: sealed.address }), at({ address: sealed.address, auth })]) {
        const result = await get(vault);
        expect(result.code).toBe(5);
        expect(result.stderr).toContain("sealed");
      }
    } finally {
      await sealed.stop();
    }
  });

  test("explain names the source; policy show too, without a secret", async () => {
    const auth = { approle: { role_id: approle.role_id, secret_id_file: `${folder}/secret_id` } };
    const env = writePolicy(`${folder}/policy.json`, rule(at({ auth })));
    const explained = JSON.parse((await run(["explain", "openai", "--json"], { env })).stdout);
    expect(explained.winner).toMatchObject({ source: "vault", level: "organization" });
    const shown = await run(["policy", "show", "--json"], { env });
    expect(shown.stdout).toContain('"rule":"vault"');
    expect(shown.stdout).not.toContain(approle.role_id);
    const down = writePolicy(`${folder}/policy.json`, rule(at({ address: "http://127.0.0.1:1" })));
    const unavailable = JSON.parse((await run(["explain", "openai", "--json"], { env: down })).stdout);
    const states = unavailable.candidates.filter((one: { source: string }) => one.source === "vault");
    expect(states).toMatchObject([{ state: "unavailable" }]);
  });
});
