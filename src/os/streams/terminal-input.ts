/**
 * Reads what a person types, key by key and without echo, and leaves the terminal as it was, whatever ends the
 * program. Knows nothing of questions. Loaded only when something is asked.
 */
import { constants } from "node:os";
import { fail, type GumCredError } from "../../core/errors.ts";

/** One thing that a person did: a character, or a key that does something. */
export type Key =
  | { readonly kind: "text"; readonly text: string }
  | {
      readonly kind:
        | "enter"
        | "backspace"
        | "clear"
        | "word"
        | "up"
        | "down"
        | "resumed"
        | "interrupt"
        | "eof";
    };

export interface Typing {
  /**
   * The next key. Text comes in pieces as long as they arrive. Ends with `interrupt` when the terminal is gone. Ctrl-Z
   * stops the job, with the terminal as it was, and is `resumed` when the job goes on.
   */
  next(): Promise<Key>;
  /** Whether more has arrived already, or arrives within so many milliseconds, as the rest of a paste does. */
  more(withinMs: number): Promise<boolean>;
}

/** Whatever ends a program and lets it say something first; after a crash Bun puts the terminal back itself. */
const FATAL = (
  [
    "SIGTERM",
    "SIGHUP",
    "SIGINT",
    "SIGQUIT",
    "SIGALRM",
    "SIGUSR1",
    "SIGUSR2",
    "SIGXCPU",
    "SIGVTALRM",
    "SIGPROF",
  ] as const
).filter((signal) => signal in constants.signals);

/** E_INTERRUPTED, for Ctrl-C and Ctrl-D alike. */
export const interrupted = (): GumCredError => fail("E_INTERRUPTED", "interrupted; nothing was changed");

/** What was typed ahead of one question belongs to the next. */
let pending = "";

/** Runs `work` with a terminal that echoes nothing; puts it back afterwards, and before a fatal signal. */
export async function withTyping<T>(work: (typing: Typing) => Promise<T>): Promise<T> {
  const { stdin } = process;
  let waiting: (() => void) | null = null;
  let ended = false;
  const decoder = new TextDecoder();
  const wake = (): void => {
    waiting?.();
    waiting = null;
  };
  const hear = (bytes: Uint8Array): void => {
    pending += decoder.decode(bytes, { stream: true });
    wake();
  };
  const end = (): void => {
    ended = true;
    wake();
  };
  const leave = (): void => {
    stdin.setRawMode?.(false);
  };
  const suspend = (): void => {
    leave();
    // The whole job, as the terminal would. Where no shell could continue it, the system ignores this.
    if (process.platform !== "win32") process.kill(0, "SIGTSTP");
    stdin.setRawMode?.(true);
  };
  const onSignal = (signal: (typeof FATAL)[number]): void => {
    leave();
    process.exit(128 + constants.signals[signal]);
  };
  const arrival = (withinMs: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = withinMs === Number.POSITIVE_INFINITY ? null : setTimeout(resolve, withinMs);
      waiting = () => {
        if (timer) clearTimeout(timer);
        resolve();
      };
    });

  for (const signal of FATAL) process.on(signal, onSignal);
  process.on("exit", leave);
  stdin.on("data", hear);
  stdin.on("end", end);
  stdin.on("error", end);
  stdin.setRawMode?.(true);
  stdin.resume();
  try {
    return await work({
      async next() {
        for (;;) {
          const found = nextKey(pending);
          if (found !== null) {
            pending = found.rest;
            if (found.key?.kind === "resumed") suspend();
            if (found.key !== null) return found.key;
          } else if (ended) return { kind: "interrupt" };
          else await arrival(Number.POSITIVE_INFINITY);
        }
      },
      async more(withinMs) {
        if (pending === "" && !ended) await arrival(withinMs);
        return pending !== "";
      },
    });
  } finally {
    stdin.pause();
    stdin.off("data", hear);
    stdin.off("end", end);
    stdin.off("error", end);
    leave();
    process.off("exit", leave);
    for (const signal of FATAL) process.off(signal, onSignal);
  }
}

const CONTROLS: Readonly<Record<string, Key>> = {
  "\r": { kind: "enter" },
  "\n": { kind: "enter" },
  "\u0003": { kind: "interrupt" },
  "\u0004": { kind: "eof" },
  "\u007f": { kind: "backspace" },
  "\b": { kind: "backspace" },
  "\u0015": { kind: "clear" },
  "\u001a": { kind: "resumed" },
  "\u0017": { kind: "word" },
};
/** CSI and SS3 sequences (ECMA-48, 5.4), of which the arrows and the marks around a paste are the usual ones. */
const ESCAPE = /^\u001b(?:\[[0-?]*[ -/]*[@-~]|O[@-~]|[^[O])/;
const ARROWS: Readonly<Record<string, Key>> = {
  "\u001b[A": { kind: "up" },
  "\u001b[B": { kind: "down" },
  "\u001bOA": { kind: "up" },
  "\u001bOB": { kind: "down" },
};

/** The first key in what was typed, and the rest; null when it is not whole. A null key means nothing to us. */
function nextKey(typed: string): { readonly key: Key | null; readonly rest: string } | null {
  const first = typed.charAt(0);
  if (first === "") return null;
  if (first === "\u001b") {
    const sequence = ESCAPE.exec(typed)?.[0];
    if (sequence !== undefined) return { key: ARROWS[sequence] ?? null, rest: typed.slice(sequence.length) };
    return typed.length > 32 ? { key: null, rest: typed.slice(1) } : null;
  }
  // CR and LF together are one Enter.
  if (typed.startsWith("\r\n")) return { key: { kind: "enter" }, rest: typed.slice(2) };
  const control = CONTROLS[first];
  if (control) return { key: control, rest: typed.slice(1) };
  const text = /^[^\u0000-\u001f\u007f]+/.exec(typed)?.[0];
  if (text !== undefined) return { key: { kind: "text", text }, rest: typed.slice(text.length) };
  return { key: first === "\t" ? { kind: "text", text: "\t" } : null, rest: typed.slice(1) };
}
