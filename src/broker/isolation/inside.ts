/**
 * `--isolate`, from inside: the first process in the new namespaces. It hides the session's services, gives up its
 * capabilities, and only then starts the command; for as long as that runs it carries bytes from the loopback port to
 * the broker's socket. Holds no secret.
 */
import { existsSync, fstatSync, mkdirSync, readFileSync, type Stats } from "node:fs";
import { constants } from "node:os";
import { fail } from "../../core/errors.ts";
import { confinement } from "../../os/native/confinement.ts";
import { jobControl } from "../../os/process/job-control.ts";
import { startProgram } from "../../os/process/spawn.ts";
import { isTerminal } from "../../os/streams/is-terminal.ts";
import { INSIDE, type Inside } from "./isolate.ts";

/** `<errno.h>`: what a path gives that is not there, or that we could not reach either. */
const UNREACHABLE: ReadonlySet<number> = new Set([2 /* ENOENT */, 13 /* EACCES */, 20 /* ENOTDIR */]);
const SIGNALS = ["SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGINT", "SIGQUIT"] as const;

/** Does not return. Throws E_ISOLATION, and what {@link startProgram} throws. */
export async function runInside(path: string, [command = "", ...args]: readonly string[]): Promise<never> {
  const plan: Inside = JSON.parse(readFileSync(path, "utf8"));
  const native = confinement();
  const folder = workingFolder();
  for (const fd of [0, 1, 2]) {
    if (statOf(fd)?.isDirectory())
      throw fail("E_ISOLATION", `descriptor ${fd} is a folder, which leads outside`);
  }
  native.loopbackUp();
  carry(plan);
  const held = native.hold(plan.folder);
  for (const folder of plan.emptied) if (existsSync(folder)) native.mountEmpty(folder);
  for (const path of plan.sockets) {
    const errno = native.mountOver("/dev/null", path);
    if (errno !== 0 && !UNREACHABLE.has(errno)) {
      throw fail("E_ISOLATION", `the kernel refuses to hide a socket (errno ${errno})`);
    }
  }
  if (!existsSync(plan.socket)) {
    mkdirSync(plan.folder, { recursive: true, mode: 0o700 });
    const errno = native.mountOver(`/proc/self/fd/${held}`, plan.folder);
    if (errno !== 0) throw fail("E_ISOLATION", `the broker's folder cannot be shown (errno ${errno})`);
  }
  native.close(held);
  enter(folder);
  native.dropCapabilities();
  const control = jobControl();
  let child: Bun.Subprocess | undefined;
  for (const signal of SIGNALS) {
    if (control.isIgnored(constants.signals[signal])) continue;
    const fromKeyboard = signal === "SIGINT" || signal === "SIGQUIT";
    process.on(signal, () => {
      const hasItAlready = fromKeyboard && [0, 1, 2].some((fd) => isTerminal(fd) && control.hasKeyboard(fd));
      if (!hasItAlready) child?.kill(signal);
    });
  }
  const streams = { stdin: "inherit", stdout: 1, stderr: 2 } as const;
  child = startProgram(
    { command, args, set: new Map(), unset: [INSIDE, ...DESCRIPTORS] },
    streams,
    staysInside,
  );
  await child.exited;
  const { signalCode, exitCode } = child;
  if (signalCode) control.dieOf(typeof signalCode === "number" ? signalCode : constants.signals[signalCode]);
  process.exit(exitCode ?? 1);
}

/** What Node and systemd say of sockets that were handed on. */
const DESCRIPTORS = ["NODE_CHANNEL_FD", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"];

/** A folder that is open leads past every mount, and a socket to whoever is at its other end. */
function staysInside(fd: number): boolean {
  const stat = statOf(fd);
  return stat !== null && (stat.isFile() || stat.isFIFO() || stat.isCharacterDevice());
}

function statOf(fd: number): Stats | null {
  try {
    return fstatSync(fd);
  } catch {
    return null;
  }
}

/** Null for one that was removed. */
function workingFolder(): string | null {
  try {
    return process.cwd();
  } catch {
    return null;
  }
}

/** By its path: the one that this process began in may lie below a mount. */
function enter(folder: string | null): void {
  try {
    process.chdir(folder ?? "");
  } catch {
    throw fail(
      "E_ISOLATION",
      "the working directory is in a folder that is hidden, was removed, or cannot be entered by its path",
      "change to another",
    );
  }
}

interface End {
  /** Null until the socket to the broker is open. */
  other: Bun.Socket<End> | null;
  waiting: Buffer[];
  ended: boolean;
}

/** One connection to the broker for each that comes; a side that cannot take more stops the other. */
function carry({ port, socket }: Inside): void {
  const pass = (from: Bun.Socket<End>, bytes: Buffer): void => {
    const { data } = from;
    data.waiting.push(Buffer.from(bytes));
    flush(data);
    if (data.waiting.length > 0) from.pause();
  };
  const flush = (data: End): void => {
    while (data.other && data.waiting.length > 0) {
      const next = data.waiting[0];
      if (!next) break;
      const written = data.other.write(next);
      if (written < next.length) {
        data.waiting[0] = next.subarray(Math.max(0, written));
        return;
      }
      data.waiting.shift();
    }
    if (data.ended && data.waiting.length === 0) data.other?.end();
  };
  const drained = (to: Bun.Socket<End>): void => {
    const source = to.data.other;
    if (!source) return;
    flush(source.data);
    if (source.data.waiting.length === 0) source.resume();
  };
  const over = (side: Bun.Socket<End>): void => {
    side.data.ended = true;
    flush(side.data);
  };
  const handlers = { data: pass, drain: drained, close: over, end: over, error: over };
  Bun.listen<End>({
    hostname: "127.0.0.1",
    port,
    socket: {
      ...handlers,
      open: (client) => {
        client.data = { other: null, waiting: [], ended: false };
        Bun.connect<End>({
          unix: socket,
          data: { other: client, waiting: [], ended: false },
          socket: {
            ...handlers,
            open: (upstream) => {
              client.data.other = upstream;
              drained(upstream);
            },
          },
        }).catch(() => client.end());
      },
    },
  });
}
