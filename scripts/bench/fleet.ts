/**
 * What a fleet costs one OpenBao: clients that start within a minute, with and without `cache_s`, while the server is
 * sealed for a tenth of the time and restarted. Prints a table.
 * `bun scripts/bench/fleet.ts [--clients 1000] [--seconds 60]`; GUM_CRED_BINARY measures another binary.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { writePolicy } from "../../test/support/policy.ts";
import { startPrivateKeyring } from "../../test/support/private-keyring.ts";
import { type LastingBao, startLastingBao } from "./lasting-bao.ts";

const BINARY = process.env["GUM_CRED_BINARY"] ?? resolve(import.meta.dir, "../../dist/gum-cred");
/** Homes that the clients are spread over: a machine's clients share a keychain. */
const CLIENTS_A_MACHINE = 50;

const { values } = parseArgs({
  options: { clients: { type: "string", default: "1000" }, seconds: { type: "string", default: "60" } },
});
const clients = Number(values.clients);
const seconds = Number(values.seconds);

interface Outcome {
  readonly code: number;
  readonly ms: number;
}

interface Round {
  readonly title: string;
  readonly outcomes: readonly Outcome[];
  /** Requests in each second, as the server saw them. */
  readonly perSecond: readonly number[];
}

const folder = mkdtempSync(`${tmpdir()}/gum-cred-fleet-`);
const bao = await startLastingBao(folder);
const counter = countRequests(bao.address);
try {
  const keyring = await startPrivateKeyring();
  try {
    const rounds: Round[] = [];
    for (const [title, options, faults] of [
      ["no cache", {}, false],
      ["cache_s 30", { cache_s: 30 }, false],
      ["no cache, seal and restart", {}, true],
      ["cache_s 5, stale_ok_s 600, seal and restart", { cache_s: 5, stale_ok_s: 600 }, true],
    ] as const) {
      rounds.push(await playRound(title, options, faults, keyring.env));
    }
    console.log(table(rounds));
  } finally {
    await keyring.stop();
  }
} finally {
  counter.stop();
  await bao.stop();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);

async function playRound(
  title: string,
  options: object,
  faults: boolean,
  session: Readonly<Record<string, string>>,
): Promise<Round> {
  const source = {
    vault: {
      ...{ address: counter.address, mount: "secret", path: "llm/openai", field: "key" },
      auth: { token_file: bao.tokenFile },
    },
    ...options,
  };
  const policy = writePolicy(`${folder}/policy.json`, { openai: { source } });
  counter.reset();
  const running: Promise<Outcome>[] = [];
  const trouble = faults ? makeTrouble(bao, seconds) : Promise.resolve();
  const start = performance.now();
  for (let client = 0; client < clients; client++) {
    await Bun.sleep(Math.max(0, start + (client / clients) * seconds * 1000 - performance.now()));
    // One in so many starts on a machine that nobody has asked on before: its keychain is empty.
    const env = client % CLIENTS_A_MACHINE === 0 ? {} : session;
    running.push(startClient({ ...policy, ...env, HOME: folder }));
  }
  const outcomes = await Promise.all(running);
  await trouble;
  return { title, outcomes, perSecond: counter.perSecond() };
}

async function startClient(env: Record<string, string>): Promise<Outcome> {
  const start = performance.now();
  const child = Bun.spawn([BINARY, "get", "openai"], {
    ...{ env: { PATH: "/usr/bin:/bin", ...env }, stdin: "ignore", stdout: "ignore", stderr: "ignore" },
  });
  return { code: await child.exited, ms: performance.now() - start };
}

/** Sealed from a quarter of the time on, for a tenth of it; restarted after six tenths. */
async function makeTrouble(server: LastingBao, within: number): Promise<void> {
  await Bun.sleep(within * 250);
  await server.seal();
  await Bun.sleep(within * 100);
  await server.unseal();
  await Bun.sleep(within * 250);
  await server.restart();
}

/** A counter in front of the server. */
function countRequests(address: string) {
  let start = performance.now();
  let seen: number[] = [];
  const server = Bun.serve({
    ...{ hostname: "127.0.0.1", port: 0, idleTimeout: 0 },
    fetch: async (request) => {
      const second = Math.floor((performance.now() - start) / 1000);
      seen[second] = (seen[second] ?? 0) + 1;
      const { pathname } = new URL(request.url);
      try {
        return await fetch(`${address}${pathname}`, { headers: request.headers, method: request.method });
      } catch {
        return new Response("", { status: 502 });
      }
    },
  });
  return {
    address: `http://127.0.0.1:${server.port}`,
    reset: () => {
      start = performance.now();
      seen = [];
    },
    perSecond: () => Array.from(seen, (count) => count ?? 0),
    stop: () => server.stop(true),
  };
}

function table(rounds: readonly Round[]): string {
  const rows = rounds.map(({ title, outcomes, perSecond }) => {
    const total = perSecond.reduce((sum, count) => sum + count, 0);
    const times = outcomes.map(({ ms }) => ms).sort((a, b) => a - b);
    const at = (part: number) => `${(times[Math.floor((times.length - 1) * part)] ?? 0).toFixed(0)} ms`;
    const failed = Map.groupBy(
      outcomes.filter(({ code }) => code !== 0),
      ({ code }) => code,
    );
    const failures = [...failed].map(([code, all]) => `${all.length} × exit ${code}`).join(", ") || "none";
    const rate = `${(total / seconds).toFixed(1)} (${Math.max(0, ...perSecond)})`;
    return `| ${title} | ${total} | ${rate} | ${failures} | ${at(0.5)} | ${at(0.99)} |`;
  });
  return [
    `${clients} clients within ${seconds} s`,
    "",
    "| | requests | a second (most) | failures | median | 99 % |",
    "|---|---|---|---|---|---|",
    ...rows,
  ].join("\n");
}
