/** What a Vault server may do wrong, and several sources at once: the built binary against stand-ins on loopback. */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { run } from "../support/binary.ts";
import { federationSource } from "../support/federation.ts";
import { writePolicy } from "../support/policy.ts";
import { selfSigned } from "../support/self-signed.ts";

const KEY = "sk-vault-EXAMPLE-0123456789";
const TOKEN = "s.token-EXAMPLE-9876543210";
const PERSONAL = "sk-personal-EXAMPLE-weaker";
const VENDORS = ["openai", "anthropic", "google", "xai", "deepseek", "fireworks"];
const folder = mkdtempSync("/tmp/gum-cred-vault-");
const stops: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
afterAll(() => {
  for (const stop of stops.reverse()) stop();
});

function serve(
  answer: (request: Request) => Response | Promise<Response>,
  tls?: { cert: string; key: string },
) {
  const requests: Request[] = [];
  const server = Bun.serve({
    ...{ hostname: "127.0.0.1", port: 0, idleTimeout: 0, ...(tls ? { tls } : {}) },
    fetch: (request) => {
      requests.push(request.clone() as Request);
      return answer(request);
    },
  });
  stops.push(() => server.stop(true));
  return { address: `${tls ? "https" : "http"}://127.0.0.1:${server.port}`, requests };
}

const secretOf = (key: string) => Response.json({ data: { data: { key }, metadata: {} } });
const vault = (address: string, more: object = {}) => ({
  ...{ address, mount: "secret", path: "llm/openai", field: "key", auth: { token_env: "ACME_TOKEN" } },
  ...more,
});
const rules = (vendors: readonly string[], source: object) =>
  Object.fromEntries(vendors.map((vendor) => [vendor, { source }]));

async function gum(args: readonly string[], providers: object) {
  const env = {
    ...writePolicy(`${folder}/policy.json`, providers),
    OPENAI_API_KEY: PERSONAL,
    ACME_TOKEN: TOKEN,
  };
  const started = performance.now();
  const result = await run(args, { env });
  expect(result.stderr).not.toContain("EXAMPLE");
  expect(result.stdout).not.toContain(PERSONAL);
  return { ...result, ms: performance.now() - started };
}

const get = (source: object) => gum(["get", "openai"], { openai: { source } });
const errors = (status: number, ...said: string[]) => Response.json({ errors: said }, { status });

test.each<[name: string, answer: () => Response, code: number]>([
  [
    "redirect to another node",
    () => new Response("", { status: 307, headers: { location: "http://127.0.0.1:1/" } }),
    6,
  ],
  ["moved", () => new Response("", { status: 301 }), 6],
  ["unauthorized", () => errors(401), 3],
  ["forbidden", () => errors(403, "permission denied"), 3],
  ["quota", () => errors(429, "rate limit quota exceeded"), 5],
  ["sealed", () => errors(503, "Vault is sealed"), 5],
  ["bad gateway", () => new Response("<html>", { status: 502, headers: { "content-type": "text/html" } }), 5],
  ["replica behind", () => errors(412, "required index state not present"), 5],
  ["wrong request", () => errors(400, "bad request"), 7],
  ["not found", () => errors(404), 7],
  ["a web page", () => new Response("<html>", { headers: { "content-type": "text/html" } }), 7],
  ["no JSON", () => new Response("ok"), 7],
  ["null", () => new Response("null"), 7],
  ["an array", () => new Response("[]"), 7],
  ["nothing", () => new Response(null, { status: 204 }), 7],
  ["no data", () => Response.json({ data: null }), 7],
  ["data of another kind", () => Response.json({ data: { data: "x" } }), 7],
  ["a key with a line break", () => secretOf("sk-\nEXAMPLE"), 7],
  ["a key with a blank at the end", () => secretOf("sk-EXAMPLE "), 7],
  [
    "a body without end",
    () => new Response(new ReadableStream({ pull: async (c) => void c.enqueue(new Uint8Array(65536)) })),
    7,
  ],
])("%s", async (_name, answer, code) => {
  const { address, requests } = serve(answer);
  expect(await get({ vault: vault(address), timeout_ms: 4000 })).toMatchObject({ code, stdout: "" });
  expect(requests).toHaveLength(1);
});

test("one request with a token, which goes there with X-Vault-Request and the namespace", async () => {
  const { address, requests } = serve(() => secretOf(KEY));
  expect((await get({ vault: vault(`${address}/prefix`, { namespace: "team-a" }) })).stdout).toBe(`${KEY}\n`);
  expect(requests).toHaveLength(1);
  const [request] = requests;
  expect(request?.url).toBe(`${address}/prefix/v1/secret/data/llm/openai`);
  expect(Object.fromEntries(request?.headers ?? [])).toMatchObject({
    ...{ "x-vault-token": TOKEN, "x-vault-request": "true", "x-vault-namespace": "team-a" },
  });
});

test("warnings and errors that quote the token are shown without it, and without control characters", async () => {
  const quoted = `\u001b[31mtoken ${TOKEN} \u202eends soon`;
  const warned = await get({
    vault: vault(serve(() => Response.json({ data: { data: { key: KEY } }, warnings: [quoted] })).address),
  });
  expect(warned).toMatchObject({ code: 0, stdout: `${KEY}\n` });
  expect(warned.stderr).toMatch(/^gum-cred: warning: .*token \*\*\*.*ends soon/);
  const failed = await get({ vault: vault(serve(() => errors(403, quoted)).address) });
  expect(failed.stderr).toContain("token ***");
  expect(warned.stderr + failed.stderr).not.toMatch(/\u001b|\u202e/);
});

test.each<[name: string, version: 1 | 2, said: readonly string[]]>([
  ["the key", 2, [`the value ${KEY} is old`]],
  ["the key in base64 and in pieces", 2, [`value ${btoa(KEY)}`, `ends in ${KEY.slice(-10)}`]],
  ["another field", 2, ["the field holds hunter2-EXAMPLE"]],
  ["the key of version 1", 1, [`the value ${KEY} is old`]],
])("a warning that quotes %s of its own reply is shown without it", async (_name, version, warnings) => {
  const fields = { key: KEY, other: "hunter2-EXAMPLE" };
  const data = version === 1 ? fields : { data: fields, metadata: { version: 7 } };
  const { address } = serve(() => Response.json({ data, warnings }));
  const { code, stdout, stderr } = await get({ vault: vault(address, { version }) });
  expect([code, stdout]).toEqual([0, `${KEY}\n`]);
  expect(stderr).toContain("the server warns: ");
  expect(stderr).toContain("***");
  for (const text of [KEY.slice(-10), btoa(KEY).slice(2, 20), "hunter"]) expect(stderr).not.toContain(text);
});

test("a login whose warning or error quotes the token it gives is shown without it", async () => {
  for (const status of [200, 400]) {
    const said = { warnings: [`role gave ${TOKEN}`], errors: status === 200 ? [] : [`role gave ${TOKEN}`] };
    const { address } = serve(({ url }) =>
      url.endsWith("/login")
        ? Response.json({ auth: { client_token: TOKEN, lease_duration: 60 }, ...said }, { status })
        : secretOf(KEY),
    );
    const auth = { approle: { role_id: "role-EXAMPLE" } };
    const { code, stderr } = await get({ vault: vault(address, { auth }) });
    expect(code).toBe(status === 200 ? 0 : 3);
    expect(stderr).toContain("role gave ***");
    expect(stderr).not.toContain(TOKEN.slice(2, 10));
  }
});

test("beside a secret too large to look for, the server's words are left out", async () => {
  const data = { data: { key: KEY, file: "x-EXAMPLE-".repeat(7_000) } };
  const { address } = serve(() => Response.json({ data, warnings: [`the value ${KEY}`] }));
  const { code, stderr } = await get({ vault: vault(address) });
  expect([code, stderr]).toEqual([0, expect.stringContaining("(not shown beside so large a secret)")]);
});

test("an authority is trusted where ca_file names it, and refused (6) where it does not", async () => {
  const { certificate, key, file } = selfSigned(folder);
  const { address, requests } = serve(() => secretOf(KEY), { cert: certificate, key });
  expect((await get({ vault: vault(address, { ca_file: file }) })).stdout).toBe(`${KEY}\n`);
  requests.length = 0;
  const untrusted = await get({ vault: vault(address) });
  expect(untrusted.code).toBe(6);
  expect(untrusted.stderr).toContain("E_UNTRUSTED");
  writeFileSync(`${folder}/empty.pem`, "");
  expect((await get({ vault: vault(address, { ca_file: `${folder}/empty.pem` }) })).code).toBe(7);
  expect((await get({ vault: vault(address, { ca_file: `${folder}/absent.pem` }) })).code).toBe(7);
  expect((await get({ vault: vault(address, { ca_file: "/dev/zero" }) })).code).toBe(7);
  expect(requests).toHaveLength(0);
});

test("other addresses than https, literal loopback and a Unix socket are refused", async () => {
  for (const address of [
    "http://bao.acme.internal:8200",
    "http://localhost:8200",
    "http://10.0.0.7",
    "ftp://x",
    "unix:x",
  ]) {
    expect([6, 7]).toContain((await get({ vault: vault(address) })).code ?? 0);
  }
  for (const agent of ["https://bao.acme.internal:8200", "http://10.0.0.7:8100", "http://localhost:8100"]) {
    const { address: _, ...rest } = vault("", { auth: { agent } });
    expect([6, 7]).toContain((await get({ vault: rest })).code ?? 0);
  }
});

test("a server that hangs, before its headers or within its body, is over at the time limit", async () => {
  const hung = serve(() => new Promise<Response>(() => {}));
  const slow = serve(
    () => new Response(new ReadableStream({ start: (c) => c.enqueue(new TextEncoder().encode("{")) })),
  );
  for (const { address } of [hung, slow]) {
    const { code, ms } = await get({ vault: vault(address), timeout_ms: 300 });
    expect(code).toBe(5);
    expect(ms).toBeLessThan(1500);
  }
});

test("a file to log in with that nobody writes to is over at the time limit", async () => {
  const path = `${folder}/silent`;
  Bun.spawnSync(["mkfifo", path]);
  const { address } = serve(() => secretOf(KEY));
  for (const auth of [
    { token_file: path },
    { approle: { role_id: "role-EXAMPLE", secret_id_file: path } },
    { jwt: { role: "r", token: { file: path } } },
  ]) {
    const { code, ms } = await get({ vault: vault(address, { auth }), timeout_ms: 300 });
    expect([auth, code]).toEqual([auth, 5]);
    expect(ms).toBeLessThan(1500);
  }
});

test.each<[name: string, kind: string, source: () => object]>([
  ["time limit", "vault", () => ({ vault: vault(serve(() => new Promise<Response>(() => {})).address) })],
  ["refused connection", "vault", () => ({ vault: vault("http://127.0.0.1:1") })],
  ["no TLS", "vault", () => ({ vault: vault(serve(() => secretOf(KEY)).address.replace("http", "https")) })],
  [
    "refused connection",
    "federation",
    () => federationSource("openai", "http://127.0.0.1:1", { command: ["/bin/echo", "a.EXAMPLE.b"] }),
  ],
  [
    "identity service",
    "federation",
    () => federationSource("openai", "http://127.0.0.1:1", { command: ["/bin/sleep", "60"] }),
  ],
  ["time limit", "command", () => ({ command: ["/bin/sleep", "60"] })],
  ["failure", "command", () => ({ command: ["/bin/false"] })],
  ["nothing there", "file", () => ({ file: "/nowhere/key" })],
])("a failure says whose key it is and of what kind its source is: %s, %s", async (_name, kind, source) => {
  const rules = {
    openai: { source: { ...source(), timeout_ms: 500 } },
    xai: { source: { command: ["/bin/echo", "x"] } },
  };
  const { code, stderr } = await gum(["env"], rules);
  expect(code).not.toBe(0);
  expect(stderr).toContain(`: the organization key for openai (${kind}): `);
  expect(stderr.split("organization key for openai").length).toBe(2);
});

test("six sources that hang take as long as one, of whatever kind", async () => {
  const hung = serve(() => new Promise<Response>(() => {}));
  const one = await get({ vault: vault(hung.address), timeout_ms: 600 });
  hung.requests.length = 0;
  const six = await gum(["env"], rules(VENDORS, { vault: vault(hung.address), timeout_ms: 600 }));
  expect(six.code).toBe(5);
  expect(hung.requests).toHaveLength(6);
  expect(six.ms).toBeLessThan(one.ms * 1.5);
  const commands = await gum(["env"], rules(VENDORS, { command: ["/bin/sleep", "60"], timeout_ms: 600 }));
  expect(commands.code).toBe(5);
  expect(commands.ms).toBeLessThan(one.ms * 1.5);
});

test("a command is over at its time limit though a child of its own session holds stdout open", async () => {
  const command = ["/bin/sh", "-c", "setsid sleep 5 & echo sk-EXAMPLE"];
  const { code, ms } = await get({ command, timeout_ms: 400 });
  expect(code).toBe(5);
  expect(ms).toBeLessThan(1500);
});

test("a command that ran out of time is gone when gum-cred ends, with its children", async () => {
  const command = ["/bin/sh", "-c", `echo $$ > ${folder}/pid; sleep 61 & sleep 62`];
  expect((await get({ command, timeout_ms: 400 })).code).toBe(5);
  const pid = (await Bun.file(`${folder}/pid`).text()).trim();
  await Bun.sleep(100); // a killed process is seen until its parent, or init, has been told
  const { stdout } = Bun.spawnSync(["ps", "-o", "stat=", "--no-headers", "-g", pid]);
  const alive = stdout
    .toString()
    .split("\n")
    .filter((state) => state !== "" && !state.startsWith("Z"));
  expect(alive).toEqual([]);
});

test.each(["1e13", "1e300", "1e400", "-1", '"60"', "null"])(
  "a lease of %s seconds ends nothing",
  async (lease) => {
    const { address } = serve(({ url }) =>
      url.endsWith("/login")
        ? new Response(`{"auth":{"client_token":"${TOKEN}","lease_duration":${lease}}}`)
        : secretOf(KEY),
    );
    const auth = { approle: { role_id: "role-EXAMPLE" } };
    const source = { vault: vault(address, { auth }) };
    const { code, stdout } = await gum(["env", "--format", "json"], rules(["openai", "xai"], source));
    expect([code, JSON.parse(stdout).OPENAI_API_KEY]).toEqual([0, KEY]);
  },
);

test("a login whose reading hangs is revoked all the same", async () => {
  const paths: string[] = [];
  const { address } = serve((request) => {
    const path = new URL(request.url).pathname;
    paths.push(path);
    if (path.endsWith("/login")) return Response.json({ auth: { client_token: TOKEN, lease_duration: 60 } });
    return path.endsWith("/revoke-self")
      ? new Response(null, { status: 204 })
      : new Promise<Response>(() => {});
  });
  const auth = { approle: { role_id: "role-EXAMPLE" } };
  expect((await get({ vault: vault(address, { auth }), timeout_ms: 400 })).code).toBe(5);
  expect(paths.at(-1)).toBe("/v1/auth/token/revoke-self");
});

test("a command that asks gum-cred for its own key is stopped", async () => {
  const { code, ms } = await get({
    command: [
      "/usr/bin/env",
      "PATH=/",
      "/bin/sh",
      "-c",
      `GUM_CRED_POLICY=${folder}/policy.json "$0" get openai`,
      process.env["GUM_CRED_BINARY"] ?? `${process.cwd()}/dist/gum-cred`,
    ],
  });
  expect(code).toBe(5);
  expect(ms).toBeLessThan(3000);
});

test("vendors that nobody asked for are not asked", async () => {
  const asked = new Set<string>();
  const { address } = serve((request) => {
    asked.add(new URL(request.url).pathname.split("/").at(-1) ?? "");
    return secretOf(KEY);
  });
  const providers = Object.fromEntries(
    VENDORS.map((vendor) => [vendor, { source: { vault: vault(address, { path: `llm/${vendor}` }) } }]),
  );
  expect((await gum(["get", "xai"], providers)).stdout).toBe(`${KEY}\n`);
  expect([...asked]).toEqual(["xai"]);
  expect((await gum(["env", "xai", "google"], providers)).code).toBe(0);
  expect([...asked].sort()).toEqual(["google", "xai"]);
  expect((await gum(["get", "gumloop"], providers)).code).toBe(3);
  expect([...asked].sort()).toEqual(["google", "xai"]);
});

test("sources that log in alike share one login, whose token is revoked once", async () => {
  const paths: string[] = [];
  const { address } = serve((request) => {
    const path = new URL(request.url).pathname;
    paths.push(path);
    if (path.endsWith("/login"))
      return Response.json({ auth: { client_token: TOKEN, lease_duration: 3600, token_type: "service" } });
    return path.endsWith("/revoke-self") ? new Response(null, { status: 204 }) : secretOf(KEY);
  });
  const auth = { approle: { role_id: "role-EXAMPLE", mount: "teams/approle" } };
  expect((await gum(["env"], rules(VENDORS, { vault: vault(address, { auth }) }))).code).toBe(0);
  expect(paths.filter((path) => path === "/v1/auth/teams/approle/login")).toHaveLength(1);
  expect(paths.filter((path) => path === "/v1/auth/token/revoke-self")).toHaveLength(1);
  expect(paths.at(-1)).toBe("/v1/auth/token/revoke-self");
});

test("a login that is too short to be shared is revoked as well", async () => {
  const tokens: (string | null)[] = [];
  let logins = 0;
  const { address } = serve(({ url, headers }) => {
    if (url.endsWith("/login"))
      return Response.json({ auth: { client_token: `s.EXAMPLE-${++logins}`, lease_duration: 5 } });
    if (!url.endsWith("/revoke-self")) return secretOf(KEY);
    tokens.push(headers.get("x-vault-token"));
    return new Response(null, { status: 204 });
  });
  const auth = { approle: { role_id: "role-EXAMPLE" } };
  expect((await gum(["env"], rules(["openai", "xai"], { vault: vault(address, { auth }) }))).code).toBe(0);
  expect(tokens.sort()).toEqual(["s.EXAMPLE-1", "s.EXAMPLE-2"]);
});

test("policy check --live asks every source once, side by side, and says what came of each", async () => {
  const good = serve(() => secretOf(KEY));
  const sealed = serve(() => errors(503, "Vault is sealed"));
  const providers = {
    openai: { source: { vault: vault(good.address), cache_s: 300 } },
    xai: { source: { vault: vault(sealed.address) } },
    google: { source: { command: ["/bin/sleep", "60"], timeout_ms: 500 } },
    deepseek: { deny: true },
  };
  const live = await gum(["policy", "check", "--live", "--json"], providers);
  expect(live.code).toBe(5);
  const { sources } = JSON.parse(live.stdout);
  const states = sources.map(({ provider, source, ok, code }: Record<string, unknown>) => [
    provider,
    source,
    ok,
    code,
  ]);
  expect(states).toEqual([
    ["openai", "vault", true, null],
    ["xai", "vault", false, "E_SERVER"],
    ["google", "command", false, "E_TIMEOUT"],
  ]);
  expect(live.stdout).toContain("is sealed");
  expect(live.stdout).not.toContain(KEY);
  expect([good.requests.length, sealed.requests.length]).toEqual([1, 1]);
  const { checks } = JSON.parse((await gum(["doctor", "--json"], providers)).stdout);
  const state = (name: string) => checks.find((one: { name: string }) => one.name === name);
  expect(state("source_openai")).toMatchObject({ state: "ok" });
  expect(state("source_xai")).toMatchObject({ state: "problem", hint: expect.stringContaining("unseal") });
  const file = await gum(["policy", "check", `${folder}/policy.json`, "--live"], {
    openai: providers.openai,
  });
  expect(file).toMatchObject({ code: 0 });
  expect(file.stdout).toContain("vault");
  expect((await gum(["policy", "check"], {})).code).toBe(2);
});
