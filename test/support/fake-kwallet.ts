/** KWallet as KDE Frameworks 6 has it, and one that plays faults, on a bus that is there already. */
import { readFileSync, writeFileSync } from "node:fs";

export interface FakeKwalletOptions {
  /** The bus names that it takes. Default: both, as Frameworks 6 does. */
  readonly names?: readonly string[];
  /** True: it has wallets of its own, like kwalletd5. False: it passes all on to a Secret Service. Default false. */
  readonly keepsItsOwn?: boolean;
  readonly enabled?: boolean;
  /** What `open` gives. */
  readonly handle?: number;
  /** Writing fails. */
  readonly full?: boolean;
  readonly deafTo?: string;
  readonly diesAt?: string;
  readonly failsAt?: string;
  readonly nonsenseAt?: string;
  /** Somebody closes the wallet just before this method. */
  readonly losesWalletAt?: string;
}

export interface FakeKwallet {
  /** The methods that were called so far; `close` with whether by force. */
  calls(): readonly string[];
  stop(): Promise<void>;
}

/** Starts it on the bus of `env`; `directory` is for its log. Ready when this returns. */
export async function startFakeKwallet(
  env: Readonly<Record<string, string>>,
  directory: string,
  options: FakeKwalletOptions = {},
): Promise<FakeKwallet> {
  const log = `${directory}/kwallet-calls`;
  writeFileSync(log, "");
  const script = `${import.meta.dir}/fake-kwallet.py`;
  // The kernel ends it with the test process, however that ends.
  const command = [
    "setpriv",
    "--pdeathsig",
    "KILL",
    "/usr/bin/python3",
    script,
    JSON.stringify(options),
    log,
  ];
  const daemon = Bun.spawn(command, {
    env: { PATH: process.env["PATH"], ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
  });
  const { done } = await daemon.stdout.getReader().read();
  if (done) throw new Error("the fake KWallet does not start");
  return {
    calls: () => readFileSync(log, "utf8").split("\n").filter(Boolean),
    async stop() {
      daemon.kill("SIGKILL");
      await daemon.exited;
    },
  };
}
