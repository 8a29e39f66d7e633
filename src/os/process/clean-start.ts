/**
 * Starts this program over with an environment that holds no secret: what a process was started with stays readable
 * under /proc/PID/environ for as long as it runs, whatever it does to its variables. The others are handed over in
 * memory, through a descriptor that the second start closes. POSIX only.
 */
import { dlopen, ptr } from "bun:ffi";
import { closeSync, fstatSync, readSync, writeSync } from "node:fs";
import { fail } from "../../core/errors.ts";
import { secret } from "../../core/secret.ts";
import { cString } from "../native/libc.ts";
import { replaceProcess } from "./replace.ts";

/** Holds the descriptor's number, and is gone before anything else reads the environment. */
const HANDED_OVER = "GUM_CRED_HANDED_OVER";
/** Bun sends at most 256 requests at once unless its environment says otherwise when it starts. */
const MOST_REQUESTS = "BUN_CONFIG_MAX_HTTP_REQUESTS";
const REQUESTS_AT_ONCE = "60000";
/** `<fcntl.h>`: the largest pipe that Linux gives everybody; macOS' pipes are 64 KiB. */
const F_SETPIPE_SZ = 1031;
const PIPE_BYTES = 1024 * 1024;

/** Variables that this start was given and a program that it starts should not have. */
export const OWN_VARIABLES: readonly string[] = [HANDED_OVER, MOST_REQUESTS];

/**
 * The variables that `keep` does not name, with their values, from a start whose environment no longer has them.
 * The first call replaces the process and does not return; in the second start it returns. Throws E_OWN_FAILURE.
 */
export function startClean(
  keep: (name: string) => boolean,
  args: readonly string[],
): Readonly<Record<string, string>> {
  if (process.platform === "win32") return {};
  const descriptor = process.env[HANDED_OVER];
  if (descriptor !== undefined && /^\d{1,4}$/.test(descriptor)) return received(Number(descriptor));
  const others = Object.entries(process.env).filter(([name]) => !keep(name) && !OWN_VARIABLES.includes(name));
  return replaceProcess({
    command: process.execPath,
    args,
    set: {
      [HANDED_OVER]: secret(String(handOver(JSON.stringify(Object.fromEntries(others))))),
      [MOST_REQUESTS]: secret(REQUESTS_AT_ONCE),
    },
    unset: others.map(([name]) => name),
  });
}

function received(fd: number): Readonly<Record<string, string>> {
  delete process.env[HANDED_OVER];
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
  const fd = process.platform === "linux" ? memoryFile() : null;
  if (fd !== null) {
    writeSync(fd, bytes, 0, bytes.length, 0);
    return fd;
  }
  const [read, write] = pipe();
  if (bytes.length > PIPE_BYTES) throw fail("E_OWN_FAILURE", "the environment is too large to hand over");
  writeSync(write, bytes);
  closeSync(write);
  return read;
}

function memoryFile(): number | null {
  const { symbols } = dlopen("libc.so.6", {
    memfd_create: { args: ["ptr", "u32"], returns: "i32" },
  });
  const name = cString("environment");
  const fd = symbols.memfd_create(ptr(name), 0);
  return fd < 0 ? null : fd;
}

function pipe(): readonly [number, number] {
  const library = process.platform === "linux" ? "libc.so.6" : "/usr/lib/libSystem.B.dylib";
  const { symbols } = dlopen(library, {
    pipe: { args: ["buffer"], returns: "i32" },
    fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
  });
  const ends = new Int32Array(2);
  const [read, write] = symbols.pipe(ends) === 0 ? ends : [];
  if (read === undefined || write === undefined) throw fail("E_OWN_FAILURE", "no descriptor is left");
  if (process.platform === "linux") symbols.fcntl(write, F_SETPIPE_SZ, PIPE_BYTES);
  return [read, write];
}
