/**
 * What the app floor needs from outside, as one small set of ports. main.ts makes the real ones.
 */
import type { BaseUrl } from "../core/base-url.ts";
import type { Digest, Environment } from "../core/environment.ts";
import type { Keychain } from "../keychain/keychain.ts";
import type { Lock } from "../os/lock.ts";

export interface Ports {
  readonly environment: Environment;
  readonly digest: Digest;
  /** Milliseconds since 1970. */
  now(): number;
  /** The keychain of this machine; opened at the first call, the same one after that. */
  keychain(): Promise<Keychain>;
  /** True once {@link keychain} was called. */
  keychainOpened(): boolean;
  /** A lock between processes; see {@link Lock}. Throws E_LOCK_TIMEOUT, E_UNSAFE_FILE. */
  lock(name: string, timeoutMs: number): Promise<Lock>;
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
  readonly teamId: string | null;
}
