/**
 * Runs a program that answers on stdout: no shell, the folder `/`, bounded in time and output. Of stderr, which may
 * quote a secret, the end is kept for who asks for it. The program and everything it started are gone when this returns or the user
 * interrupts, except processes that made a session of their own. Does not interpret what the program prints.
 */
import { within } from "../time-limit.ts";
import { holdSignals } from "./hold-signals.ts";

export interface BoundedRun {
  /** Absolute path of the program, then its arguments. */
  readonly command: readonly string[];
  /** The whole environment of the program. */
  readonly env: Readonly<Record<string, string>>;
  /** What it reads from stdin; nothing when left out. */
  readonly stdin?: Uint8Array;
  /** Milliseconds for the whole run. */
  readonly timeoutMs: number;
  /** The most that is read of its stdout. */
  readonly limitBytes: number;
  /** Milliseconds that stdout may stay open after the program ended: a child of its own can keep it open. */
  readonly drainMs: number;
  /** Keep the end of stderr; it is discarded otherwise. */
  readonly keepsErrors?: boolean;
}

/** `late`: the time was up. `flood`: it printed more than the limit. */
export type RunFailure = "unstartable" | "late" | "flood";

/** How the program ended: its exit code, or the name of the signal, and what it printed. */
export interface RunResult {
  readonly status: number | string | null;
  readonly output: Uint8Array;
  /** The end of stderr; empty unless it was asked for. May hold a secret. */
  readonly errors: Uint8Array;
}

/** What is kept of stderr, and how long it may stay open after the program ended. */
const ERRORS_BYTES = 4096;
const ERRORS_DRAIN_MS = 100;

/** Never throws for what the program does. */
export async function runBounded(run: BoundedRun): Promise<RunFailure | RunResult> {
  const child = start(run);
  if (child === null) return "unstartable";
  const kill = () => killGroup(child.pid);
  const reader = child.stdout.getReader();
  const output = collect(reader, run.limitBytes, kill);
  const errors = child.stderr ? keepEnd(child.stderr) : null;
  const ended = async (): Promise<RunFailure | RunResult> => {
    const code = await child.exited;
    const bytes = await within(run.drainMs, output, async () => {
      await reader.cancel();
      return output;
    });
    if (errors) await within(ERRORS_DRAIN_MS, errors.done, () => undefined);
    if (bytes === null) return "flood";
    return { status: code ?? child.signalCode, output: bytes, errors: errors?.end() ?? new Uint8Array(0) };
  };
  // Ctrl-C does not reach another session: without this the program would outlive us and its time limit.
  const interrupted = Promise.withResolvers<RunFailure>();
  const release = holdSignals(() => interrupted.resolve("late"));
  try {
    return await Promise.race([within(run.timeoutMs, ended(), () => "late" as const), interrupted.promise]);
  } finally {
    kill();
    // A process that left the group may hold the pipe open for ever.
    await reader.cancel();
    await errors?.cancel();
    await release();
  }
}

function start({ command, env, stdin, keepsErrors }: BoundedRun) {
  try {
    return Bun.spawn([...command], {
      env: { ...env },
      cwd: "/",
      stdin: stdin ?? "ignore",
      stdout: "pipe",
      stderr: keepsErrors ? "pipe" : "ignore",
      // A session of its own (setsid(2)): killing its group takes its children along, and it has no terminal.
      detached: true,
    });
  } catch {
    return null;
  }
}

/** Kills a program with everything it started. It may be gone already. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Nothing left to kill.
  }
}

/** What is used of a stream's reader. */
interface Chunks {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(): Promise<void>;
}

/** The end of a stream, as far as it has come. */
function keepEnd(stream: ReadableStream<Uint8Array>) {
  const reader = stream.getReader();
  let kept: Uint8Array = new Uint8Array(0);
  const read = async (): Promise<void> => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || !value) return;
      kept = Buffer.concat([kept, value]).subarray(-ERRORS_BYTES);
    }
  };
  return { done: read(), end: () => kept, cancel: () => reader.cancel() };
}

/** All that is printed; null as soon as it is too much. */
async function collect(reader: Chunks, limitBytes: number, stop: () => void): Promise<Uint8Array | null> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done || !value) return Buffer.concat(chunks);
    length += value.length;
    if (length > limitBytes) {
      stop();
      await reader.cancel();
      return null;
    }
    chunks.push(value);
  }
}
