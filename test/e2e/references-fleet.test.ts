/** `exec` with references to keys of a policy's sources: each source is asked once in a run, and logins are shared. */
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { run } from "../support/binary.ts";
import { federationSource, startFederation } from "../support/federation.ts";
import { makeIssuer } from "../support/identity.ts";
import { writePolicy } from "../support/policy.ts";

const folder = mkdtempSync("/tmp/gum-cred-references-");
const issuer = makeIssuer();
const vendors = startFederation(issuer, "acme-llm");
const NO_KEYCHAIN = { DBUS_SESSION_BUS_ADDRESS: "", XDG_RUNTIME_DIR: "" };

let asked: string[] = [];
const vault = Bun.serve({
  ...{ hostname: "127.0.0.1", port: 0 },
  fetch: (request) => {
    const path = new URL(request.url).pathname.replace("/v1/", "");
    asked.push(path);
    if (path.endsWith("/login"))
      return Response.json({ auth: { client_token: "s.EXAMPLE-0123456789", lease_duration: 600 } });
    if (path.endsWith("/revoke-self")) return new Response(null, { status: 204 });
    return Response.json({ data: { data: { key: `sk-EXAMPLE-${path.split("/").at(-1)}` } } });
  },
});
beforeEach(() => {
  asked = [];
});
afterAll(() => {
  vendors.stop();
  vault.stop(true);
  rmSync(folder, { recursive: true, force: true });
});

const fromVault = (name: string, auth: object = { token_env: "ACME_TOKEN" }) => ({
  source: {
    vault: { address: `http://127.0.0.1:${vault.port}`, mount: "kv", path: name, field: "key", auth },
  },
});
const approle = { approle: { role_id: "role-EXAMPLE" } };

async function exec(rules: object, args: readonly string[], script: string) {
  const policy = `${folder}/policy.json`;
  writePolicy(policy, JSON.stringify({ version: 1, ...rules }));
  const env = { ...NO_KEYCHAIN, GUM_CRED_POLICY: policy, ACME_TOKEN: "s.EXAMPLE" };
  return run(["exec", ...args, "--", "sh", "-c", script], { env });
}

function envFile(...lines: readonly string[]): string {
  writeFileSync(`${folder}/.env`, lines.join("\n"));
  return `${folder}/.env`;
}

test("an identity that can be used once is used once, whatever refers to its token", async () => {
  writeFileSync(`${folder}/identity`, issuer.mint(), { mode: 0o600 });
  const source = federationSource("openai", vendors.origin, { file: `${folder}/identity` });
  const before = vendors.exchanges();
  const path = envFile("A=gum://openai", "B=gum://openai?profile=work", "C=gum://openai?level=organization");
  const { code, stdout, stderr } = await exec(
    { providers: { openai: { source } } },
    ["openai", "--env-file", path, "--file", "F=gum://openai"],
    'echo "$OPENAI_API_KEY $A $B $C $(cat "$F")"',
  );
  const token = vendors.issued.at(-1);
  expect([code, stdout, stderr]).toEqual([0, `${Array(5).fill(token).join(" ")}\n`, ""]);
  expect(vendors.exchanges() - before).toBe(1);
});

test("one request a run with a token; one login with a login, revoked before the command starts", async () => {
  const args = ["openai", "--env-file", envFile("A=gum://openai"), "--file", "F=gum://openai"];
  const script = 'echo "$OPENAI_API_KEY $A $(cat "$F")"';
  const three = `${Array(3).fill("sk-EXAMPLE-one").join(" ")}\n`;
  expect((await exec({ providers: { openai: fromVault("one") } }, args, script)).stdout).toBe(three);
  expect(asked).toEqual(["kv/data/one"]);
  asked = [];
  const count = `curl -sS http://127.0.0.1:${vault.port}/v1/started; ${script}`;
  const rules = { openai: fromVault("one", approle), xai: fromVault("two", approle) };
  const both = [...args, "--file", "G=gum://xai"];
  expect((await exec({ providers: rules }, both, count)).code).toBe(0);
  expect(asked).toEqual([
    ...["auth/approle/login", "kv/data/one", "kv/data/two"],
    ...["auth/token/revoke-self", "started"],
  ]);
});

test("a login is revoked when a reference cannot be resolved", async () => {
  const path = envFile("A=gum://deepseek");
  const { code } = await exec(
    { providers: { openai: fromVault("one", approle) } },
    ["openai", "--env-file", path],
    "true",
  );
  expect(code).toBe(125);
  expect(asked.at(-1)).toBe("auth/token/revoke-self");
});

describe("what differs is asked for apart", () => {
  const rules = {
    providers: { openai: fromVault("one") },
    teams: {
      a: { providers: { fireworks: fromVault("team-a") } },
      b: { providers: { fireworks: fromVault("team-b") } },
    },
  };

  test("teams and vendors, each once", async () => {
    const path = envFile(
      ...["A=gum://fireworks?team=a", "B=gum://fireworks?team=b", "C=gum://fireworks?level=team&team=b"],
      ...["D=gum://openai?team=a", "E=gum://openai?profile=work"],
    );
    const { code, stdout } = await exec(rules, ["openai", "--env-file", path], 'echo "$A $B $C $D $E"');
    expect([code, stdout]).toEqual([
      0,
      "sk-EXAMPLE-team-a sk-EXAMPLE-team-b sk-EXAMPLE-team-b sk-EXAMPLE-one sk-EXAMPLE-one\n",
    ]);
    expect(asked.sort()).toEqual(["kv/data/one", "kv/data/team-a", "kv/data/team-b"]);
  });

  test("a level that is refused stays refused", async () => {
    const path = envFile("A=gum://openai?level=personal");
    const { code, stderr } = await exec(rules, ["openai", "--env-file", path], "true");
    expect([code, stderr]).toEqual([125, expect.stringContaining("E_POLICY")]);
  });
});
