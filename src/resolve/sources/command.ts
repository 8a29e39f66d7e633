/**
 * Runs an organisation's secret store: no shell, by absolute path, in a minimal environment, bounded in time
 * and output. Its trimmed stdout is the key; of its stderr the last line is shown when it fails, without what could
 * be a key.
 */
import { clean, fail } from "../../core/errors.ts";
import { scrub } from "../../core/scrub.ts";
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
    keepsErrors: true,
  });
  if (result === "unstartable") throw fail("E_SOURCE_FAILED", `${whose}: cannot start ${name}`);
  if (result === "late") throw fail("E_TIMEOUT", `${whose}: ${name} did not finish within ${timeoutMs} ms`);
  if (result === "flood") {
    throw fail("E_SOURCE_FAILED", `${whose}: ${name} printed more than ${LIMIT_BYTES / 1024} KiB`);
  }
  if (result.status !== 0) {
    const how = typeof result.status === "number" ? `exit code ${result.status}` : result.status;
    const said = lastLine(result.errors, result.output);
    throw fail("E_SOURCE_FAILED", `${whose}: ${name} failed (${how})${said && `: ${said}`}`);
  }
  return new TextDecoder().decode(result.output).trim();
}

/** Long words of letters and digits, as keys are, and the well-known beginnings of keys. */
const KEY_LIKE =
  /(?<![A-Za-z0-9])(?=[A-Za-z0-9_+=.~-]*\d)(?=[A-Za-z0-9_+=.~-]*[A-Za-z])[A-Za-z0-9_+=~-]{20,}|\b(?:sk|gsk|xai|hf|fw|pplx|hvs|hvb|s|tok|key)[-_.][A-Za-z0-9_-]{8,}|AIza[\w-]{10,}|eyJ[\w.-]{10,}/g;

/** The last line that a failed program printed on stderr, without what it printed on stdout and what looks like a key. */
function lastLine(errors: Uint8Array, output: Uint8Array): string {
  const lines = new TextDecoder().decode(errors).split(/[\r\n]+/);
  const last = lines.findLast((line) => clean(line) !== "") ?? "";
  const printed = new TextDecoder().decode(output).trim();
  const scrubbed = scrub(last, printed === "" ? [] : [secret(printed)], 200);
  return scrubbed.replace(KEY_LIKE, "***");
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
