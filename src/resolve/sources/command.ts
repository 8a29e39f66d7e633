/**
 * Runs an organisation's secret store: no shell, by absolute path, in a minimal environment, bounded in time
 * and output. Its trimmed stdout is the key; its stderr is never shown, because it may contain one.
 */
import { clean, fail } from "../../core/errors.ts";
import { type Secret, secret } from "../../core/secret.ts";
import { runBounded } from "../../os/process/run-bounded.ts";

const LIMIT_BYTES = 64 * 1024;

/** What a command may see: enough for a helper such as `vault` to find its own login. */
const PASSED_ON = [
  "HOME",
  "USER",
  "LOGNAME",
  "LANG",
  "XDG_RUNTIME_DIR",
  "XDG_CONFIG_HOME",
  "TMPDIR",
  "SystemRoot",
];

/**
 * The key a command prints; null when it prints nothing. Throws E_TIMEOUT when it does not end in time and
 * E_SOURCE_FAILED when it cannot be started, fails, or prints text that is not a valid key.
 */
export async function runSecretCommand(
  argv: readonly string[],
  timeoutMs: number,
  whose: string,
): Promise<Secret | null> {
  const name = clean(argv[0] ?? "", 100);
  const run = { command: argv, env: passedOn(), timeoutMs, limitBytes: LIMIT_BYTES, drainMs: timeoutMs };
  const result = await runBounded(run);
  if (result === "unstartable") throw fail("E_SOURCE_FAILED", `${whose}: ${name} cannot be started`);
  if (result === "late") throw fail("E_TIMEOUT", `${whose}: ${name} gave no answer within ${timeoutMs} ms`);
  if (result === "flood") throw fail("E_SOURCE_FAILED", `${whose}: ${name} printed more than a key`);
  if (result.status !== 0) throw fail("E_SOURCE_FAILED", `${whose}: ${name} ended with ${result.status}`);
  return keyIn(result.output, name, whose);
}

function passedOn(): Readonly<Record<string, string>> {
  const env: Record<string, string> = { PATH: "/usr/bin:/bin" };
  for (const variable of PASSED_ON) {
    const value = process.env[variable];
    if (value !== undefined) env[variable] = value;
  }
  return env;
}

function keyIn(output: Uint8Array, name: string, whose: string): Secret | null {
  const text = new TextDecoder().decode(output).trim();
  if (text === "") return null;
  if (!/^[\x21-\x7e]+$/.test(text)) {
    throw fail("E_SOURCE_FAILED", `${whose}: ${name} printed text that is not a valid key`);
  }
  return secret(text);
}
