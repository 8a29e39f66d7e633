/**
 * Runs an organisation's secret store: no shell, by absolute path, in a minimal environment, bounded in time
 * and output, whatever its children do. Its trimmed stdout is the key; its stderr is never shown, because it may contain one.
 */
import { clean, fail } from "../../core/errors.ts";
import { type Secret, secret } from "../../core/secret.ts";

const LIMIT_BYTES = 64 * 1024;
const ENDING = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

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
  asking = "",
): Promise<Secret | null> {
  const name = clean(argv[0] ?? "", 100);
  const text = await runCommand(argv, timeoutMs, whose, asking);
  if (text === "") return null;
  if (!/^[\x21-\x7e]+$/.test(text)) {
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
  const child = start(argv, name, whose, asking);
  const late = Promise.withResolvers<"late">();
  const timer = setTimeout(() => late.resolve("late"), timeoutMs);
  // Ctrl-C does not reach another session: without this the command would outlive us and its time limit.
  const killAndExit = (signal: NodeJS.Signals): void => {
    for (const name of ENDING) process.off(name, killAndExit);
    kill(child.pid);
    process.kill(process.pid, signal);
  };
  for (const name of ENDING) process.on(name, killAndExit);
  try {
    // Not awaited beyond its time: a child of the command in a session of its own can hold stdout open for ever.
    const output = await Promise.race([readBounded(child.stdout, () => kill(child.pid)), late.promise]);
    const code = output === "late" ? output : await Promise.race([child.exited, late.promise]);
    if (output === "late" || code === "late") {
      throw fail("E_TIMEOUT", `${whose}: ${name} did not finish within ${timeoutMs} ms`);
    }
    if (output === null)
      throw fail("E_SOURCE_FAILED", `${whose}: ${name} printed more than ${LIMIT_BYTES / 1024} KiB`);
    if (code !== 0) {
      const how = code === null ? child.signalCode : `exit code ${code}`;
      throw fail("E_SOURCE_FAILED", `${whose}: ${name} failed (${how})`);
    }
    return new TextDecoder().decode(output).trim();
  } finally {
    clearTimeout(timer);
    for (const name of ENDING) process.off(name, killAndExit);
    kill(child.pid);
  }
}

function start(argv: readonly string[], name: string, whose: string, asking: string) {
  const env: Record<string, string> = { PATH: "/usr/bin:/bin" };
  for (const variable of PASSED_ON) {
    const value = process.env[variable];
    if (value !== undefined) env[variable] = value;
  }
  env[ASKING_FOR] = [process.env[ASKING_FOR], asking].filter(Boolean).join(",");
  try {
    // A session of its own, so that killing it takes its children along.
    return Bun.spawn([...argv], {
      env,
      cwd: "/",
      stdin: "ignore",
      stdout: "pipe",
      stderr: "ignore",
      detached: true,
    });
  } catch {
    throw fail("E_SOURCE_FAILED", `${whose}: cannot start ${name}`);
  }
}

/** Kills a process with everything it started. It may be gone already. */
function kill(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Nothing left to kill.
  }
}

async function readBounded(stream: ReadableStream<Uint8Array>, stop: () => void): Promise<Uint8Array | null> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    if (length > LIMIT_BYTES) {
      stop();
      return null;
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
