/** A Secret Service on a private bus that plays faults, a user at a dialog, and the ways of other services. */
import { startFakeService } from "./fake-service.ts";
import { type PrivateBus, startPrivateBus } from "./private-bus.ts";

/** The methods of the interface; properties are read by `Get`. */
export type Method =
  | "ReadAlias"
  | "OpenSession"
  | "SearchItems"
  | "GetSecrets"
  | "CreateItem"
  | "Delete"
  | "Get"
  | "Unlock"
  | "CreateCollection"
  | "Prompt";

interface FakeItem {
  readonly attributes: Readonly<Record<string, string>>;
  readonly value: string;
}

export interface FakeOptions {
  /** By name. Default: `login`, unlocked and empty. */
  readonly collections?: Readonly<
    Record<string, { readonly locked?: boolean; readonly items?: readonly FakeItem[] }>
  >;
  /** What the alias `default` means; null: nothing. Default: `login`. */
  readonly default?: string | null;
  /** What happens at a dialog. Default: nobody looks at it. */
  readonly user?: "accepts" | "dismisses" | "away";
  /** Attributes that it gives to every item of its own accord, as KeePassXC does. */
  readonly extraAttributes?: Readonly<Record<string, string>>;
  /** What it never answers. */
  readonly deafTo?: Method | "everything";
  /** What it ends at, without an answer. */
  readonly diesAt?: Method;
  /** What it answers with `nonsense`, a signature and its values. */
  readonly nonsenseAt?: Method;
  readonly nonsense?: readonly [signature: string, values: readonly unknown[]];
  /** How often the list that it begins with is repeated, for answers too long for an argument. */
  readonly nonsenseTimes?: number;
}

export interface FakeSecretService extends PrivateBus {
  /** The methods that were called so far. */
  calls(): readonly string[];
  /** Ends the service and leaves the bus. */
  end(): Promise<void>;
}

/** Starts it; ready when this returns. */
export async function startFakeSecretService(options: FakeOptions = {}): Promise<FakeSecretService> {
  const bus = await startPrivateBus();
  const service = await startFakeService(
    "fake-secret-service.py",
    options,
    bus.env,
    `${bus.directory}/calls`,
  );
  return {
    ...bus,
    end: service.stop,
    calls: service.calls,
    async stop() {
      await service.stop();
      await bus.stop();
    },
  };
}
