/**
 * What is changed in a finished file, and how often it has to be there: measured for Bun 1.4.5, the same
 * on x64 and arm64, glibc and musl. After a change of Bun the build fails until somebody has measured again. Data
 * only; docs/adr/0004-hardening-the-finished-file.md says why.
 */
import type { Target } from "./targets.ts";

/** The Bun that the numbers below were measured for. */
export const MEASURED_BUN = "1.4.5";

export interface Name {
  readonly name: string;
  /** How often Bun's read-only data holds it as a name to look up. */
  readonly hits: number;
  /** On Windows, where that differs. */
  readonly windowsHits?: number;
  /** How often the file for Windows holds it in UTF-16 besides. */
  readonly windowsWide?: number;
}

/** Environment variables through which Bun runs, opens, writes, reveals or trusts something on a caller's word. */
export const NAMES: readonly Name[] = [
  // Run other code.
  { name: "BUN_BE_BUN", hits: 1 },
  { name: "BUN_OPTIONS", hits: 2 },
  { name: "BUN_INSPECT", hits: 2 }, // opens a debugger's port, where anybody on the machine can run code
  { name: "BUN_INSPECT_CONNECT_TO", hits: 2 },
  { name: "BUN_INSPECT_NOTIFY", hits: 1 },
  { name: "BUN_INSPECT_PRELOAD", hits: 2 },
  { name: "BUN_ENABLE_CRASH_REPORTING", hits: 1 }, // runs `curl` from PATH after a crash
  { name: "BUN_CRASH_REPORT_URL", hits: 1 },
  // Write files.
  { name: "BUN_BYTECODE_ORDER_OUT", hits: 1 },
  { name: "BUN_BYTECODE_ORDER_NAMES_OUT", hits: 1 },
  { name: "BUN_BYTECODE_DIGEST_OUT", hits: 1 },
  // Print requests with their headers.
  { name: "BUN_CONFIG_VERBOSE_FETCH", hits: 2 },
  // Decide which servers are trusted.
  { name: "NODE_TLS_REJECT_UNAUTHORIZED", hits: 2 },
  { name: "NODE_EXTRA_CA_CERTS", hits: 1 },
  { name: "NODE_USE_SYSTEM_CA", hits: 1, windowsHits: 2 },
  // Would kill the command that `exec` became when its parent ends: survives execve(2).
  { name: "BUN_FEATURE_FLAG_NO_ORPHANS", hits: 2, windowsWide: 1 },
];

/** Machine code that must be there exactly once. */
export interface CodePattern {
  /** What is undone, for messages. */
  readonly what: string;
  /** Bytes in hexadecimal; `??` is any byte. */
  readonly find: string;
  /** What to write over the hit, from its byte `at` on. */
  readonly at: number;
  readonly put: string;
}

/*
 * Engine options: variables that begin with `BUN_JSC_` set any option of the JavaScript engine, some of which
 * write files. The prefix is no string in the file: it is compared letter by letter, B U N _ J S C _. The
 * first comparison is made to be with NUL, which no variable's name begins with.
 */
const ENGINE_OPTIONS = "the comparison with BUN_JSC_";

// cmp byte [r14], 'B'; jne; cmp byte [r14+1], 'U'; jne; …
const engineOptionsX64: CodePattern = {
  what: ENGINE_OPTIONS,
  find:
    "41 80 3e 42 75 ?? 41 80 7e 01 55 75 ?? 41 80 7e 02 4e 75 ?? 41 80 7e 03 5f 75 ?? " +
    "41 80 7e 04 4a 75 ?? 41 80 7e 05 53 75 ?? 41 80 7e 06 43 75 ?? 41 80 7e 07 5f 75",
  at: 3,
  put: "00",
};

// cmp byte [rdi], 'B'; jne; cmp byte [rdi+1], 'U'; jne; …
const engineOptionsWindowsX64: CodePattern = {
  what: ENGINE_OPTIONS,
  find:
    "80 3f 42 75 ?? 80 7f 01 55 75 ?? 80 7f 02 4e 75 ?? 80 7f 03 5f 75 ?? " +
    "80 7f 04 4a 75 ?? 80 7f 05 53 75 ?? 80 7f 06 43 75 ?? 80 7f 07 5f 75",
  at: 2,
  put: "00",
};

// ldrb w10, [x9]; cmp w10, #'B'; b.ne; ldrb w10, [x9, #1]; cmp w10, #'U'; b.ne; …
const engineOptionsArm64: CodePattern = {
  what: ENGINE_OPTIONS,
  find:
    "2a 01 40 39 5f 09 01 71 ?? ?? ff 54 2a 05 40 39 5f 55 01 71 ?? ?? ff 54 " +
    "2a 09 40 39 5f 39 01 71 ?? ?? ff 54 2a 0d 40 39 5f 7d 01 71 ?? ?? ff 54 " +
    "2a 11 40 39 5f 29 01 71 ?? ?? ff 54 2a 15 40 39 5f 4d 01 71 ?? ?? ff 54 " +
    "2a 19 40 39 5f 0d 01 71 ?? ?? ff 54 2a 1d 40 39 5f 7d 01 71",
  at: 5,
  put: "01 00", // cmp w10, #0
};

// ldrb w9, [x8]; cmp w9, #'B'; b.ne; ldrb w9, [x8, #1]; cmp w9, #'U'; b.ne; …
const engineOptionsDarwinArm64: CodePattern = {
  what: ENGINE_OPTIONS,
  find:
    "09 01 40 39 3f 09 01 71 ?? ?? ff 54 09 05 40 39 3f 55 01 71 ?? ?? ff 54 " +
    "09 09 40 39 3f 39 01 71 ?? ?? ff 54 09 0d 40 39 3f 7d 01 71 ?? ?? ff 54 " +
    "09 11 40 39 3f 29 01 71 ?? ?? ff 54 09 15 40 39 3f 4d 01 71 ?? ?? ff 54 " +
    "09 19 40 39 3f 0d 01 71 ?? ?? ff 54 09 1d 40 39 3f 7d 01 71",
  at: 5,
  put: "01 00", // cmp w9, #0
};

/*
 * Inherited files and memory: on Linux, Bun marks every open file from 4 on as not to be inherited, with
 * syscall(SYS_close_range, 4, ~0, CLOSE_RANGE_CLOEXEC) as it starts. `exec` could not hand on `<(…)`, a job server's pipe
 * or an activated socket. The call is made to be prctl(PR_SET_DUMPABLE, 0) instead, whose number is 4 as well: before
 * any JavaScript runs no other process of the user may read memory or environment, and no core file is written.
 * The kernel ignores the arguments behind the second (kernel/sys.c); execve(2) undoes it for the program that follows.
 */
const CLOSE_RANGE = "the call of close_range";

// mov edi, 436; mov esi, 4; mov edx, -1; mov ecx, 4; xor eax, eax; call syscall
const closeRangeX64: CodePattern = {
  what: CLOSE_RANGE,
  find: "bf b4 01 00 00 be 04 00 00 00 ba ff ff ff ff b9 04 00 00 00 31 c0 e8",
  at: 0,
  put: "bf 9d 00 00 00 be 04 00 00 00 ba 00 00 00 00", // mov edi, 157; mov esi, 4; mov edx, 0
};

// mov w0, #436; mov w1, #4; mov w2, #-1; mov w3, #4
const closeRangeArm64: CodePattern = {
  what: CLOSE_RANGE,
  find: "80 36 80 52 81 00 80 52 02 00 80 12 83 00 80 52",
  at: 0,
  put: "e0 14 80 52 81 00 80 52 02 00 80 52", // mov w0, #167; mov w1, #4; mov w2, #0
};

/*
 * Ignored signals: Bun begins with signal(SIGPIPE, SIG_IGN) and signal(SIGXFSZ, SIG_IGN), after which nobody can tell
 * whether the caller had them ignored, which `exec` owes the program that follows. Both calls are made to be for signal
 * 0, which there is not; src/os/process/harden.ts does the ignoring, and remembers what it replaced.
 */
const SIGNALS_X64 = "be 01 00 00 00 bf 0d 00 00 00 e8 ?? ?? ?? ?? be 01 00 00 00 bf 19 00 00 00 e8";
const SIGNALS_ARM64 = "a0 01 80 52 21 00 80 52 ?? ?? ?? ?? ?? ?? ?? ?? ?? ?? ?? ?? 20 03 80 52 21 00 80 52";
const SIGNALS_DARWIN_ARM64 = "a0 01 80 52 21 00 80 52 ?? ?? ?? ?? 20 03 80 52 21 00 80 52";

function keptSignals(find: string, places: readonly [number, number], put: string): readonly CodePattern[] {
  const names = ["SIGPIPE", "SIGXFSZ"];
  return places.map((at, index) => ({ what: `the call of signal for ${names[index]}`, find, at, put }));
}

// mov esi, 1; mov edi, 13; call signal; mov esi, 1; mov edi, 25; call signal
const signalsX64 = keptSignals(SIGNALS_X64, [6, 21], "00");
// mov w0, #13; mov w1, #1; …; bl signal; mov w0, #25; mov w1, #1
const signalsArm64 = keptSignals(SIGNALS_ARM64, [0, 20], "00 00");
const signalsDarwinArm64 = keptSignals(SIGNALS_DARWIN_ARM64, [0, 12], "00 00");

/*
 * Memory ahead of need: when a program has asked for its 64th block of 16 KiB for objects, JavaScriptCore starts a thread that
 * keeps 32 more of them ready, and the allocator starts one of its own (oven-sh/bun#41239). What comes first here is over by
 * then, in some 100 blocks: the threads take its processor and half a megabyte. The number is made to be 1,024, so that
 * a broker still gets them.
 */
const WARM_UP = "the block that starts the warm-up thread";

// movabs rax, 64 << 32 | 32; mov [rip+…], rax; movabs rax, 10.0
const warmUpX64: CodePattern = {
  what: WARM_UP,
  find: "48 b8 20 00 00 00 40 00 00 00 48 89 05 ?? ?? ?? ?? 48 b8 00 00 00 00 00 00 24 40",
  at: 6,
  put: "00 04 00 00",
};

// mov x9, #32; movk x9, #64, lsl #32
const warmUpArm64: CodePattern = {
  what: WARM_UP,
  find: "09 04 80 d2 09 08 c0 f2",
  at: 4,
  put: "09 80 c0 f2", // movk x9, #1024, lsl #32
};

export const CODE: Readonly<Record<`${Target["os"]}-${Target["cpu"]}`, readonly CodePattern[]>> = {
  "linux-x64": [engineOptionsX64, closeRangeX64, ...signalsX64, warmUpX64],
  "linux-arm64": [engineOptionsArm64, closeRangeArm64, ...signalsArm64, warmUpArm64],
  "windows-x64": [engineOptionsWindowsX64],
  "windows-arm64": [engineOptionsArm64],
  "darwin-x64": [engineOptionsX64, ...signalsX64, warmUpX64],
  "darwin-arm64": [engineOptionsDarwinArm64, ...signalsDarwinArm64, warmUpArm64],
};
