/** An OpenBao whose data outlives a seal and a restart, as the dev server's does not. */
import { mkdirSync, writeFileSync } from "node:fs";
import { OPENBAO } from "../../test/support/openbao.ts";

export interface LastingBao {
  readonly address: string;
  /** A file that holds a token which may read the keys. */
  readonly tokenFile: string;
  seal(): Promise<void>;
  unseal(): Promise<void>;
  /** Ends the server, starts it again and unseals it. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export async function startLastingBao(folder: string): Promise<LastingBao> {
  if (OPENBAO === null) throw new Error("there is no OpenBao");
  const program = OPENBAO;
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const address = `http://127.0.0.1:${port}`;
  mkdirSync(`${folder}/data`);
  writeFileSync(
    `${folder}/bao.hcl`,
    `storage "raft" { path = "${folder}/data" node_id = "one" }
     listener "tcp" { address = "127.0.0.1:${port}" tls_disable = true }
     api_addr = "${address}"
     cluster_addr = "http://127.0.0.1:${port + 1}"`,
  );
  let server = run();
  let root = "";
  function run() {
    return Bun.spawn(["setpriv", "--pdeathsig", "KILL", program, "server", `-config=${folder}/bao.hcl`], {
      ...{ stdin: "ignore", stdout: "ignore", stderr: Bun.file(`${folder}/bao.log`) },
    });
  }
  async function api(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
    const response = await fetch(`${address}/v1/${path}`, {
      ...{ method, headers: { "X-Vault-Token": root }, body: body ? JSON.stringify(body) : null },
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
    return text ? JSON.parse(text) : {};
  }
  const answers = () => until(async () => fetch(`${address}/v1/sys/seal-status`));
  await answers();
  const made = await api("PUT", "sys/init", { secret_shares: 1, secret_threshold: 1 });
  const [key] = made["keys"] as string[];
  root = String(made["root_token"]);
  const unseal = async (): Promise<void> => void (await api("PUT", "sys/unseal", { key }));
  await unseal();
  await until(async () => api("POST", "sys/mounts/secret", { type: "kv", options: { version: "2" } }));
  // A new engine upgrades itself first.
  await until(async () => api("POST", "secret/data/llm/openai", { data: { key: "sk-EXAMPLE-fleet" } }));
  const tokenFile = `${folder}/token`;
  writeFileSync(tokenFile, root, { mode: 0o600 });
  return {
    ...{ address, tokenFile, unseal },
    seal: async () => void (await api("PUT", "sys/seal")),
    restart: async () => {
      server.kill("SIGKILL");
      await server.exited;
      server = run();
      await answers();
      await unseal();
    },
    stop: async () => {
      server.kill("SIGKILL");
      await server.exited;
    },
  };
}

async function until(work: () => Promise<unknown>): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const done = await work().then(
      () => true,
      () => false,
    );
    if (done) return;
    await Bun.sleep(50);
  }
  throw new Error("OpenBao was not ready within 10 s");
}
