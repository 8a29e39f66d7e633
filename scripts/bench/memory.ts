/**
 * Peak memory: the maximum resident set that the kernel reports for a process when it has ended (getrusage(2)). It
 * counts from fork(2) on, so a child of this program would begin with all the memory of this program; Bun's own
 * `resourceUsage` says 25 MB for /bin/true. A Python of 10 MB, less than any program measured, forks it instead. GNU
 * time gives the same numbers.
 */
import { cleanEnvironment, median } from "./measure.ts";
import { absentRow, type Row, type Section } from "./rows.ts";
import { freshSession, isHere, type Setting, store, TOKEN, type Variables, withKeyring } from "./world.ts";

const LIMITS = { environment: 1.2, keychain: 1.35 };
const RUNS = 7;

/** Prints the peak in KiB (Linux); what the program prints itself goes through a pipe, and is thrown away. */
const FORK_AND_WAIT = `
import os, sys
ours, theirs = os.pipe()
child = os.fork()
if child == 0:
    os.dup2(theirs, 1)
    os.execvp(sys.argv[1], sys.argv[1:])
os.close(theirs)
while os.read(ours, 65536):
    pass
_, status, usage = os.wait4(child, 0)
print(usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))`;

export function benchMemory({ gumCred, empty }: Setting): Promise<Section> {
  return withKeyring(async (session, server) => {
    await store(session, server, new Map([["default", freshSession(server)]]));
    return {
      title: "Peak memory",
      about:
        "The largest resident set of the process itself, as the kernel counts it; the median of seven runs.",
      rows: isHere("python3")
        ? rows(gumCred, empty, session)
        : [absentRow("peak memory", "python3 to ask for it")],
    };
  });
}

function rows(gumCred: string, empty: string, session: Variables): readonly Row[] {
  const least = peak([empty]);
  const row = (what: string, command: readonly string[], env: Variables, limit: number): Row => {
    const kib = peak([gumCred, ...command], env);
    return {
      what,
      value: mebibytes(kib),
      against: `empty: ${mebibytes(least)}`,
      ratio: kib / least,
      limit,
    };
  };
  return [
    row("env gumloop, from the environment", ["env", "gumloop"], TOKEN, LIMITS.environment),
    row("exec gumloop -- true", ["exec", "gumloop", "--", "true"], TOKEN, LIMITS.environment),
    row("env gumloop, from the keychain", ["env", "gumloop"], session, LIMITS.keychain),
    row("env, every provider, keychain", ["env"], session, LIMITS.keychain),
    row("--help", ["--help"], {}, LIMITS.environment),
  ];
}

/** The median peak of a command, in KiB. */
export function peak(command: readonly string[], env: Variables = {}): number {
  const runs = Array.from({ length: RUNS }, () => {
    const { exitCode, stdout, stderr } = Bun.spawnSync(["python3", "-c", FORK_AND_WAIT, ...command], {
      env: cleanEnvironment(env),
      stderr: "pipe",
    });
    if (exitCode !== 0) throw new Error(`${command.join(" ")} ended with ${exitCode}: ${stderr}`);
    return Number(stdout.toString());
  });
  return median(runs);
}

function mebibytes(kib: number): string {
  return `${(kib / 1024).toFixed(1)} MiB`;
}
