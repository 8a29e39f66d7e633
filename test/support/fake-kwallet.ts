/** KWallet as KDE Frameworks 6 has it, and one that plays faults, on a bus that is there already. */
import { type FakeService, startFakeService } from "./fake-service.ts";

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

/** Of its calls, `close` is with whether by force. */
export type FakeKwallet = FakeService;

/** Starts it on the bus of `env`; `directory` is for its log. Ready when this returns. */
export async function startFakeKwallet(
  env: Readonly<Record<string, string>>,
  directory: string,
  options: FakeKwalletOptions = {},
): Promise<FakeKwallet> {
  return startFakeService("fake-kwallet.py", options, env, `${directory}/kwallet-calls`);
}
