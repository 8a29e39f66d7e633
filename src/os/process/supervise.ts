/**
 * Runs a program as a child in our place: its output goes through filters, signals are forwarded, and we end as it
 * ends. Where all three standard streams are a terminal of ours, the child gets a pseudo-terminal
 * (supervise-terminal.ts); else it gets pipes, and our own standard input.
 */
import { constants } from "node:os";
import { fail, type GumCredError } from "../../core/errors.ts";
import type { ByteFilter } from "../streams/byte-filter.ts";
import { wasClosed } from "../streams/descriptors.ts";
import { isTerminal } from "../streams/is-terminal.ts";
import { type JobControl, jobControl } from "./job-control.ts";
import { expectLongRun } from "./long-run.ts";
import { reapOrphans } from "./orphans.ts";
import type { Program } from "./program.ts";
import { type Start, startProgram } from "./spawn.ts";
import { followStops } from "./stops.ts";
import { superviseThroughPipes } from "./supervise-pipes.ts";
import { superviseOnTerminal } from "./supervise-terminal.ts";

export interface Supervision extends Program {
  /** Makes a filter for each stream of output; null lets the child have our own streams. */
  readonly filter: (() => ByteFilter) | null;
  /** Called when the child has ended and all it wrote has left, before this process ends as it did. */
  atEnd?(): void | Promise<void>;
}

const nothing = () => new Uint8Array();
const unfiltered = (): ByteFilter => ({ write: (bytes) => bytes, release: nothing, end: nothing });

const FORWARDED = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGWINCH"] as const;
/** What the terminal itself sends to every process in front of it, the child among them. */
const FROM_KEYBOARD: ReadonlySet<string> = new Set(["SIGINT", "SIGQUIT", "SIGWINCH"]);

/**
 * Linux and macOS only: on Windows, where there is no job control, `exec` waits for the program (wait-for-program.ts)
 * and cannot mask. Does not return: exits with the child's status, or dies of the child's signal. Throws what
 * {@link startProgram} throws when the child cannot be started.
 */
export async function supervise(supervision: Supervision): Promise<never> {
  if (process.platform === "win32") throw unsupported();
  const control = jobControl();
  // A stream that was closed cannot be handed on as it is: the child would get /dev/null, and its output be lost in silence.
  const filter = supervision.filter ?? ([1, 2].some(wasClosed) ? unfiltered : null);
  if (filter !== null) expectLongRun();
  const onTerminal = filter !== null && [0, 1, 2].every((fd) => isTerminal(fd) && control.hasKeyboard(fd));
  let child: Bun.Subprocess | undefined;
  // Before the child is there, so that no signal falls in between.
  forwardSignals(control, onTerminal, (signal) => {
    const isGone = child?.signalCode || typeof child?.exitCode === "number";
    if (!isGone) child?.kill(signal);
    // Only what it wrote still waits for its reader. A new window size is no reason to end.
    else if (signal !== "SIGWINCH") {
      void supervision.atEnd?.();
      endBy(constants.signals[signal], control);
    }
  });
  reapOrphans((pid) => pid === child?.pid);
  const start: Start = (streams) => {
    child = startProgram(supervision, streams);
    return child;
  };
  const following = onTerminal
    ? () => {}
    : followStops(
        () => child,
        () => () => {},
      );
  try {
    if (filter === null) start({ stdin: "inherit", stdout: 1, stderr: 2 });
    else await (onTerminal ? superviseOnTerminal : superviseThroughPipes)(start, filter, control);
    await child?.exited;
  } finally {
    following();
    await supervision.atEnd?.();
  }
  return endLike(child, control);
}

function unsupported(): GumCredError {
  return fail("E_OWN_FAILURE", "--mask is not supported on Windows", "run the command without --mask");
}

function forwardSignals(
  control: JobControl,
  onTerminal: boolean,
  kill: (signal: NodeJS.Signals) => void,
): void {
  const shared = onTerminal ? [] : [0, 1, 2].filter((fd) => isTerminal(fd));
  for (const signal of FORWARDED) {
    if (control.isIgnored(constants.signals[signal])) continue;
    process.on(signal, () => {
      const hasItAlready = FROM_KEYBOARD.has(signal) && shared.some((fd) => control.hasKeyboard(fd));
      // Of a new size the pseudo-terminal tells its own.
      if (!hasItAlready && !(onTerminal && signal === "SIGWINCH")) kill(signal);
    });
  }
}

function endLike(child: Bun.Subprocess | undefined, control: JobControl): never {
  const signal = child?.signalCode;
  if (!signal) process.exit(child?.exitCode ?? 1);
  const number = typeof signal === "number" ? signal : constants.signals[signal];
  return endBy(number, control);
}

/** Dies of the signal; as process 1 of a container, which cannot, exits as a shell would say it did. */
function endBy(signal: number, control: JobControl): never {
  control.dieOf(signal);
  process.exit(128 + signal);
}
