/** `gum-cred broker --listen`: a service that says when it is ready, answers, and ends without dropping anybody. */
import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { gumCred, run } from "../support/binary.ts";
import { startVendorUpstream } from "../support/vendor-upstream.ts";

const upstream = startVendorUpstream();
const folder = mkdtempSync("/tmp/gum-cred-listen-");
const ENV = {
  PATH: process.env["PATH"] ?? "",
  DBUS_SESSION_BUS_ADDRESS: "",
  XDG_RUNTIME_DIR: "",
  OPENAI_API_KEY: "sk-EXAMPLE-openai-0123456789",
  OPENAI_BASE_URL: `${upstream.url}/v1`,
};
const children: Bun.Subprocess[] = [];
afterEach(() => upstream.forget());
afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await upstream.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function serve(where: string, tokenFile: string, env: Record<string, string> = {}) {
  const child = Bun.spawn([gumCred(), "broker", "openai", "--listen", where, "--token-file", tokenFile], {
    env: { ...ENV, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  children.push(child);
  const reader = child.stderr.getReader();
  const { value } = await reader.read();
  const said = new TextDecoder().decode(value);
  expect(said).toContain("ready on ");
  expect(said).not.toContain("EXAMPLE");
  return { child, said, token: readFileSync(tokenFile, "utf8").trim() };
}

function freePort(): number {
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => {} } });
  const { port } = server;
  server.stop(true);
  return port;
}

test("on a port: token file, health, requests, drain", async () => {
  const port = freePort();
  const file = `${folder}/token`;
  const { child, said, token } = await serve(`127.0.0.1:${port}`, file);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(said).not.toContain(token);
  expect(await (await fetch(`http://127.0.0.1:${port}/healthz`)).text()).toBe("ok\n");
  const headers = { authorization: `Bearer ${token}` };
  expect((await fetch(`http://127.0.0.1:${port}/openai/v1/models`)).status).toBe(401);
  expect((await fetch(`http://127.0.0.1:${port}/openai/v1/models`, { headers })).status).toBe(200);
  const stream = await fetch(`http://127.0.0.1:${port}/openai/v1/events`, { headers });
  child.kill("SIGTERM");
  await Bun.sleep(50);
  await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow();
  expect(await stream.text()).toContain("[DONE]");
  expect(await child.exited).toBe(0);
  expect(existsSync(file)).toBe(false);
});

test.each(["SIGHUP", "SIGINT", "SIGTERM"] as const)(
  "%s removes the socket and the token file",
  async (signal) => {
    const [path, file] = [`${folder}/ends.sock`, `${folder}/ends-token`];
    const { child } = await serve(`unix:${path}`, file);
    await Bun.sleep(300);
    child.kill(signal);
    expect(await child.exited).toBe(0);
    expect([existsSync(file), existsSync(path)]).toEqual([false, false]);
  },
);

test.skipIf(process.platform !== "linux")("a SIGHUP that the caller ignores ends nothing", async () => {
  const port = freePort();
  const words = ["broker", "openai", "--listen", `127.0.0.1:${port}`, "--token-file", `${folder}/kept`];
  const child = Bun.spawn(["nohup", gumCred(), ...words], { env: ENV, stdin: "ignore", stderr: "pipe" });
  children.push(child);
  await child.stderr.getReader().read();
  child.kill("SIGHUP");
  await Bun.sleep(100);
  expect(await (await fetch(`http://127.0.0.1:${port}/healthz`)).text()).toBe("ok\n");
  child.kill("SIGTERM");
  expect(await child.exited).toBe(0);
});

test("on a socket that nobody else may use, and that a dead run left behind", async () => {
  const path = `${folder}/broker.sock`;
  const first = await serve(`unix:${path}`, `${folder}/token-1`);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const taken = await run(
    ["broker", "openai", "--listen", `unix:${path}`, "--token-file", `${folder}/token-2`],
    { env: ENV },
  );
  expect(taken.stderr).toContain("E_PORT_BUSY");
  first.child.kill("SIGKILL");
  await first.child.exited;
  const { child, token } = await serve(`unix:${path}`, `${folder}/token-3`);
  const ask = (url: string) =>
    fetch(url, { unix: path, headers: { authorization: `Bearer ${token}` } } as RequestInit);
  expect((await ask("http://localhost/openai/v1/models")).status).toBe(200);
  expect((await ask("http://elsewhere/openai/v1/models")).status).toBe(401);
  child.kill("SIGTERM");
  expect(await child.exited).toBe(0);
  expect(existsSync(path)).toBe(false);
});

test.skipIf(process.platform !== "linux" || !Bun.which("python3"))(
  "systemd hears when it is ready",
  async () => {
    const place = `${folder}/notify.sock`;
    const script = `import socket,sys
s=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM); s.bind(sys.argv[1]); print("bound",flush=True)
for _ in range(2): print(s.recv(100).decode(),flush=True)`;
    const systemd = Bun.spawn(["python3", "-c", script, place], { stdout: "pipe" });
    children.push(systemd);
    while (!existsSync(place)) await Bun.sleep(10);
    const { child } = await serve(`127.0.0.1:${freePort()}`, `${folder}/token-4`, { NOTIFY_SOCKET: place });
    child.kill("SIGTERM");
    await child.exited;
    expect(await new Response(systemd.stdout).text()).toBe("bound\nREADY=1\nSTOPPING=1\n");
  },
);

test.each([
  [["--listen", "0.0.0.0:8080"]],
  [["--listen", "127.0.0.1:99999"]],
  [["--listen", "here"]],
  [["--listen", "127.0.0.1:0", "--isolate"]],
])("%j is a mistake", async (flags) => {
  const { code, stderr } = await run(["broker", "openai", ...flags], { env: ENV });
  expect(code).toBe(2);
  expect(stderr).toMatch(/E_USAGE|E_INVALID_VALUE/);
});

describe("the examples of docs/broker", () => {
  const read = (name: string) => readFileSync(`${import.meta.dir}/../../docs/broker/${name}`, "utf8");
  const yaml = (name: string) => Bun.YAML.parse(read(name)) as never;
  interface Pod {
    readonly spec: { readonly initContainers: readonly { readonly args: readonly string[] }[] };
  }
  interface Compose {
    readonly services: Readonly<Record<string, { readonly command: readonly string[] }>>;
  }
  const lines: readonly (readonly [string, readonly string[]])[] = [
    ["kubernetes.yaml", (yaml("kubernetes.yaml") as Pod).spec.initContainers[0]?.args ?? []],
    ["compose.yaml", (yaml("compose.yaml") as Compose).services["broker"]?.command ?? []],
    [
      "gum-cred-broker.service",
      /^ExecStart=\/usr\/bin\/gum-cred (.*)$/m.exec(read("gum-cred-broker.service"))?.[1]?.split(" ") ?? [],
    ],
  ];
  test.each(lines)("%s starts a broker that answers", async (name, args) => {
    const port = freePort();
    const place = mkdtempSync(`${folder}/example-`);
    const words = args.map((word) =>
      word
        .replace(/^127\.0\.0\.1:8417$/, `127.0.0.1:${port}`)
        .replace("/run/broker", place)
        .replace(/%[tS]\/gum-cred/, place),
    );
    expect(words[0]).toBe("broker");
    const child = Bun.spawn([gumCred(), ...words], { env: ENV, stdin: "ignore", stderr: "pipe" });
    children.push(child);
    await child.stderr.getReader().read();
    const unix = name.endsWith(".service") ? { unix: `${place}/broker.sock` } : {};
    const url = name.endsWith(".service") ? "http://localhost" : `http://127.0.0.1:${port}`;
    const headers = { authorization: `Bearer ${readFileSync(`${place}/token`, "utf8").trim()}` };
    expect((await fetch(`${url}/healthz`, unix as RequestInit)).status).toBe(200);
    const asked = await fetch(`${url}/openai/v1/models`, { headers, ...unix } as RequestInit);
    expect(asked.status).toBe(200);
    child.kill("SIGTERM");
    expect(await child.exited).toBe(0);
  });

  test.skipIf(!Bun.which("systemd-analyze"))("systemd accepts the unit", () => {
    const unit = `${import.meta.dir}/../../docs/broker/gum-cred-broker.service`;
    const { stderr } = Bun.spawnSync(["systemd-analyze", "verify", "--user", "--man=no", unit]);
    expect(stderr.toString().replace(/^.*is not executable.*\n/gm, "")).not.toContain(
      "gum-cred-broker.service:",
    );
  });
});
