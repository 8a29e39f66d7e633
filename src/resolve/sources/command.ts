/**
 * Runs an organisation's secret store: no shell, by absolute path, in a minimal environment, bounded in time
 * and output. Its trimmed stdout is the key; its stderr is never shown, because it may contain one.
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
  const child = start(argv, name, whose);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    kill(child.pid);
  }, timeoutMs);
  // Ctrl-C does not reach another session: without this the command would outlive us and its time limit.
  const killAndExit = (signal: NodeJS.Signals): void => {
    for (const name of ENDING) process.off(name, killAndExit);
    kill(child.pid);
    process.kill(process.pid, signal);
  };
  for (const name of ENDING) process.on(name, killAndExit);
  try {
    const output = await readBounded(child.stdout, () => kill(child.pid));
    const code = await child.exited;
    if (late) throw fail("E_TIMEOUT", `${whose}: ${name} did not finish within ${timeoutMs} ms`);
    if (output === null)
      throw fail("E_SOURCE_FAILED", `${whose}: ${name} printed more than ${LIMIT_BYTES / 1024} KiB`);
    if (code !== 0)
      throw fail(
        "E_SOURCE_FAILED",
        `${whose}: ${name} failed (${code === null ? child.signalCode : `exit code ${code}`})`,
      );
    return keyIn(output, name, whose);
  } finally {
    clearTimeout(timer);
    for (const name of ENDING) process.off(name, killAndExit);
    kill(child.pid);
  }
}

function start(argv: readonly string[], name: string, whose: string) {
  const env: Record<string, string> = { PATH: "/usr/bin:/bin" };
  for (const variable of PASSED_ON) {
    const value = process.env[variable];
    if (value !== undefined) env[variable] = value;
  }
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

function keyIn(output: Uint8Array, name: string, whose: string): Secret | null {
  const text = new TextDecoder().decode(output).trim();
  if (text === "") return null;
  if (!/^[\x21-\x7e]+$/.test(text)) {
    throw fail("E_SOURCE_FAILED", `${whose}: ${name} printed text that is not a valid key`);
  }
  return secret(text);
}
