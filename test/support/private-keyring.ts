/**
 * A real GNOME Keyring in private, on a session bus of its own (private-bus.ts); nothing outlives the test process.
 *
 * GNOME Keyring itself dies now and then while several programs use it: it looks up the caller of a method in a
 * table that another of its threads is changing, and a caller that it does not find is a crash in OpenSession
 * (https://github.com/basecamp/hey-cli/issues/352, seen with 42.1 and 50.0) or "no default collection" in ReadAlias.
 * Measured with 42.1 and three clients at once: 5 crashes in 36,000 sessions. A desktop's session manager starts it
 * again, and so is it done here, aloud.
 */
import {
  ask,
  type BusOptions,
  type Daemon,
  end,
  type PrivateBus,
  spawnDaemon,
  startPrivateBus,
  tellOfEnd,
  until,
} from "./private-bus.ts";

export interface PrivateKeyring extends PrivateBus {
  /** Locks the default collection. */
  lock(): Promise<void>;
  /** Unlocks it again, with its password and without a dialog. */
  unlock(): Promise<void>;
  /** Settles when the daemon is there, should it have ended by itself. */
  whole(): Promise<void>;
  /** Runs `round`, and again where the daemon has ended by itself under it. */
  survive<T>(round: () => Promise<T>): Promise<T>;
  /** Stops GNOME Keyring from answering, as if it hung, and lets it go on. */
  freeze(): void;
  thaw(): void;
}

export interface KeyringOptions extends BusOptions {
  /** False: GNOME Keyring starts as on a machine where nobody has signed in, without a default collection. */
  readonly unlocked?: boolean;
}

const PASSWORD = "keyring-password-EXAMPLE";
/** A session bus with a real GNOME Keyring whose default collection exists and is unlocked. */
export async function startPrivateKeyring(options: KeyringOptions = {}): Promise<PrivateKeyring> {
  const unlocked = options.unlocked ?? true;
  const bus = await startPrivateBus(options);
  const control = `${bus.directory}/control`;
  const command = ["gnome-keyring-daemon", "--foreground", "--components=secrets"];
  command.push(`--control-directory=${control}`, ...(unlocked ? ["--unlock"] : []));
  const ready = () => {
    // Where the bus denies the keyring to everybody, its name is all that can be seen of it.
    if (options.denySecrets) return askBus(bus.env, "NameHasOwner", `string:${SECRETS}`).includes("true");
    return askKeyring(bus.env, "ReadAlias", "string:default").includes(unlocked ? LOGIN : "object path");
  };
  let stopping = false;
  let deaths = 0;
  let daemon = start();
  let whole = settled();

  function start(): Daemon {
    const started = spawnDaemon(command, bus.directory, bus.env, unlocked ? PASSWORD : "");
    void started.exited.then(() => {
      if (stopping) return;
      deaths++;
      tellOfEnd(started, bus.directory);
      if (deaths > MOST_DEATHS) return; // it does not live: let the tests say so
      daemon = start();
      whole = settled();
    });
    return started;
  }

  /** Settles when the daemon answers. Whoever does not wait for it is not told that it never did. */
  function settled(): Promise<void> {
    const answers = until(ready, "gnome-keyring-daemon");
    answers.catch(() => {});
    return answers;
  }

  await whole;
  return {
    ...bus,
    whole: () => whole,
    async survive(round) {
      for (;;) {
        const before = deaths;
        try {
          return await round();
        } catch (error) {
          await Bun.sleep(NOTICE_MS);
          if (deaths === before) throw error;
          await whole;
        }
      }
    },
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

/** After so many deaths the daemon is left dead. */
const MOST_DEATHS = 10;
/** Time in which a dying daemon, which may be writing a core file, is seen to be dead. */
const NOTICE_MS = 500;

const SECRETS = "org.freedesktop.secrets";
const LOGIN = "/org/freedesktop/secrets/collection/login";

function askKeyring(env: Record<string, string>, method: string, ...args: string[]): string {
  return ask(env, SECRETS, "/org/freedesktop/secrets", `org.freedesktop.Secret.Service.${method}`, ...args);
}

function askBus(env: Record<string, string>, method: string, ...args: string[]): string {
  return ask(env, "org.freedesktop.DBus", "/org/freedesktop/DBus", `org.freedesktop.DBus.${method}`, ...args);
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
