/**
 * Runs the program of an installed provider to verify a key: a process of its own, no shell, an environment
 * of nothing but PATH and LANG, the folder `/`, one line in and one line out. It is bounded in time and
 * output and is never trusted: whatever it does comes back as an assessment. Whether the program is the one
 * that was agreed to is checked by the caller right before (pins.ts). Between that check and the start only
 * root and the user could swap the file, and both can do worse.
 */
import { type JsonObject, parseJsonObject } from "../../core/json.ts";
import { scrub } from "../../core/scrub.ts";
import { reveal, type Secret } from "../../core/secret.ts";
import type { Assessment, Verdict } from "../contract.ts";

/** What one run is about. */
export interface ProgramRun {
  /** Absolute path of the program, then its arguments. */
  readonly command: readonly string[];
  readonly provider: string;
  readonly title: string;
  readonly key: Secret;
  /** Milliseconds; {@link TIMEOUT_MS} when left out. */
  readonly timeoutMs?: number;
}

/** Time for the whole run. */
export const TIMEOUT_MS = 10_000;
/** The most that is read of a program's stdout. */
export const LIMIT_BYTES = 64 * 1024;

/** How long stdout may stay open after the program ended: a child of its own session can keep it so. */
const DRAIN_MS = 200;
const ENVIRONMENT = { PATH: "/usr/bin:/bin", LANG: "C.UTF-8" };
const VERDICTS: readonly Verdict[] = ["valid", "restricted", "no_quota", "rejected", "unverifiable"];

/** Verifies a key by a program. Never throws for what the program does. */
export async function verifyByProgram(run: ProgramRun): Promise<Assessment> {
  const { title, key, timeoutMs = TIMEOUT_MS } = run;
  const ended = await runBounded(run, timeoutMs);
  if (typeof ended !== "string") return assessmentIn(ended.output, title, key);
  const verdict = ended === "late" ? "unreachable" : "unverifiable";
  return { verdict, message: `the program of ${title} ${told(ended, timeoutMs)}`, hint: HINT };
}

const HINT = "this says nothing about the key; ask whoever wrote the plugin";

type Failure = "unstartable" | "late" | "flood" | "failed";

function told(failure: Failure, timeoutMs: number): string {
  switch (failure) {
    case "unstartable":
      return "cannot be started";
    case "late":
      return `gave no answer within ${timeoutMs / 1000} s`;
    case "flood":
      return `printed more than ${LIMIT_BYTES / 1024} KiB`;
    case "failed":
      return "did not end with exit code 0";
  }
}

async function runBounded(run: ProgramRun, timeoutMs: number): Promise<Failure | { output: Uint8Array }> {
  const child = start(run);
  if (child === null) return "unstartable";
  const reader = child.stdout.getReader();
  const output = collect(reader, () => killGroup(child.pid));
  const deadline = after(timeoutMs);
  try {
    const code = await Promise.race([child.exited, deadline.reached]);
    killGroup(child.pid);
    if (code === "reached") return "late";
    const drained = after(DRAIN_MS);
    const bytes = await Promise.race([
      output,
      drained.reached.then(() => reader.cancel()).then(() => output),
    ]);
    drained.clear();
    if (bytes === null) return "flood";
    return code === 0 ? { output: bytes } : "failed";
  } finally {
    deadline.clear();
    killGroup(child.pid);
    // A process that left the group may hold the pipe open for ever.
    await reader.cancel();
  }
}

/** A wait that can be called off, so that its timer keeps nothing alive. */
function after(ms: number) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const reached = new Promise<"reached">((resolve) => {
    timer = setTimeout(() => resolve("reached"), ms);
  });
  return { reached, clear: () => clearTimeout(timer) };
}

function start({ command, provider, key }: ProgramRun) {
  const line = `${JSON.stringify({ protocol: 1, action: "verify", provider, key: reveal(key) })}\n`;
  try {
    return Bun.spawn([...command], {
      env: ENVIRONMENT,
      cwd: "/",
      stdin: new TextEncoder().encode(line),
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
async function collect(reader: Chunks, stop: () => void): Promise<Uint8Array | null> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done || !value) return Buffer.concat(chunks);
    length += value.length;
    if (length > LIMIT_BYTES) {
      stop();
      await reader.cancel();
      return null;
    }
    chunks.push(value);
  }
}

/** The one line `{"verdict":…,"message":…}` that a program may print, judged strictly. */
function assessmentIn(output: Uint8Array, title: string, key: Secret): Assessment {
  const answer = parsed(output);
  const { verdict, message = "", ...more } = answer ?? {};
  const known = VERDICTS.find((name) => name === verdict);
  if (!known || typeof message !== "string" || Object.keys(more).length > 0) {
    const problem = `the program of ${title} did not answer with one line of the agreed JSON`;
    return { verdict: "unverifiable", message: problem, hint: HINT };
  }
  const words = scrub(message, [key], 200);
  const said = words === "" ? known.replace("_", " ") : words;
  return { verdict: known, message: `the program of ${title} says: ${said}`, hint: null };
}

function parsed(output: Uint8Array): JsonObject | null {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(output).trim();
    // JSON may run over several lines; the program's answer may not.
    return /[\r\n]/.test(text) ? null : parseJsonObject(text);
  } catch {
    return null;
  }
}
