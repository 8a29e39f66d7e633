/**
 * Bytes from one descriptor to another through a filter that may change them.
 * All of it blocks: no timer runs and no signal is handled meanwhile.
 */
import { isReadable } from "./descriptors.ts";
import { readStdinBytes, writeBytes } from "./standard-streams.ts";

/** Changes a stream of bytes; may hold some back. */
export interface ByteFilter {
  /** What may leave now. It may share memory with `chunk`: write it before the chunk is used again. */
  write(chunk: Uint8Array): Uint8Array;
  /** What may leave although more could follow: called when nothing has come for a moment. */
  release(): Uint8Array;
  /** The rest, at the end of the stream. */
  end(): Uint8Array;
}

/** After such a pause, in milliseconds, a person at the terminal may be waiting. */
export const PAUSE_MS = 100;

const CHUNK_BYTES = 64 * 1024;

/**
 * Filters stdin to stdout until stdin ends, or the reader of stdout closes it. Throws E_OUTPUT when stdout cannot be
 * written to, as on a full disk, and E_INVALID_VALUE when stdin cannot be read.
 */
export function filterStdin(filter: ByteFilter): void {
  const chunk = new Uint8Array(CHUNK_BYTES);
  for (;;) {
    if (!isReadable(0, PAUSE_MS) && !writeBytes(1, filter.release())) return;
    const count = readStdinBytes(chunk);
    const rest = count === 0;
    if (!writeBytes(1, rest ? filter.end() : filter.write(chunk.subarray(0, count))) || rest) return;
  }
}
