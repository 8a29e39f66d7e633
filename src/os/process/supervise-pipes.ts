/**
 * A supervised child on pipes. They are pipes of our own because Bun would hand it sockets, and a script cannot open
 * a socket as /dev/stderr. Both streams are filtered apart; only where ours are one and the same file is
 * there one pipe, so that lines stay in their order.
 */
import { fstatSync, write } from "node:fs";
import type { GumCredError } from "../../core/errors.ts";
import { systemCode } from "../../core/system-error.ts";
import type { ByteFilter } from "../streams/byte-filter.ts";
import { wasClosed } from "../streams/descriptors.ts";
import { outputFailure } from "../streams/standard-streams.ts";
import { within } from "../time-limit.ts";
import type { JobControl } from "./job-control.ts";
import type { Start } from "./spawn.ts";

/** Once the child has ended, processes that it left behind may go on writing until they are silent for so long. */
const SILENCE_MS = 200;
/** Of a child that was killed, a reader that takes nothing gets no more than it has. */
const PATIENCE_MS = 1_000;

/** Resolves when the child has ended and all its output is written. Throws E_OUTPUT when some could not be. */
export async function superviseThroughPipes(
  start: Start,
  filter: () => ByteFilter,
  control: JobControl,
): Promise<void> {
  const out = control.pipe();
  const err = isSameFile(1, 2) ? out : control.pipe();
  const ends = new Set([out, err]);
  let child: ReturnType<Start>;
  try {
    child = start({ stdin: "inherit", stdout: out[1], stderr: err[1] });
  } finally {
    for (const [, writeEnd] of ends) control.close(writeEnd);
  }
  const pumps = [pump(out[0], 1, filter(), control)];
  if (err !== out) pumps.push(pump(err[0], 2, filter(), control));
  await child.exited;
  const drained = drain(pumps);
  await (child.signalCode ? within(PATIENCE_MS, drained, () => {}) : drained);
  for (const { failure } of pumps) {
    const error = failure();
    if (error) throw error;
  }
}

async function drain(pumps: readonly Pump[]): Promise<void> {
  await Promise.race([Promise.all(pumps.map(({ finished }) => finished)), silence(pumps)]);
  await Promise.all(pumps.map((each) => each.stop()));
}

interface Pump {
  readonly finished: Promise<void>;
  /** How long it has been waiting for something to read, in milliseconds. */
  waiting(): number;
  /** Why output was lost; null when none was, or its reader went away. */
  failure(): GumCredError | null;
  /** Lets out what is held back and reads no more. */
  stop(): Promise<void>;
}

function pump(from: number, to: number, filter: ByteFilter, control: JobControl): Pump {
  const reader = Bun.file(from).stream().getReader();
  let waitingSince = Number.POSITIVE_INFINITY;
  let failed: GumCredError | null = null;
  const put = async (bytes: Uint8Array): Promise<boolean> => {
    const code = bytes.length > 0 && wasClosed(to) ? "EBADF" : await writeAll(to, bytes);
    if (code !== null && code !== "EPIPE") failed = outputFailure(to, code);
    return code === null;
  };
  const run = async () => {
    for (;;) {
      waitingSince = performance.now();
      const { done, value } = await reader.read();
      waitingSince = Number.POSITIVE_INFINITY;
      if (done) break;
      if (!(await put(filter.write(value)))) return hangUp();
    }
    await put(filter.end());
  };
  // Cancelling leaves the descriptor open, and the child would wait for room in the pipe for ever.
  const hangUp = async () => {
    await reader.cancel();
    control.close(from);
  };
  const finished = run().finally(() => {
    waitingSince = Number.NEGATIVE_INFINITY;
  });
  return {
    finished,
    failure: () => failed,
    waiting: () => performance.now() - waitingSince,
    stop: async () => {
      await reader.cancel();
      await finished;
    },
  };
}

async function silence(pumps: readonly Pump[]): Promise<void> {
  while (!pumps.every((each) => each.waiting() > SILENCE_MS)) await Bun.sleep(SILENCE_MS / 10);
}

/**
 * Writes all of it without stopping our signals meanwhile: the reader may be slow. Null, or the code of the system
 * call that failed; the child notices by itself when nobody reads its pipe any more.
 */
async function writeAll(fd: number, bytes: Uint8Array): Promise<string | null> {
  for (let rest = bytes; rest.length > 0; ) {
    const result = await writeSome(fd, rest);
    if (typeof result === "number") rest = rest.subarray(result);
    else if (result === "EAGAIN") await Bun.sleep(5);
    else if (result !== "EINTR") return result;
  }
  return null;
}

function writeSome(fd: number, bytes: Uint8Array): Promise<number | string> {
  return new Promise((resolve) => {
    write(fd, bytes, 0, bytes.length, null, (error, written) =>
      resolve(error ? (systemCode(error) ?? "EIO") : written),
    );
  });
}

function isSameFile(a: number, b: number): boolean {
  try {
    const [first, second] = [fstatSync(a, { bigint: true }), fstatSync(b, { bigint: true })];
    return first.dev === second.dev && first.ino === second.ino;
  } catch {
    return false; // one of them is closed
  }
}
