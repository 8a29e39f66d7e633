/** An expired session and many processes that need it at once: how long until all have it, and who asked the server. */
import { cleanEnvironment, median } from "./measure.ts";
import type { Row, Section } from "./rows.ts";
import { type Server, type Setting, store, type Variables, withKeyring } from "./world.ts";

const PROCESSES = [1, 10, 50];
const RUNS = 3;

export function benchContention({ gumCred }: Setting): Promise<Section> {
  return withKeyring(async (session, server) => {
    const runs = new Map<number, readonly Run[]>();
    for (const count of PROCESSES) {
      const all: Run[] = [];
      for (let run = 0; run < RUNS; run++) all.push(await refreshAtOnce(gumCred, count, session, server));
      runs.set(count, all);
    }
    const alone = least(runs.get(1) ?? []);
    return {
      title: "Refresh under contention",
      about:
        "So many `get gumloop` at once on one session whose access token has expired: the time until the last has " +
        "ended with the new token, and how often the token endpoint was asked, which must be once.",
      rows: [...runs].flatMap(([count, all]): Row[] => [
        {
          what: `${count} at once`,
          value: `${least(all).toFixed(1)} ms (${median(all.map(({ ms }) => ms)).toFixed(1)})`,
          against: `1 at once: ${alone.toFixed(1)} ms`,
          ratio: least(all) / alone,
          limit: null,
        },
        requestRow(count, Math.max(...all.map(({ requests }) => requests))),
      ]),
    };
  });
}

interface Run {
  readonly ms: number;
  readonly requests: number;
}

function requestRow(count: number, requests: number): Row {
  const what = `token requests by ${count} at once`;
  return { what, value: `${requests}`, against: "one request", ratio: requests, limit: 1 };
}

async function refreshAtOnce(
  gumCred: string,
  count: number,
  session: Variables,
  server: Server,
): Promise<Run> {
  server.reset();
  const tokens = server.issueTokens({ expiresIn: 0 });
  await store(session, server, new Map([["default", { ...tokens, expiresAtMs: Date.now() - 1_000 }]]));
  const start = performance.now();
  const children = Array.from({ length: count }, () =>
    Bun.spawn([gumCred, "get", "gumloop"], {
      env: cleanEnvironment(session),
      stdin: "ignore",
      stderr: "ignore",
    }),
  );
  const printed = await Promise.all(children.map((child) => new Response(child.stdout).text()));
  const codes = await Promise.all(children.map((child) => child.exited));
  const ms = performance.now() - start;
  if (codes.some((code) => code !== 0) || new Set(printed).size !== 1) {
    throw new Error(`${count} at once ended with ${codes}, with ${new Set(printed).size} different tokens`);
  }
  return { ms, requests: server.log().filter(({ path }) => path === "/oauth/token").length };
}

function least(runs: readonly Run[]): number {
  return Math.min(...runs.map(({ ms }) => ms));
}
