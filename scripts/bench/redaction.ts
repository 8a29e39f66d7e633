/** How fast `redact` copies a large log, beside `sed`, which looks for one fixed text only. */
import { rmSync, writeFileSync } from "node:fs";
import { measure } from "./measure.ts";
import { type Section, timeRow } from "./rows.ts";
import { homeWithPlugins, type Setting, TOKEN, type Variables } from "./world.ts";

/** Half the speed of sed. */
const LIMIT = 2;
const MIB = 64;
const BUILT_IN = ["OPENAI", "ANTHROPIC", "GEMINI", "XAI", "DEEPSEEK", "FIREWORKS"];
const PLUGINS = 13;

export async function benchRedaction({ gumCred, folder, rounds }: Setting): Promise<Section> {
  const names = [...BUILT_IN, ...Array.from({ length: PLUGINS }, (_, index) => `VENDOR${index}`)];
  const keys: Variables = Object.fromEntries(
    names.map((name, index) => [
      `${name}_API_KEY`,
      `sk-EXAMPLE-${index}-0123456789abcdefghijklmnopqrstuvwxyz`,
    ]),
  );
  const env = { ...TOKEN, ...keys, HOME: homeWithPlugins(PLUGINS, `${folder}/redaction`, gumCred) };
  const secrets = [...Object.values(TOKEN), ...Object.values(keys)];
  const log = `${folder}/large.log`;
  writeLog(log, secrets);
  try {
    const redact = `redact, ${secrets.length} secrets`;
    const timing = await measure(
      [
        { name: redact, command: [gumCred, "redact"], env, input: log },
        { name: "sed, one fixed text", command: ["sed", `s/${secrets[0]}/***/g`], input: log },
      ],
      Math.max(3, Math.ceil(rounds / 5)),
    );
    return {
      title: "Redaction",
      about:
        `${MIB} MiB of log with a secret in every hundredth line, from a file through a pipe, start included. gum-cred ` +
        "looks for each secret as it is and in its other forms (base64, percent-encoded, escaped for JSON).",
      rows: [timeRow(timing(redact), timing("sed, one fixed text"), LIMIT)],
    };
  } finally {
    rmSync(log, { force: true });
  }
}

/** A log like others: times, paths, numbers, and now and then a secret. */
function writeLog(path: string, secrets: readonly string[]): void {
  const lines: string[] = [];
  for (let size = 0, index = 0; size < 1024 * 1024; index++) {
    const value = index % 100 === 0 ? (secrets[(index / 100) % secrets.length] ?? "") : "0";
    const line = `2026-01-01T00:00:${index % 60} INFO request=${index} path=/api/v1/models?q=${value} status=200\n`;
    lines.push(line);
    size += line.length;
  }
  const block = new TextEncoder().encode(lines.join("")).subarray(0, 1024 * 1024);
  const whole = new Uint8Array(MIB * block.length);
  for (let index = 0; index < MIB; index++) whole.set(block, index * block.length);
  writeFileSync(path, whole);
}
