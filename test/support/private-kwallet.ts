/**
 * A real KWallet in private: kwalletd5 without a display, alone on a bus of its own, in a temporary folder. Its
 * wallet is opened as KDE's PAM module does it, without a dialog; dialogs that it wants to show are drawn
 * nowhere and answered by nobody.
 */
import { pbkdf2Sync } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { type PrivateBus, startPrivateBus } from "./private-bus.ts";

export interface PrivateKwallet extends PrivateBus {
  /** Closes the wallet for every application. */
  lock(): Promise<void>;
  /** Opens it again, with its password and without a dialog. */
  unlock(): Promise<void>;
  /** Calls a method of `org.kde.KWallet` by dbus-send (`string:x`, `int32:1`); what it prints, "" on failure and after 1 s. */
  call(method: string, ...args: readonly string[]): string;
  /** The applications that hold the wallet open. */
  users(): readonly string[];
  /** Stops kwalletd from answering, as if it hung, and lets it go on. */
  freeze(): void;
  thaw(): void;
  /** Ends kwalletd alone, at once. */
  kill(): Promise<void>;
}

export interface KwalletOptions {
  /** False: the wallet is closed, and there is none yet. Default true. */
  readonly unlocked?: boolean;
  /** More lines of the group `[Wallet]` of kwalletrc. */
  readonly settings?: readonly string[];
  /** More groups of kwalletrc. */
  readonly groups?: string;
  /** True: kwalletd offers its wallets as a Secret Service too, as it does unless told otherwise. Default false. */
  readonly secretService?: boolean;
}

const WALLET = "kdewallet";
const PASSWORD = "wallet-password-EXAMPLE";
const START_TIMEOUT_MS = 10_000;

export async function startPrivateKwallet(options: KwalletOptions = {}): Promise<PrivateKwallet> {
  const bus = await startPrivateBus();
  const { unlocked = true, settings = [], groups = "", secretService = false } = options;
  writeFileSync(
    `${bus.env["XDG_CONFIG_HOME"]}/kwalletrc`,
    `[Wallet]\nFirst Use=false\n${settings.join("\n")}\n${groups}\n[org.freedesktop.secrets]\napiEnabled=${secretService}\n`,
  );
  // The kernel kills the daemon when the test process is killed without a chance to.
  const start = () =>
    Bun.spawn(["setpriv", "--pdeathsig", "KILL", "kwalletd5"], {
      env: { PATH: process.env["PATH"], ...bus.env, QT_QPA_PLATFORM: "offscreen", LANG: "C.UTF-8" },
      stdio: ["ignore", "ignore", "ignore"],
    });
  let daemon = start();

  const send = (method: string, ...args: readonly string[]): string => {
    const words = [
      "dbus-send",
      "--session",
      "--print-reply",
      "--reply-timeout=1000",
      "--dest=org.kde.kwalletd5",
    ];
    const { stdout } = Bun.spawnSync([...words, "/modules/kwalletd5", `org.kde.KWallet.${method}`, ...args], {
      env: { PATH: process.env["PATH"], ...bus.env },
      stderr: "ignore",
    });
    return stdout.toString();
  };
  const isUp = () => until(() => send("isEnabled").includes("boolean"), "kwalletd5");
  const isOpen = () => send("isOpen", `string:${WALLET}`).includes("true");

  async function unlock(): Promise<void> {
    const key = keyOf(`${bus.env["XDG_DATA_HOME"]}/kwalletd`);
    send("pamOpen", `string:${WALLET}`, `array:byte:${key.join(",")}`, "int32:0");
    await until(isOpen, "the wallet");
  }
  async function end(): Promise<void> {
    daemon.kill("SIGKILL");
    await daemon.exited;
  }

  await isUp();
  if (unlocked) await unlock();
  if (unlocked && secretService) {
    // A wallet that PAM makes becomes a collection when kwalletd finds its file at the next start.
    send("closeAllWallets");
    await end();
    daemon = start();
    await isUp();
    await unlock();
  }
  return {
    ...bus,
    call: send,
    users: () =>
      [...send("users", `string:${WALLET}`).matchAll(/string "(.*)"/g)].map((match) => match[1] ?? ""),
    async lock() {
      send("closeAllWallets");
      await until(() => !isOpen(), "the lock");
    },
    unlock,
    freeze: () => daemon.kill("SIGSTOP"),
    thaw: () => daemon.kill("SIGCONT"),
    kill: end,
    async stop() {
      await end();
      await bus.stop();
    },
  };
}

/** The key of the wallet's password, by the parameters of kwallet-pam: PBKDF2-SHA512, 50,000 rounds, 56 bytes. */
function keyOf(folder: string): Buffer {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const salt = `${folder}/${WALLET}.salt`;
  try {
    return pbkdf2Sync(PASSWORD, readFileSync(salt), 50_000, 56, "sha512");
  } catch {
    writeFileSync(salt, crypto.getRandomValues(new Uint8Array(56)), { mode: 0o600 });
    return keyOf(folder);
  }
}

async function until(ready: () => boolean, what: string): Promise<void> {
  const end = performance.now() + START_TIMEOUT_MS;
  while (!ready()) {
    if (performance.now() > end) throw new Error(`${what} does not come`);
    await Bun.sleep(10);
  }
}
