/**
 * Looks for other running processes of this user, as /proc shows them: Linux alone, those of this PID namespace alone.
 * Whatever cannot be read is not found. Touches no process, and knows no program.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";

/** A process that runs now. It may have ended by the time that anybody looks at this. */
export interface RunningProcess {
  readonly pid: number;
  /** Milliseconds since it was started. */
  readonly ageMs: number;
  /** What a variable held when it was started; empty where it held nothing or cannot be read. */
  variable(name: string): string;
}

/** Where and as whom to look; for tests. */
export interface Looker {
  readonly root: string;
  readonly uid: number | undefined;
  /** Milliseconds since this process was started. */
  readonly elapsedMs: number;
}

/** The kernel gives times in hundredths of a second, whatever its own clock is (USER_HZ, proc_pid_stat(5)). */
const TICK_MS = 10;
/** Stopped, traced, ended: such a process does nothing that could be waited for. */
const AT_REST = "TtZXx";

/**
 * The processes of this user whose words `matches`, without this one and those that wait for it: its ancestors. Empty on
 * other systems, and where /proc is missing.
 */
export function runningProcesses(
  matches: (argv: readonly string[]) => boolean,
  { root, uid, elapsedMs }: Looker = here(),
): readonly RunningProcess[] {
  const self = statOf(root, "self");
  if (self === null) return [];
  const line = ancestry(root, self);
  return numbersIn(root).flatMap((pid) => {
    if (line.has(pid) || ownerOf(root, pid) !== uid) return [];
    if (!matches(wordsIn(read(`${root}/${pid}/cmdline`)))) return [];
    const stat = statOf(root, String(pid));
    if (stat === null || AT_REST.includes(stat.state)) return [];
    // Both are counted from the same moment, which need not be the one that /proc/uptime counts from in a container.
    const ageMs = Math.max(0, (self.startTicks - stat.startTicks) * TICK_MS + elapsedMs);
    return [{ pid, ageMs, variable: (name) => valueIn(read(`${root}/${pid}/environ`), name) }];
  });
}

function here(): Looker {
  const root = process.platform === "linux" ? "/proc" : "";
  return { root, uid: process.geteuid?.(), elapsedMs: performance.now() };
}

interface Stat {
  readonly pid: number;
  readonly state: string;
  readonly parent: number;
  readonly startTicks: number;
}

/** proc_pid_stat(5). The second field, the name, is in brackets and may hold anything. */
function statOf(root: string, entry: string): Stat | null {
  const text = read(`${root}/${entry}/stat`);
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state = "", parent] = fields;
  const stat = {
    pid: Number.parseInt(text, 10),
    state,
    parent: Number(parent),
    startTicks: Number(fields[19]),
  };
  return [stat.pid, stat.parent, stat.startTicks].every(Number.isInteger) ? stat : null;
}

/** This process and its ancestors. */
function ancestry(root: string, self: Stat): ReadonlySet<number> {
  const line = new Set<number>();
  for (let at: Stat | null = self; at !== null && !line.has(at.pid); at = statOf(root, String(at.parent))) {
    line.add(at.pid);
  }
  return line;
}

function numbersIn(root: string): readonly number[] {
  try {
    return readdirSync(root)
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

function ownerOf(root: string, pid: number): number | null {
  try {
    return statSync(`${root}/${pid}`).uid;
  } catch {
    return null;
  }
}

/** Words, or variables, with a NUL after each. */
function wordsIn(text: string): readonly string[] {
  return text === "" ? [] : text.replace(/\0$/, "").split("\0");
}

function valueIn(environ: string, name: string): string {
  const found = wordsIn(environ).find((word) => word.startsWith(`${name}=`));
  return found?.slice(name.length + 1) ?? "";
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
