/**
 * Reading stdin only while that stops nobody: a process in the background that reads its terminal is stopped by SIGTTIN
 * until it is brought to the foreground.
 */
import { jobCalls } from "../native/libc.ts";
import { isTerminal } from "./terminal.ts";

/** How often to look whether we were brought to the foreground, in milliseconds. */
const EVERY_MS = 300;

/** All of stdin. While it is a terminal of which we are in the background, nothing is read. */
export function stdinInForeground(): ReadableStream<Uint8Array> {
  if (!isInBackground()) return Bun.stdin.stream();
  let reader: {
    read(): Promise<{ done: boolean; value?: Uint8Array | undefined }>;
    cancel(): Promise<void>;
  } | null = null;
  let cancelled = false;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      while (isInBackground()) {
        await Bun.sleep(EVERY_MS);
        if (cancelled) return;
      }
      reader ??= Bun.stdin.stream().getReader();
      const { done, value } = await reader.read();
      if (done || value === undefined) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      cancelled = true;
      await reader?.cancel();
    },
  });
}

function isInBackground(): boolean {
  const c = jobCalls();
  return c !== null && isTerminal(0) && c.tcgetpgrp(0) !== c.getpgrp();
}
