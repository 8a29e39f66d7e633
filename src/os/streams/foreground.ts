/**
 * Reading stdin only while that stops nobody: a process in the background that reads its terminal is stopped by SIGTTIN
 * until it is brought to the foreground.
 */
import { jobCalls } from "../native/libc.ts";
import { isTerminal } from "./is-terminal.ts";

/** How often to look whether we were brought to the foreground, in milliseconds. */
const EVERY_MS = 300;

/** All of stdin. While it is a terminal of which we are in the background, nothing is read. */
export function stdinInForeground(): ReadableStream<Uint8Array> {
  if (!isInBackground()) return wholeStdin();
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
      reader ??= wholeStdin().getReader();
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

/**
 * A question that was asked has taken a terminal's stream for `process.stdin`: whoever reads the stream after it hears
 * nothing, or is refused.
 */
function wholeStdin(): ReadableStream<Uint8Array> {
  if (!isTerminal(0)) return Bun.stdin.stream();
  const { stdin } = process;
  let leave = (): void => {};
  return new ReadableStream<Uint8Array>({
    start(controller) {
      const hear = (bytes: Uint8Array): void => controller.enqueue(bytes);
      const end = (): void => {
        leave();
        controller.close();
      };
      leave = () => {
        stdin.off("data", hear).off("end", end).off("error", end);
        stdin.pause();
      };
      stdin.on("data", hear).on("end", end).on("error", end);
      stdin.resume();
    },
    cancel: () => leave(),
  });
}

/** Whether stdin is a terminal of ours that another job has: reading it, or changing its modes, would stop us. */
export function isInBackground(): boolean {
  const c = jobCalls();
  return c !== null && isTerminal(0) && c.tcgetpgrp(0) !== c.getpgrp();
}
