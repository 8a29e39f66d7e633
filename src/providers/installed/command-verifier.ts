/**
 * Runs the program of an installed provider to verify a key: a process of its own, no shell, an environment
 * of nothing but PATH and LANG, the folder `/`, one line in and one line out. It is bounded in time and
 * output and is never trusted: whatever it does comes back as an assessment. Whether the program is the one
 * that was trusted is checked by the caller right before (pins.ts). Between that check and the start only
 * root and the user could swap the file, and both can do worse.
 */
import { type JsonObject, parseJsonObject } from "../../core/json.ts";
import { scrub } from "../../core/scrub.ts";
import { reveal, type Secret } from "../../core/secret.ts";
import { type RunFailure, runBounded } from "../../os/process/run-bounded.ts";
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
  const result = await runBounded({
    command: run.command,
    env: ENVIRONMENT,
    stdin: new TextEncoder().encode(request(run)),
    timeoutMs,
    limitBytes: LIMIT_BYTES,
    drainMs: DRAIN_MS,
  });
  const failure = typeof result === "string" ? result : null;
  if (typeof result !== "string" && result.status === 0) return assessmentIn(result.output, title, key);
  const verdict = failure === "late" ? "unreachable" : "unverifiable";
  return { verdict, message: `the program of ${title} ${explained(failure, timeoutMs)}`, hint: HINT };
}

const HINT = "this says nothing about the key; ask the author of the plugin";

function explained(failure: RunFailure | null, timeoutMs: number): string {
  switch (failure) {
    case "unstartable":
      return "cannot be started";
    case "late":
      return `did not answer within ${timeoutMs / 1000} s`;
    case "flood":
      return `printed more than ${LIMIT_BYTES / 1024} KiB`;
    case null:
      return "did not end with exit code 0";
  }
}

function request({ provider, key }: ProgramRun): string {
  return `${JSON.stringify({ protocol: 1, action: "verify", provider, key: reveal(key) })}\n`;
}

/** The one line `{"verdict":…,"message":…}` that a program may print, parsed strictly. */
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
