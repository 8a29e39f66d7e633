/**
 * The broker against going direct, against nginx's proxy_pass and, where it is installed, LiteLLM's proxy, on one
 * stand-in vendor: added latency, requests a second, memory. `bun scripts/bench.ts --only broker`
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { cleanEnvironment } from "./measure.ts";
import { absentRow, type Row, type Section } from "./rows.ts";
import type { Setting } from "./world.ts";

const ONE_AT_A_TIME = 3_000;
const WARM_UP = 300;
const AT_ONCE = 32;
const MANY = 8_000;
const STREAMS = 1_000;
/** What was promised: milliseconds more than direct at the median. */
const MOST_ADDED_MS = 0.3;
const KEY = "sk-EXAMPLE-of-the-bench";

/** Something that requests go through. */
interface Way {
  readonly name: string;
  /** Up to and with `/v1`. */
  readonly base: string;
  readonly token: string;
  /** Null where the stand-in itself is asked. */
  readonly pid: number | null;
  stop(): void;
}

interface Measured {
  readonly p50: number;
  readonly p99: number;
  readonly perSecond: number;
  /** MiB resident after all requests. */
  readonly memory: number | null;
}

export async function benchBroker({ gumCred, folder, quick }: Setting): Promise<Section> {
  const vendor = await startVendor();
  const ways = [
    { name: "direct", base: `http://127.0.0.1:${vendor.port}/v1`, token: KEY, pid: null, stop: () => {} },
    await startBroker(gumCred, folder, vendor.port),
    await startNginx(folder, vendor.port),
    await startLitellm(folder, vendor.port),
  ];
  const broker = ways[1];
  try {
    const measured = new Map<string, Measured>();
    for (const way of ways) if (way) measured.set(way.name, await measureWay(way, quick ? 10 : 1));
    const streams = broker ? await streamMemory(broker) : null;
    return { title: "The broker", about: ABOUT, rows: rowsOf(measured, streams) };
  } finally {
    for (const way of ways) way?.stop();
    vendor.stop();
  }
}

const ABOUT =
  `A small JSON answer of a stand-in vendor, ${ONE_AT_A_TIME} times one after the other over a kept connection, and ` +
  `${MANY} times with ${AT_ONCE} at once. Memory is what the process holds afterwards, and with ${STREAMS} open event streams.`;

function rowsOf(measured: ReadonlyMap<string, Measured>, streams: number | null): readonly Row[] {
  const direct = measured.get("direct");
  const broker = measured.get("broker");
  if (!direct || !broker) return [absentRow("the broker", "it did not start")];
  const added = (one: Measured) => one.p50 - direct.p50;
  const rows: Row[] = [
    {
      what: "added latency p50",
      value: `${added(broker).toFixed(3)} ms (p99 ${broker.p99.toFixed(2)})`,
      against: `${MOST_ADDED_MS} ms; direct p50 ${direct.p50.toFixed(3)} ms (p99 ${direct.p99.toFixed(2)})`,
      ratio: added(broker) / MOST_ADDED_MS,
      limit: 1,
    },
  ];
  for (const [name, limit] of [
    ["nginx", 2],
    ["LiteLLM", 1 / 20],
  ] as const) {
    const other = measured.get(name);
    if (!other) {
      rows.push(absentRow(`against ${name}`, "it is not installed"));
      continue;
    }
    rows.push({
      what: `requests a second, ${name}'s by ours`,
      value: `${broker.perSecond.toFixed(0)}/s, ${broker.memory?.toFixed(0)} MiB`,
      against: `${name}: ${other.perSecond.toFixed(0)}/s, ${other.memory?.toFixed(0)} MiB, +${added(other).toFixed(3)} ms`,
      ratio: other.perSecond / broker.perSecond,
      limit,
    });
  }
  if (streams !== null && broker.memory !== null) {
    const more = streams - broker.memory;
    rows.push({
      what: `memory of ${STREAMS} streams`,
      value: `${more.toFixed(0)} MiB more`,
      against: "150 MiB",
      ratio: Math.max(0, more) / 150,
      limit: 1,
    });
  }
  return rows;
}

async function measureWay(way: Way, divisor: number): Promise<Measured> {
  const one = new Agent({ keepAlive: true, maxSockets: 1 });
  for (let each = 0; each < WARM_UP; each++) await ask(way, "chat/completions", one);
  const times: number[] = [];
  for (let each = 0; each < ONE_AT_A_TIME / divisor; each++)
    times.push(await ask(way, "chat/completions", one));
  times.sort((a, b) => a - b);
  one.destroy();
  const many = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  let left = MANY / divisor;
  const start = performance.now();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (left-- > 0) await ask(way, "chat/completions", many);
    }),
  );
  const perSecond = (MANY / divisor / (performance.now() - start)) * 1000;
  many.destroy();
  const at = (share: number) => times[Math.floor(times.length * share)] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), perSecond, memory: way.pid === null ? null : residentMiB(way.pid) };
}

/** Milliseconds until the whole answer is there. */
function ask(way: Way, path: string, agent: Agent): Promise<number> {
  const start = performance.now();
  return new Promise((resolve, reject) => {
    const body = JSON.stringify({ model: "stand-in", messages: [{ role: "user", content: "hi" }] });
    const headers = {
      authorization: `Bearer ${way.token}`,
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
    };
    const outgoing = request(`${way.base}/${path}`, { method: "POST", headers, agent }, (answer) => {
      if (answer.statusCode !== 200) reject(new Error(`${way.name} answered ${answer.statusCode}`));
      answer.resume();
      answer.on("end", () => resolve(performance.now() - start));
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

async function streamMemory(way: Way): Promise<number | null> {
  const agent = new Agent({ keepAlive: true, maxSockets: STREAMS });
  let open = 0;
  for (let each = 0; each < STREAMS; each++) {
    const headers = { authorization: `Bearer ${way.token}` };
    const outgoing = request(`${way.base}/hold`, { headers, agent }, (answer) => {
      answer.once("data", () => {
        open += 1;
      });
      answer.on("error", () => {});
    });
    outgoing.on("error", () => {});
    outgoing.end();
  }
  for (let round = 0; open < STREAMS && round < 200; round++) await Bun.sleep(50);
  const memory = open === STREAMS && way.pid !== null ? residentMiB(way.pid) : null;
  agent.destroy();
  return memory;
}

function residentMiB(pid: number): number {
  const kib = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kib) / 1024;
}

const VENDOR = `
const answer = { id: "c", object: "chat.completion", created: 1, model: "stand-in", choices: [{ index: 0,
  message: { role: "assistant", content: "hello" }, finish_reason: "stop" }],
  usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 } };
const hold = () => new Response(new ReadableStream({ pull: async (controller) => {
  controller.enqueue(new TextEncoder().encode("data: {}\\n\\n")); await new Promise(() => {}); } }),
  { headers: { "content-type": "text/event-stream" } });
const server = Bun.serve({ hostname: "127.0.0.1", port: 0, idleTimeout: 0,
  fetch: (request) => request.url.endsWith("/hold") ? hold() : Response.json(answer) });
console.log(server.port);`;

async function startVendor(): Promise<{ readonly port: number; stop(): void }> {
  const child = Bun.spawn([process.execPath, "-e", VENDOR], { stdout: "pipe" });
  const { value } = await child.stdout.getReader().read();
  return { port: Number(new TextDecoder().decode(value)), stop: () => child.kill() };
}

async function startBroker(gumCred: string, folder: string, vendor: number): Promise<Way> {
  const port = freePort();
  const tokenFile = `${folder}/broker.token`;
  const child = Bun.spawn(
    [gumCred, "broker", "openai", "--listen", `127.0.0.1:${port}`, "--token-file", tokenFile],
    {
      env: cleanEnvironment({ OPENAI_API_KEY: KEY, OPENAI_BASE_URL: `http://127.0.0.1:${vendor}/v1` }),
      stderr: "pipe",
    },
  );
  await child.stderr.getReader().read();
  const token = readFileSync(tokenFile, "utf8").trim();
  return way("broker", `http://127.0.0.1:${port}/openai/v1`, token, child);
}

/** One worker, so that it has one core as the broker has. */
async function startNginx(folder: string, vendor: number): Promise<Way | null> {
  const path = Bun.which("nginx", { PATH: `${process.env["PATH"]}:/usr/sbin` });
  if (path === null) return null;
  const port = freePort();
  const place = `${folder}/nginx`;
  mkdirSync(place, { recursive: true });
  writeFileSync(
    `${place}/nginx.conf`,
    `daemon off; worker_processes 1; master_process off; pid ${place}/pid; error_log stderr crit;
events { worker_connections 4096; }
http { access_log off; client_body_temp_path ${place}/b; proxy_temp_path ${place}/p; fastcgi_temp_path ${place}/f;
uwsgi_temp_path ${place}/u; scgi_temp_path ${place}/s;
upstream vendor { server 127.0.0.1:${vendor}; keepalive 64; keepalive_requests 1000000; }
server { listen 127.0.0.1:${port}; keepalive_requests 1000000;
location / { proxy_pass http://vendor; proxy_http_version 1.1; proxy_set_header Connection "";
proxy_set_header Authorization "Bearer ${KEY}"; proxy_buffering off; } } }`,
  );
  const child = Bun.spawn([path, "-c", `${place}/nginx.conf`, "-p", place], { stderr: "ignore" });
  return (await answers(port)) ? way("nginx", `http://127.0.0.1:${port}/v1`, "any", child) : null;
}

/** `litellm` on PATH, as `pip install 'litellm[proxy]'` puts it there. */
async function startLitellm(folder: string, vendor: number): Promise<Way | null> {
  const path = Bun.which("litellm");
  if (path === null) return null;
  const port = freePort();
  const config = `${folder}/litellm.yaml`;
  writeFileSync(
    config,
    `model_list: [{ model_name: stand-in, litellm_params: { model: openai/stand-in, api_key: ${KEY}, ` +
      `api_base: "http://127.0.0.1:${vendor}/v1" } }]\n`,
  );
  const child = Bun.spawn([path, "--config", config, "--port", String(port), "--host", "127.0.0.1"], {
    stdout: "ignore",
    stderr: "ignore",
  });
  return (await answers(port, 90_000)) ? way("LiteLLM", `http://127.0.0.1:${port}/v1`, "any", child) : null;
}

function way(name: string, base: string, token: string, child: Bun.Subprocess): Way {
  return { name, base, token, pid: child.pid, stop: () => child.kill() };
}

async function answers(port: number, withinMs = 5_000): Promise<boolean> {
  for (const start = performance.now(); performance.now() - start < withinMs; await Bun.sleep(50)) {
    const up = await fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    );
    if (up) return true;
  }
  return false;
}

function freePort(): number {
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => {} } });
  const { port } = server;
  server.stop(true);
  return port;
}
