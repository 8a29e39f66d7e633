/**
 * Real daemons in private: a D-Bus session bus and GNOME Keyring in a temporary folder, several at once, as
 * any user, with or without a desktop; and sockets that only look like a bus. Nothing of the machine's own
 * session is touched, no service can be started by the bus, and nothing outlives the test process.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";

export interface PrivateBus {
  /** The variables that make a child use this bus and nothing of the real session. */
  readonly env: Record<string, string>;
  /** The folder of everything; gone after {@link stop}. */
  readonly directory: string;
  stop(): Promise<void>;
}

export interface PrivateKeyring extends PrivateBus {
  /** Locks the default collection. */
  lock(): Promise<void>;
  /** Unlocks it again, with its password and without a dialog. */
  unlock(): Promise<void>;
  /** Settles when the daemon is there, should it have ended by itself. */
  whole(): Promise<void>;
  /** Stops GNOME Keyring from answering, as if it hung, and lets it go on. */
  freeze(): void;
  thaw(): void;
}

export interface BusOptions {
  /** Makes the bus answer AccessDenied to whoever calls the keyring. */
  readonly denySecrets?: boolean;
}

export interface KeyringOptions extends BusOptions {
  /** False: GNOME Keyring starts as on a machine where nobody has signed in, without a default collection. */
  readonly unlocked?: boolean;
}

const PASSWORD = "keyring-password-EXAMPLE";
const START_TIMEOUT_MS = 10_000;

type Child = Bun.Subprocess<"ignore" | "pipe" | Blob, "ignore" | "pipe", "ignore">;

const running = new Map<Child, string>();
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
  const daemon = spawn(["dbus-daemon", `--config-file=${directory}/bus.conf`, "--nofork"], directory);
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
      await end(daemon);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** A session bus with a real GNOME Keyring whose default collection exists and is unlocked. */
export async function startPrivateKeyring(options: KeyringOptions = {}): Promise<PrivateKeyring> {
  const unlocked = options.unlocked ?? true;
  const bus = await startPrivateBus(options);
  const control = `${bus.directory}/control`;
  const start = () =>
    spawn(
      [
        "gnome-keyring-daemon",
        "--foreground",
        "--components=secrets",
        `--control-directory=${control}`,
        ...(unlocked ? ["--unlock"] : []),
      ],
      bus.directory,
      bus.env,
      unlocked ? PASSWORD : "",
    );
  const ready = () => {
    // Where the bus denies the keyring to everybody, its name is all that can be seen of it.
    if (options.denySecrets) return askBus(bus.env, "NameHasOwner", `string:${SECRETS}`).includes("true");
    return askKeyring(bus.env, "ReadAlias", "string:default").includes(unlocked ? LOGIN : "object path");
  };
  let daemon = start();
  let stopping = false;
  let whole: Promise<void> = until(ready, "gnome-keyring-daemon");
  // GNOME Keyring 42 dies once in a few thousand operations of several programs at once. A desktop's session
  // manager starts it again, and so do we: aloud, and the test that it happened to is run again (scripts/test.sh).
  const watch = (child: Child): void => {
    void child.exited.then(() => {
      if (stopping) return;
      console.error(`gnome-keyring-daemon ended by itself: ${child.signalCode ?? child.exitCode}`);
      daemon = start();
      whole = until(ready, "gnome-keyring-daemon");
      watch(daemon);
    });
  };
  watch(daemon);
  await whole;
  return {
    ...bus,
    whole: () => whole,
    lock: async () => void askKeyring(bus.env, "Lock", `array:objpath:${LOGIN}`),
    unlock: () => unlockByControl(`${control}/control`),
    freeze: () => daemon.kill("SIGSTOP"),
    thaw: () => daemon.kill("SIGCONT"),
    async stop() {
      stopping = true;
      await end(daemon);
      await bus.stop();
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

const SECRETS = "org.freedesktop.secrets";
const LOGIN = "/org/freedesktop/secrets/collection/login";

function askKeyring(env: Record<string, string>, method: string, ...args: string[]): string {
  return ask(env, SECRETS, "/org/freedesktop/secrets", `org.freedesktop.Secret.Service.${method}`, ...args);
}

function askBus(env: Record<string, string>, method: string, ...args: string[]): string {
  return ask(env, "org.freedesktop.DBus", "/org/freedesktop/DBus", `org.freedesktop.DBus.${method}`, ...args);
}

/** Calls a service by a program that shares no code with what is tested; its answer, "" on failure. */
function ask(env: Record<string, string>, service: string, ...rest: string[]): string {
  const command = ["dbus-send", "--session", "--print-reply", `--dest=${service}`, ...rest];
  const { stdout } = Bun.spawnSync(command, { env: { PATH: process.env["PATH"], ...env }, stderr: "ignore" });
  return stdout.toString();
}

/** GNOME Keyring's control protocol, as its PAM module speaks it (pam/gkr-pam-client.c): operation 1. */
async function unlockByControl(path: string): Promise<void> {
  const password = new TextEncoder().encode(PASSWORD);
  const packet = new DataView(new ArrayBuffer(1 + 12 + password.length)); // a byte for credentials first
  packet.setUint32(1, 12 + password.length);
  packet.setUint32(5, 1);
  packet.setUint32(9, password.length);
  const bytes = new Uint8Array(packet.buffer);
  bytes.set(password, 13);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = await Bun.connect({
    unix: path,
    socket: {
      data: (_socket, reply) =>
        reply.readUInt32BE(4) === 0 ? resolve() : reject(new Error("the keyring stays locked")),
      close: () => reject(new Error("the keyring hung up")),
    },
  });
  socket.write(bytes);
  await promise.finally(() => socket.end());
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

function spawn(
  command: string[],
  directory: string,
  env: Record<string, string> = {},
  stdin?: string,
): Child {
  // setpriv: the kernel kills the daemon when the test process is killed without a chance to.
  const child = Bun.spawn(["setpriv", "--pdeathsig", "KILL", ...command], {
    env: { PATH: process.env["PATH"], ...env },
    stdin: stdin === undefined ? "ignore" : new Blob([stdin]),
    stdout: "ignore",
    stderr: "ignore",
  });
  running.set(child, directory);
  return child;
}

async function end(child: Child): Promise<void> {
  child.kill("SIGKILL");
  await child.exited;
  running.delete(child);
}

async function until(ready: () => boolean, what: string): Promise<void> {
  const end = performance.now() + START_TIMEOUT_MS;
  while (!ready()) {
    if (performance.now() > end) throw new Error(`${what} does not start`);
    await Bun.sleep(10);
  }
}
