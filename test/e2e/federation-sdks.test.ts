/**
 * The stand-ins of federation.test.ts, held to the vendors' own SDKs: what these send is taken, and a program on an SDK
 * that gets its token from gum-cred is let in.
 */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { run } from "../support/binary.ts";
import { federationSource, startFederation } from "../support/federation.ts";
import { fromPyPi } from "../support/from-pypi.ts";
import { makeIssuer } from "../support/identity.ts";
import { writePolicy } from "../support/policy.ts";

const SDKS = fromPyPi(["openai==3.57.0", "anthropic==2.14.0"]);
const folder = mkdtempSync("/tmp/gum-cred-sdks-");
const issuer = makeIssuer();
const vendors = startFederation(issuer, "acme-llm");
afterAll(() => {
  vendors.stop();
  rmSync(folder, { recursive: true, force: true });
});

function identity(): string {
  writeFileSync(`${folder}/identity`, issuer.mint(), { mode: 0o600 });
  return `${folder}/identity`;
}

async function python(script: string, prefix: readonly string[] = [], env: Record<string, string> = {}) {
  const path = `${folder}/script.py`;
  writeFileSync(path, script);
  return run(["python3", path], {
    program: prefix.length > 0 ? prefix : ["env"],
    ...{ env: { PYTHONPATH: SDKS ?? "", ...env }, timeoutMs: 60_000 },
  });
}

test.skipIf(SDKS === null)("what OpenAI's SDK sends is taken", async () => {
  const before = vendors.issued.length;
  const result = await python(`
from openai import OpenAI
from openai.auth._workload import WorkloadIdentityAuth, k8s_service_account_token_provider
auth = WorkloadIdentityAuth(
    workload_identity={"identity_provider_id": "idp_1", "service_account_id": "sa_1",
                       "provider": k8s_service_account_token_provider("${identity()}")},
    token_exchange_url="${vendors.origin}/oauth/token")
print(OpenAI(api_key=auth.get_token(), base_url="${vendors.origin}/v1").models.list().data[0].id)
`);
  expect(result).toMatchObject({ code: 0, stdout: "model\n" });
  expect(vendors.issued.length - before).toBe(1);
});

test.skipIf(SDKS === null)("what Anthropic's SDK sends is taken", async () => {
  const before = vendors.issued.length;
  const result = await python(`
import anthropic
from anthropic.lib.credentials._workload import WorkloadIdentityCredentials
credentials = WorkloadIdentityCredentials(
    identity_token_provider=lambda: open("${identity()}").read().strip(),
    federation_rule_id="rule_1", organization_id="org_1")
print(anthropic.Anthropic(credentials=credentials, base_url="${vendors.origin}").models.list().data[0].id)
`);
  expect(result).toMatchObject({ code: 0, stdout: "model\n" });
  expect(vendors.issued.length - before).toBe(1);
});

test.skipIf(SDKS === null).each([
  ["openai", "import openai; client = openai.OpenAI()"],
  ["anthropic", "import anthropic; client = anthropic.Anthropic()"],
])("a program on the SDK of %s is let in with the token of gum-cred exec", async (vendor, client) => {
  const policy = writePolicy(`${folder}/policy.json`, {
    [vendor]: { source: federationSource(vendor, vendors.origin, { file: identity() }) },
  });
  const bases = { OPENAI_BASE_URL: `${vendors.origin}/v1`, ANTHROPIC_BASE_URL: vendors.origin };
  const wrong = { OPENAI_API_KEY: "sk-EXAMPLE-wrong", ANTHROPIC_API_KEY: "sk-EXAMPLE-wrong" };
  const script = `${client}\nprint(client.models.list().data[0].id)\n`;
  const result = await python(script, ["gum-cred", "exec", vendor, "--"], { ...policy, ...bases, ...wrong });
  expect(result).toMatchObject({ code: 0, stdout: "model\n" });
});
