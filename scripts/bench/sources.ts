/** What a policy's sources cost: Vault against a file, six keys against one, six sources that hang against one. */
import { writeFileSync } from "node:fs";
import { OPENBAO, startOpenBao } from "../../test/support/openbao.ts";
import { writePolicy } from "../../test/support/policy.ts";
import { cleanEnvironment, measure } from "./measure.ts";
import { absentRow, type Row, type Section, timeRow } from "./rows.ts";
import type { Setting, Variables } from "./world.ts";

const LIMITS = { vault: 2, six: 1.5, hung: 1.2 };
const VENDORS = ["openai", "anthropic", "google", "xai", "deepseek", "fireworks"];
const HANG_MS = 1_000;

const FILE = "get, a key from a file";
const VAULT = "get, a key from OpenBao";
const ONE = "env, one key from OpenBao";
const SIX = "env, six keys from OpenBao";
const HUNG = "env, six sources that hang";

export async function benchSources(setting: Setting): Promise<Section> {
  const about =
    "OpenBao on loopback, one token in a file. A source that hangs is a command that sleeps, with `timeout_ms` 1000.";
  const title = "Sources of a policy";
  if (OPENBAO === null) return { title, about, rows: [absentRow(VAULT, "OpenBao")] };
  return { title, about, rows: [...(await fromVault(setting)), await hung(setting)] };
}

async function fromVault({ gumCred, folder, rounds }: Setting): Promise<readonly Row[]> {
  const bao = await startOpenBao(folder);
  try {
    const [token, key] = [`${folder}/token`, `${folder}/key`];
    writeFileSync(token, bao.root, { mode: 0o600 });
    writeFileSync(key, "sk-EXAMPLE-file", { mode: 0o600 });
    const sources: Record<string, object> = {};
    for (const vendor of VENDORS) {
      await bao.api("POST", `secret/data/llm/${vendor}`, { data: { key: `sk-EXAMPLE-${vendor}` } });
      const vault = {
        address: bao.address,
        mount: "secret",
        path: `llm/${vendor}`,
        field: "key",
        auth: { token_file: token },
      };
      sources[vendor] = { source: { vault } };
    }
    const fromFile = writePolicy(`${folder}/file.json`, { openai: { source: { file: key } } });
    const fromBao = writePolicy(`${folder}/vault.json`, sources);
    const timing = await measure(
      [
        { name: FILE, command: [gumCred, "get", "openai"], env: fromFile },
        { name: VAULT, command: [gumCred, "get", "openai"], env: fromBao },
        { name: ONE, command: [gumCred, "env", "openai"], env: fromBao },
        { name: SIX, command: [gumCred, "env", ...VENDORS], env: fromBao },
      ],
      rounds,
    );
    return [
      timeRow(timing(VAULT), timing(FILE), LIMITS.vault),
      timeRow(timing(SIX), timing(ONE), LIMITS.six),
    ];
  } finally {
    await bao.stop();
  }
}

async function hung({ gumCred, folder }: Setting): Promise<Row> {
  const source = { source: { command: ["/bin/sleep", "60"], timeout_ms: HANG_MS } };
  const policy = writePolicy(
    `${folder}/hung.json`,
    Object.fromEntries(VENDORS.map((vendor) => [vendor, source])),
  );
  const six = timeout(gumCred, VENDORS, policy);
  const ratio = six / HANG_MS;
  return {
    what: HUNG,
    value: `${six.toFixed(0)} ms`,
    against: `one timeout: ${HANG_MS} ms`,
    ratio,
    limit: LIMITS.hung,
  };
}

/** Milliseconds until it fails. */
function timeout(gumCred: string, vendors: readonly string[], policy: Variables): number {
  const start = performance.now();
  const { exitCode } = Bun.spawnSync([gumCred, "env", ...vendors], {
    env: cleanEnvironment(policy),
    stderr: "ignore",
  });
  if (exitCode !== 5) throw new Error(`sources that hang ended with ${exitCode}, not 5`);
  return performance.now() - start;
}
