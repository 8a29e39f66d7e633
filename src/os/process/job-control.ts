/**
 * The functions of the C library that supervising a child needs: pipes, signal dispositions, and the
 * terminal. POSIX only. Decides nothing.
 */
import { fail } from "../../core/errors.ts";
import { errno, errnoName, jobCalls, NATIVE_CALLS_HINT } from "../native/libc.ts";
import { tooFewFiles } from "../native/open-files.ts";

/** `<fcntl.h>` of Linux, the same on x64 and arm64. */
const O_CLOEXEC = 0o2000000;
const SIG_DFL = 0;
const SIG_IGN = 1;
/** `<termios.h>`: once what was written has left. */
const TCSADRAIN = 1;
/** Room for a `struct termios`: 60 bytes on Linux, 72 on macOS. */
const TERMIOS_BYTES = 256;

export interface JobControl {
  /** Both ends, the one to read first. Throws E_OWN_FAILURE. */
  pipe(): readonly [number, number];
  close(fd: number): void;
  /** Whether the signal is ignored, as under nohup(1). */
  isIgnored(signal: number): boolean;
  /** Ends this process by a signal's default action; returns where the signal does not end it. */
  dieOf(signal: number): void;
  /** Whether the terminal behind this descriptor sends the keyboard's signals to our process group. */
  hasKeyboard(fd: number): boolean;
  /**
   * Lets every byte through a terminal unchanged, both ways; the result undoes that. Node's own raw mode would
   * go on making two characters of each line end.
   */
  makeRaw(fd: number): () => void;
}

/** Throws E_OWN_FAILURE on Windows, and where native calls are refused. */
export function jobControl(): JobControl {
  const c = jobCalls();
  if (!c)
    throw fail("E_OWN_FAILURE", "cannot run another program: native calls are refused", NATIVE_CALLS_HINT);
  return {
    pipe: () => {
      const ends = new Int32Array(2);
      // macOS closes what is not handed over by name when a program is spawned.
      const result = c.pipe2 ? c.pipe2(ends, O_CLOEXEC) : c.pipe?.(ends);
      const [read, write] = ends;
      if (result !== 0 || read === undefined || write === undefined) {
        const code = errnoName(errno());
        throw (
          tooFewFiles("cannot run another program", code) ??
          fail("E_OWN_FAILURE", `cannot run another program: no pipe can be made (${code})`)
        );
      }
      return [read, write];
    },
    close: (fd) => {
      c.close(fd);
    },
    isIgnored: (signal) => {
      const before = c.signal(signal, SIG_IGN);
      if (Number(before) !== SIG_IGN) c.signal(signal, Number(before));
      return Number(before) === SIG_IGN;
    },
    dieOf: (signal) => {
      c.signal(signal, SIG_DFL);
      c.kill(c.getpid(), signal);
    },
    hasKeyboard: (fd) => c.tcgetpgrp(fd) === c.getpgrp(),
    makeRaw: (fd) => {
      const before = new Uint8Array(TERMIOS_BYTES);
      if (c.tcgetattr(fd, before) !== 0) return () => {};
      const raw = before.slice();
      c.cfmakeraw(raw);
      c.tcsetattr(fd, TCSADRAIN, raw);
      return () => {
        c.tcsetattr(fd, TCSADRAIN, before);
      };
    },
  };
}
