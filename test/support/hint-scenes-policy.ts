/** Hints about the organisation's policy and its sources. */
import { signsIn } from "./hint-deeds.ts";
import type { Scene } from "./hint-follow.ts";
import type { Stage } from "./hint-stage.ts";
import { type SelfSigned, selfSigned } from "./self-signed.ts";
import { underSystemPolicy } from "./system-policy.ts";

/** Puts a policy into force, or another in its place: as the administrator does. */
function inForce(stage: Stage, providers: object): void {
  const organization = { id: "acme", name: "Acme Inc." };
  stage.env["GUM_CRED_POLICY"] = stage.file(
    "policy.json",
    JSON.stringify({ version: 1, organization, providers }),
  );
}

const command = (path: string) => ({ openai: { source: { command: [path], timeout_ms: 2_000 } } });
const program = (stage: Stage, body: string) => stage.file("source", `#!/bin/sh\n${body}\n`, 0o755);

export const POLICY_SCENES: readonly Scene[] = [
  {
    name: "a provider that is denied",
    code: "E_POLICY_DENIED",
    shows: ["ask the administrator of your organisation's policy"],
    prepare(stage) {
      inForce(stage, { openai: { deny: true } });
      stage.env["OPENAI_API_KEY"] = stage.vendors.addKey("openai");
      stage.line = "gum-cred get openai";
      stage.does.push([/ask the administrator/, () => inForce(stage, {})]);
    },
  },
  {
    name: "a personal key where the organisation's is in force",
    code: "E_POLICY",
    shows: ["leave --level out to use the organisation's key, or ask its administrator"],
    prepare(stage) {
      const key = stage.file("key", stage.vendors.addKey("openai"));
      inForce(stage, { openai: { source: { file: key } } });
      stage.env["OPENAI_API_KEY"] = stage.vendors.addKey("openai");
      stage.line = "gum-cred get openai --level personal";
      stage.does.push([
        /leave --level out/,
        () => {
          stage.line = "gum-cred get openai";
        },
      ]);
      stage.does.push([/ask its administrator/, () => inForce(stage, {})]);
    },
  },
  {
    name: "a key of one's own where the system's policy has a rule",
    code: "E_POLICY",
    needs: "mounts",
    shows: ["ask the administrator of your organisation's policy"],
    prepare(stage) {
      const key = stage.file("key", stage.vendors.addKey("openai"));
      under(stage, { openai: { source: { file: key } } });
      stage.line = `gum-cred keys set openai --level organization --key - <${key}`;
      stage.does.push([/ask the administrator/, () => under(stage, {})]);
    },
  },
  {
    name: "signing in where the system's policy denies it",
    code: "E_POLICY_DENIED",
    needs: "mounts",
    shows: ["ask the administrator of your organisation's policy"],
    prepare(stage) {
      under(stage, { gumloop: { deny: true } });
      signsIn(stage);
      stage.env["GUMLOOP_ACCESS_TOKEN"] = stage.values["GUMLOOP_ACCESS_TOKEN"] ?? "";
      stage.line = "gum-cred get gumloop";
      stage.does.push([/ask the administrator/, () => under(stage, {})]);
    },
  },
  {
    name: "a key that is not handed out, to a program",
    code: "E_NOT_EXPORTABLE",
    shows: [
      "run the command with 'gum-cred broker {provider} -- CMD', which uses the key without showing it",
    ],
    prepare(stage) {
      const key = stage.file("key", stage.vendors.addKey("openai"));
      inForce(stage, { openai: { source: { file: key }, exportable: false } });
      stage.line = "gum-cred exec openai --profile work -- true";
    },
  },
  {
    name: "a key that is not handed out, to nobody",
    code: "E_NOT_EXPORTABLE",
    shows: [
      "run the command with 'gum-cred broker {provider} -- CMD', which uses the key without showing it",
    ],
    prepare(stage) {
      const key = stage.file("key", stage.vendors.addKey("openai"));
      inForce(stage, { openai: { source: { file: key }, exportable: false } });
      stage.line = "gum-cred get openai";
      stage.values["CMD"] = "true";
    },
  },
  {
    name: "a source that fails",
    code: "E_SOURCE_FAILED",
    shows: ["ask the administrator of your organisation's secret store; no other key is used"],
    prepare(stage) {
      inForce(stage, command(program(stage, "exit 1")));
      stage.line = "gum-cred get openai";
      stage.tells.push(/no other key/);
      stage.does.push([/ask the administrator/, () => program(stage, "echo sk-EXAMPLE-source")]);
    },
  },
  {
    name: "a source that is empty",
    code: "E_POLICY_SOURCE",
    shows: ["ask the administrator of your organisation's secret store; no other key is used"],
    prepare(stage) {
      inForce(stage, { openai: { source: { env: "ACME_KEY" } } });
      stage.line = "gum-cred get openai";
      stage.tells.push(/no other key/);
      stage.does.push([
        /ask the administrator/,
        () => {
          stage.env["ACME_KEY"] = "sk-EXAMPLE-source";
        },
      ]);
    },
  },
  {
    name: "a source that refuses",
    code: "E_SOURCE_REJECTED",
    shows: [
      "log in to Vault again (vault login, bao login), or check 'auth' in the policy; no other key is used",
    ],
    prepare(stage) {
      const server = bao(stage);
      const vault = {
        address: server,
        mount: "secret",
        path: "llm/openai",
        field: "key",
        auth: { token_file: `${stage.home}/token` },
      };
      inForce(stage, { openai: { source: { vault } } });
      stage.line = "gum-cred get openai";
      stage.tells.push(/no other key/);
      const logs = () => stage.file("token", "hvs.EXAMPLE");
      stage.does.push([/log in to Vault/, logs], [/check 'auth'/, logs]);
    },
  },
  {
    name: "a source whose authority nobody vouches for",
    code: "E_UNTRUSTED",
    shows: ["check ca_file, the address, and whether something reads the traffic"],
    prepare(stage) {
      const certificate = selfSigned(stage.home);
      const address = bao(stage, 200, certificate);
      const vault = { address, mount: "secret", path: "llm/openai", field: "key" };
      const auth = { token_file: stage.file("token", "hvs.EXAMPLE") };
      inForce(stage, { openai: { source: { vault: { ...vault, auth } } } });
      stage.line = "gum-cred get openai";
      const trusts = { ...vault, auth, ca_file: certificate.file };
      stage.does.push([/check ca_file/, () => inForce(stage, { openai: { source: { vault: trusts } } })]);
    },
  },
  {
    name: "a source that refuses, checked live",
    code: "E_SOURCE_REJECTED",
    shows: [
      "log in to Vault again (vault login, bao login), or check 'auth' in the policy; no other key is used",
    ],
    prepare(stage) {
      const server = bao(stage);
      const vault = {
        address: server,
        mount: "secret",
        path: "llm/openai",
        field: "key",
        auth: { token_file: `${stage.home}/token` },
      };
      inForce(stage, { openai: { source: { vault } } });
      stage.line = "gum-cred policy check --live";
      stage.tells.push(/no other key/);
      const logs = () => stage.file("token", "hvs.EXAMPLE");
      stage.does.push([/log in to Vault/, logs], [/check 'auth'/, logs]);
    },
  },
  {
    name: "a source whose answer is no key",
    code: "E_SOURCE_DATA",
    shows: ["run 'gum-cred policy check --live' to see what each source answers; no other key is used"],
    prepare(stage) {
      stage.file("token", "hvs.EXAMPLE");
      const vault = { address: bao(stage, 418), mount: "secret", path: "llm/openai", field: "key" };
      const auth = { token_file: `${stage.home}/token` };
      inForce(stage, { openai: { source: { vault: { ...vault, auth } } } });
      stage.line = "gum-cred get openai";
      stage.tells.push(/no other key/);
      const mends = () =>
        inForce(stage, { openai: { source: { vault: { ...vault, address: bao(stage), auth } } } });
      stage.reads.push([/^gum-cred policy check --live/, "418", mends]);
    },
  },
  {
    name: "a source whose answer is no key, checked live",
    code: "E_SOURCE_DATA",
    shows: [],
    prepare(stage) {
      const vault = { address: bao(stage, 418), mount: "secret", path: "llm/openai", field: "key" };
      const auth = { token_file: stage.file("token", "hvs.EXAMPLE") };
      inForce(stage, { openai: { source: { vault: { ...vault, auth } } } });
      stage.line = "gum-cred policy check --live";
      const mends = () =>
        inForce(stage, { openai: { source: { vault: { ...vault, address: bao(stage), auth } } } });
      stage.does.push([/no other key/, mends]);
    },
  },
];

/** The system's policy, in a mount namespace. */
function under(stage: Stage, providers: object): void {
  const [, ...ruled] = underSystemPolicy({ organization: { id: "acme", name: "Acme Inc." }, providers });
  stage.shell = ["/usr/bin/unshare", ...ruled.slice(0, -1), "/bin/sh", "-c"];
}

/** As much of OpenBao as one read of one key needs: the right token, and everybody else is refused. */
function bao(stage: Stage, status = 200, tls?: SelfSigned): string {
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    ...(tls ? { tls: { cert: tls.certificate, key: tls.key } } : {}),
    fetch: (request) =>
      request.headers.get("x-vault-token") === "hvs.EXAMPLE"
        ? Response.json({ data: { data: { key: "sk-EXAMPLE-vault" }, metadata: { version: 1 } } }, { status })
        : Response.json({ errors: ["permission denied"] }, { status: 403 }),
  });
  stage.ends.push(() => server.stop(true));
  return `${tls ? "https" : "http"}://127.0.0.1:${server.port}`;
}
