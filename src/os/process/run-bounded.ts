/**
 * Runs a program that answers on stdout: no shell, the folder `/`, stderr discarded because it may quote a secret;
 * bounded in time and output. The program and everything it started are gone when this returns or the user
 * interrupts, except processes that made a session of their own. Does not interpret what the program prints.
 */
import { within } from "../time-limit.ts";

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
}

/** `late`: the time was up. `flood`: it printed more than the limit. */
export type RunFailure = "unstartable" | "late" | "flood";

/** How the program ended: its exit code, or the name of the signal, and what it printed. */
export interface RunResult {
  readonly status: number | string | null;
  readonly output: Uint8Array;
}

const ENDING = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Never throws for what the program does. */
export async function runBounded(run: BoundedRun): Promise<RunFailure | RunResult> {
  const child = start(run);
  if (child === null) return "unstartable";
  const kill = () => killGroup(child.pid);
  const reader = child.stdout.getReader();
  const output = collect(reader, run.limitBytes, kill);
  const ended = async (): Promise<RunFailure | RunResult> => {
    const code = await child.exited;
    const bytes = await within(run.drainMs, output, async () => {
      await reader.cancel();
      return output;
    });
    return bytes === null ? "flood" : { status: code ?? child.signalCode, output: bytes };
  };
  // Ctrl-C does not reach another session: without this the program would outlive us and its time limit.
  const endTogether = (signal: NodeJS.Signals): void => {
    for (const name of ENDING) process.off(name, endTogether);
    kill();
    process.kill(process.pid, signal);
  };
  for (const name of ENDING) process.on(name, endTogether);
  try {
    return await within(run.timeoutMs, ended(), () => "late" as const);
  } finally {
    for (const name of ENDING) process.off(name, endTogether);
    kill();
    // A process that left the group may hold the pipe open for ever.
    await reader.cancel();
  }
}

function start({ command, env, stdin }: BoundedRun) {
  try {
    return Bun.spawn([...command], {
      env: { ...env },
      cwd: "/",
      stdin: stdin ?? "ignore",
      stdout: "pipe",
      stderr: "ignore",
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
