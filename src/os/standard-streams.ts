/**
 * Whole writes to stdout and stderr and bounded reads of stdin, without process.stdout and process.stdin,
 * which cost more to set up than all the rest of a short run.
 */
import { fail } from "../core/errors.ts";

/** Writes all of it to stdout. A reader that has gone away ends the writing quietly. */
export async function writeOut(text: string): Promise<void> {
  try {
    await Bun.write(Bun.stdout, text);
  } catch {
    // Nobody reads any more; there is nobody to tell.
  }
}

/** Writes all of it to stderr. */
export function writeErr(text: string): void {
  writeAll(2, text);
}

function writeAll(fd: number, text: string): void {
  // Not imported: node:fs is not needed where nothing goes wrong.
  const { writeSync } = process.getBuiltinModule("node:fs");
  let bytes = new TextEncoder().encode(text);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(fd, bytes));
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : "";
      if (code === "EAGAIN") Bun.sleepSync(1);
      else return;
    }
  }
}

/** All of stdin as text. Throws E_INVALID_VALUE beyond the limit. */
export async function readStdin(limitBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of Bun.stdin.stream()) {
    length += chunk.length;
    if (length > limitBytes) throw fail("E_INVALID_VALUE", `stdin holds more than ${limitBytes} bytes`);
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}
