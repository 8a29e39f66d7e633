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

/** A variable that names, separated by commas, the keys that gum-cred is asking a command for: `organization:openai`. */
export const ASKING_FOR = "GUM_CRED_ASKING_FOR";

/**
 * The key a command prints; null when it prints nothing. `asking` is put into {@link ASKING_FOR}. Throws E_TIMEOUT when
 * it does not end in time and E_SOURCE_FAILED when it cannot be started, fails, or prints text that is not a valid key.
 */
export async function runSecretCommand(
  argv: readonly string[],
  timeoutMs: number,
  whose: string,
  asking: string,
): Promise<Secret | null> {
  const text = await runCommand(argv, timeoutMs, whose, asking);
  if (text === "") return null;
  if (!/^[\x21-\x7e]+$/.test(text)) {
    const name = clean(argv[0] ?? "", 100);
    throw fail("E_SOURCE_FAILED", `${whose}: ${name} printed text that is not a valid key`);
  }
  return secret(text);
}

/** The trimmed output of a command, whatever it holds. Throws E_TIMEOUT and E_SOURCE_FAILED. */
export async function runCommand(
  argv: readonly string[],
  timeoutMs: number,
  whose: string,
  asking: string,
): Promise<string> {
  const name = clean(argv[0] ?? "", 100);
  const env = passedOn(asking);
  const result = await runBounded({
    command: argv,
    env,
    timeoutMs,
    limitBytes: LIMIT_BYTES,
    drainMs: timeoutMs,
  });
  if (result === "unstartable") throw fail("E_SOURCE_FAILED", `${whose}: cannot start ${name}`);
  if (result === "late") throw fail("E_TIMEOUT", `${whose}: ${name} did not finish within ${timeoutMs} ms`);
  if (result === "flood") {
    throw fail("E_SOURCE_FAILED", `${whose}: ${name} printed more than ${LIMIT_BYTES / 1024} KiB`);
  }
  if (result.status !== 0) {
    const how = typeof result.status === "number" ? `exit code ${result.status}` : result.status;
    throw fail("E_SOURCE_FAILED", `${whose}: ${name} failed (${how})`);
  }
  return new TextDecoder().decode(result.output).trim();
}

function passedOn(asking: string): Readonly<Record<string, string>> {
  const env: Record<string, string> = { PATH: "/usr/bin:/bin" };
  for (const variable of PASSED_ON) {
    const value = process.env[variable];
    if (value !== undefined) env[variable] = value;
  }
  env[ASKING_FOR] = [process.env[ASKING_FOR], asking].filter(Boolean).join(",");
  return env;
}
