/**
 * What the app floor needs from outside, as one small set of ports. main.ts makes the real ones.
 */
import type { BaseUrl } from "../core/base-url.ts";
import type { Digest, Environment, RawEnvironment } from "../core/environment.ts";
import type { Keychain } from "../keychain/keychain.ts";
import type { Lock } from "../os/files/lock.ts";
import type { InstalledProviders } from "../providers/installed/installed-providers.ts";
import type { Policy } from "./policy.ts";

export interface Ports {
  readonly environment: Environment;
  /** The variables as they are, for a policy that names one. */
  readonly raw: RawEnvironment;
  readonly digest: Digest;
  /** The organisation's rules in force. Throws E_POLICY_INVALID and E_UNSAFE_FILE for a file that is not fit. */
  policy(): Promise<Policy>;
  /** Providers that the user or administrator installed. */
  readonly installed: InstalledProviders;
  /** Milliseconds since 1970. */
  now(): number;
  /** The keychain of this machine; opened at the first call, the same one after that. */
  keychain(): Promise<Keychain>;
  /** False where there can be no keychain service, told without opening or connecting to anything. */
  keychainPossible(): boolean;
  /** True once {@link keychain} was called. */
  keychainOpened(): boolean;
  /** A lock between processes; see {@link Lock}. Throws E_LOCK_TIMEOUT, E_UNSAFE_FILE. */
  lock(name: string, timeoutMs: number): Promise<Lock>;
  /** Waits for `work` and, on a terminal, says `what` is going on when it takes longer than 300 ms. */
  busy<T>(what: string, work: Promise<T>): Promise<T>;
  /** A line for `--debug`: never a value, only names, places and times. */
  debug(line: string): void;
  /** A line on stdout before the command ends, such as a URL to open. */
  print(line: string): Promise<void>;
  /** A line for people on stderr; silent with `--quiet`. */
  note(line: string): void;
  /** A warning on stderr. */
  warn(line: string): void;
}

/** What the global flags and variables ask for. */
export interface Scope {
  readonly profile: string;
  /** Base URL asked for by `--base-url` or GUMLOOP_BASE_URL; null when neither is set. */
  readonly baseUrl: BaseUrl | null;
  /** `--base-url` alone: what an LLM key may be sent to, unlike a variable that means Gumloop's API. */
  readonly baseUrlFlag: BaseUrl | null;
  readonly teamId: string | null;
}
