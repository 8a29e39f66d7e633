/**
 * Real daemons in private: a D-Bus session bus in a temporary folder, several at once, as any user, with or
 * without a desktop; and sockets that only look like a bus. Nothing of the machine's own session is touched, no
 * service can be started by the bus, and nothing outlives the test process.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";

export interface PrivateBus {
  /** The variables that make a child use this bus and nothing of the real session. */
  readonly env: Record<string, string>;
  /** The folder of everything; gone after {@link stop}. */
  readonly directory: string;
  stop(): Promise<void>;
}

export interface BusOptions {
  /** Makes the bus answer AccessDenied to whoever calls the keyring. */
  readonly denySecrets?: boolean;
}

const START_TIMEOUT_MS = 10_000;

/** A daemon that {@link spawnDaemon} started. */
export type Daemon = Bun.Subprocess<"ignore" | Blob, "ignore", Bun.BunFile>;

const running = new Map<Daemon, string>();
process.on("exit", () => {
  for (const [child, directory] of running) {
    child.kill("SIGKILL");
    rmSync(directory, { recursive: true, force: true });
  }
});

/** A session bus with nothing on it. */
export async function startPrivateBus(options: BusOptions = {}): Promise<PrivateBus> {
  const directory = mkdtempSync(`${tmpdir()}/gum-cred-bus-`);
  const folder = (name: string) => {
    mkdirSync(`${directory}/${name}`, { mode: 0o700 });
    return `${directory}/${name}`;
  };
  const runtime = folder("run");
  const address = `unix:path=${runtime}/bus`;
  writeFileSync(`${directory}/bus.conf`, busConfiguration(address, options));
  const daemon = spawnDaemon(["dbus-daemon", `--config-file=${directory}/bus.conf`, "--nofork"], directory);
  let stopping = false;
  void daemon.exited.then(() => stopping || tellOfEnd(daemon, directory));
  await until(() => existsSync(`${runtime}/bus`), "dbus-daemon");
  return {
    directory,
    env: {
      DBUS_SESSION_BUS_ADDRESS: address,
      XDG_RUNTIME_DIR: runtime,
      HOME: folder("home"),
      XDG_DATA_HOME: folder("data"),
      XDG_CONFIG_HOME: folder("config"),
      XDG_CACHE_HOME: folder("cache"),
    },
    async stop() {
      stopping = true;
      await end(daemon);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export interface FakeSocket {
  /** For `DBUS_SESSION_BUS_ADDRESS`. */
  readonly address: string;
  /** How often somebody has connected. */
  connections(): number;
  stop(): Promise<void>;
}

/** A bus that hangs: it accepts and says nothing, or authenticates everybody and then says nothing. */
export async function startSilentSocket(options: { authenticates?: boolean } = {}): Promise<FakeSocket> {
  return listen((line) => {
    if (!options.authenticates) return null;
    if (line.startsWith("AUTH EXTERNAL ")) return "OK 0123456789abcdef0123456789abcdef\r\n";
    if (line.startsWith("AUTH")) return "REJECTED EXTERNAL\r\n";
    return line.startsWith("NEGOTIATE_UNIX_FD") ? "AGREE_UNIX_FD\r\n" : null;
  });
}

/** A bus that only counts who connects. */
export const countingSocket = (): Promise<FakeSocket> => startSilentSocket();

async function listen(answer: (line: string) => string | null): Promise<FakeSocket> {
  const directory = mkdtempSync(`${tmpdir()}/gum-cred-socket-`);
  let connections = 0;
  const server = Bun.listen({
    unix: `${directory}/bus`,
    socket: {
      open() {
        connections++;
      },
      data(socket, bytes) {
        for (const line of bytes.toString("latin1").replace(/^\0/, "").split("\r\n")) {
          const reply = answer(line);
          if (reply !== null) socket.write(reply);
        }
      },
    },
  });
  return {
    address: `unix:path=${directory}/bus`,
    connections: () => connections,
    async stop() {
      server.stop(true);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Calls a service by a program that shares no code with what is tested; its answer, "" on failure. */
export function ask(env: Record<string, string>, service: string, ...rest: string[]): string {
  const command = [
    "dbus-send",
    "--session",
    "--print-reply",
    "--reply-timeout=2000",
    `--dest=${service}`,
    ...rest,
  ];
  const { stdout } = Bun.spawnSync(command, { env: { PATH: process.env["PATH"], ...env }, stderr: "ignore" });
  return stdout.toString();
}

/** Starts a daemon whose folder is `directory`, where its complaints go to. */
export function spawnDaemon(
  command: string[],
  directory: string,
  env: Record<string, string> = {},
  stdin?: string,
): Daemon {
  // setpriv: the kernel kills the daemon when the test process is killed without a chance to.
  const child = Bun.spawn(["setpriv", "--pdeathsig", "KILL", ...command], {
    env: { PATH: process.env["PATH"], ...env },
    stdin: stdin === undefined ? "ignore" : new Blob([stdin]),
    stdout: "ignore",
    stderr: Bun.file(`${directory}/${command[0]}.stderr`),
  });
  running.set(child, directory);
  return child;
}

/** Ends a daemon, whatever it is doing. */
export async function end(child: Daemon): Promise<void> {
  child.kill("SIGKILL");
  await child.exited;
  running.delete(child);
}

/** Says aloud that a daemon has ended by itself, and what it said last. */
export function tellOfEnd(daemon: Daemon, directory: string): void {
  const said = readdirSync(directory)
    .filter((name) => name.endsWith(".stderr"))
    .map((name) => readFileSync(`${directory}/${name}`, "utf8").slice(-1_000));
  console.error(`a daemon ended by itself: ${daemon.signalCode ?? daemon.exitCode}`, ...said);
}

/** Waits until something holds; throws when it does not in time. */
export async function until(ready: () => boolean, what: string): Promise<void> {
  const end = performance.now() + START_TIMEOUT_MS;
  while (!ready()) {
    if (performance.now() > end) throw new Error(`${what} does not start`);
    await Bun.sleep(10);
  }
}

function busConfiguration(address: string, options: BusOptions): string {
  const deny = options.denySecrets ? '<deny send_destination="org.freedesktop.secrets"/>' : "";
  return `<busconfig>
  <type>session</type>
  <listen>${address}</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
    ${deny}
  </policy>
</busconfig>`;
}
