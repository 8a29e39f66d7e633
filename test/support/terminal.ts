/**
 * A program on a real pseudo-terminal (by Python's pty), of a given width: what it prints, what is typed when it asks,
 * and how the terminal is left.
 */
import { gumCred, pathWithGumCred } from "./binary.ts";

export interface Step {
  /** Waits until this stands in the output after the last step's match. */
  readonly wait: string;
  /** Then types this. */
  readonly type?: string;
  /** Then sends this signal to the program. */
  readonly signal?: "TERM" | "HUP" | "INT" | "QUIT" | "ALRM" | "USR1" | "USR2" | "XCPU" | "VTALRM" | "PROF";
}

export interface TerminalRun {
  readonly code: number;
  /** Everything that the terminal was sent, line ends as LF. */
  readonly screen: string;
  /** Milliseconds from the last step to the end. */
  readonly lastMs: number;
  /** Whether the terminal echoes and reads lines as before. */
  readonly restored: boolean;
}

export interface TerminalOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly columns?: number;
  readonly timeoutMs?: number;
  readonly cwd?: string;
  /** Another program, by its path, and its first arguments in place of gum-cred, which it finds on PATH. */
  readonly program?: readonly string[];
}

const DRIVER = `
import fcntl, json, os, pty, select, signal, struct, sys, termios, time
def play(spec):
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, spec["columns"], 0, 0))
    before = termios.tcgetattr(slave)
    pid = os.fork()
    if pid == 0:
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        for fd in (0, 1, 2): os.dup2(slave, fd)
        os.closerange(3, 256)
        os.chdir(spec["cwd"])
        os.execve(spec["argv"][0], spec["argv"], spec["env"])
    seen, at, status, last = b"", 0, None, time.time()
    steps, limit = spec["steps"], time.time() + spec["timeout"]
    def pump(wait):
        nonlocal seen
        if not select.select([master], [], [], wait)[0]: return False
        try: seen += os.read(master, 65536)
        except OSError: return False
        return True
    while status is None and time.time() < limit:
        pump(0.01)
        done, code = os.waitpid(pid, os.WNOHANG)
        if done: status = code
        elif steps:
            found = seen.find(steps[0]["wait"].encode(), at)
            if found >= 0:
                step = steps.pop(0)
                at = found + len(step["wait"].encode())
                time.sleep(0.1)
                last = time.time()
                data = step.get("type", "").encode()
                while data:
                    data = data[os.write(master, data[:512]):]
                    pump(0)
                if step.get("signal"): os.kill(pid, getattr(signal, "SIG" + step["signal"]))
    took = time.time() - last
    if status is None:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    while pump(0.02): pass
    after = termios.tcgetattr(slave)
    os.close(master)
    os.close(slave)
    code = -1 if status is None else os.waitstatus_to_exitcode(status)
    return {"code": code, "screen": seen.decode(errors="replace").replace("\\r\\n", "\\n"), "lastMs": took * 1000, "restored": before[3] == after[3] and before[0] == after[0], "left": len(steps)}
print(json.dumps([play(spec) for spec in json.load(sys.stdin)]))
`;

/** Runs gum-cred on a terminal. A code of -1 means that it did not end in time, a negative one a signal. */
export async function onTerminal(
  args: readonly string[],
  steps: readonly Step[] = [],
  options: TerminalOptions = {},
): Promise<TerminalRun> {
  const [run] = await onTerminals([args], options, steps);
  if (!run) throw new Error("the terminal's driver ran nothing");
  return run;
}

/** The same for many command lines, one after the other, each on a terminal of its own: much faster than one by one. */
export async function onTerminals(
  lines: readonly (readonly string[])[],
  { env = {}, columns = 80, timeoutMs = 4_000, cwd = "/", program }: TerminalOptions = {},
  steps: readonly Step[] = [],
): Promise<readonly TerminalRun[]> {
  const specs = lines.map((args) => ({
    argv: [...(program ?? [gumCred()]), ...args],
    env: { PATH: pathWithGumCred(), TERM: "xterm-256color", ...env },
    steps,
    columns,
    cwd,
    timeout: timeoutMs / 1000,
  }));
  const child = Bun.spawn(["python3", "-c", DRIVER], {
    stdin: new Blob([JSON.stringify(specs)]),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  if ((await child.exited) !== 0) throw new Error(`the terminal's driver failed: ${err}`);
  const results = JSON.parse(out) as readonly (TerminalRun & { readonly left: number })[];
  for (const { left, screen } of results) {
    if (left > 0) throw new Error(`${left} steps were not reached; the screen:\n${screen}`);
  }
  return results;
}
