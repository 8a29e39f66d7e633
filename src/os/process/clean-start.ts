/**
 * Starts this program over with an environment that holds no secret: what a process was started with stays readable
 * under /proc/PID/environ for as long as it runs, whatever it does to its variables. The others are handed over in
 * memory, through a descriptor that the second start closes. POSIX only.
 */
import { closeSync, fstatSync, readSync, writeSync } from "node:fs";
import type { RawEnvironment } from "../../core/environment.ts";
import { fail } from "../../core/errors.ts";
import { secret } from "../../core/secret.ts";
import { cString, errno, errnoName, jobCalls, memoryFileCalls, NATIVE_CALLS_HINT } from "../native/libc.ts";
import { tooFewFiles } from "../native/open-files.ts";
import { replaceProcess } from "./replace.ts";

/** Holds the descriptor's number, and is gone before anything else reads the environment. */
const HANDED_OVER = "GUM_CRED_HANDED_OVER";
/** Bun sends at most 256 requests at once unless its environment says otherwise when it starts. */
const MOST_REQUESTS = "BUN_CONFIG_MAX_HTTP_REQUESTS";
const REQUESTS_AT_ONCE = "60000";
/** A pipe of macOS holds so much with nobody reading it. */
const PIPE_BYTES = 64 * 1024;

/** What the second start is given beside what it keeps. */
const OWN_VARIABLES: readonly string[] = [HANDED_OVER, MOST_REQUESTS];

/**
 * All variables that this program was given, of which its environment holds only those that `keep` names. The first
 * call replaces the process and does not return; in the second start it returns. Throws E_OWN_FAILURE.
 */
export function startClean(keep: (name: string) => boolean): RawEnvironment {
  if (process.platform === "win32") return process.env;
  const descriptor = process.env[HANDED_OVER];
  if (descriptor !== undefined && /^\d{1,4}$/.test(descriptor)) {
    const handedOver = received(Number(descriptor));
    for (const name of OWN_VARIABLES) delete process.env[name];
    return { ...process.env, ...handedOver };
  }
  const others = Object.entries(process.env).filter(([name]) => !keep(name) && !OWN_VARIABLES.includes(name));
  return replaceProcess({
    command: process.execPath,
    args: process.argv.slice(2),
    set: new Map([
      [HANDED_OVER, secret(String(handOver(JSON.stringify(Object.fromEntries(others)))))],
      [MOST_REQUESTS, secret(REQUESTS_AT_ONCE)],
    ]),
    unset: others.map(([name]) => name),
  });
}

function received(fd: number): Readonly<Record<string, string>> {
  try {
    const chunks: Buffer[] = [];
    // Linux: a file in memory; elsewhere a pipe whose other end was closed by the start before.
    const isFile = fstatSync(fd).isFile();
    for (let at = 0; ; ) {
      const chunk = Buffer.alloc(64 * 1024);
      const count = readSync(fd, chunk, 0, chunk.length, isFile ? at : null);
      if (count === 0) break;
      chunks.push(chunk.subarray(0, count));
      at += count;
    }
    closeSync(fd);
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    throw fail("E_OWN_FAILURE", "the environment was not handed over to the second start");
  }
}

/** A descriptor that survives execve(2) and from which the text can be read once. */
function handOver(text: string): number {
  const bytes = Buffer.from(text);
  const memory = memoryFileCalls()?.memfd_create(cString("environment"), 0) ?? -1;
  const code = errnoName(errno());
  if (memory >= 0) {
    writeSync(memory, bytes, 0, bytes.length, 0);
    return memory;
  }
  const ends = new Int32Array(2);
  const [read, write] = jobCalls()?.pipe?.(ends) === 0 ? ends : [];
  if (read === undefined || write === undefined || bytes.length > PIPE_BYTES) {
    const message = "the environment cannot be handed over to a second start";
    if (memoryFileCalls() === null && jobCalls() === null) {
      throw fail("E_OWN_FAILURE", `${message}: native calls are refused`, NATIVE_CALLS_HINT);
    }
    throw tooFewFiles(message, code) ?? fail("E_OWN_FAILURE", `${message} (${code})`);
  }
  writeSync(write, bytes);
  closeSync(write);
  return read;
}
