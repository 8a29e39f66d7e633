/**
 * What a run needs from outside, in three parts: what surrounds it, where things are kept, and its voice.
 * A function takes the narrowest part that it needs; {@link Ports} is all of them. cli/context.ts makes the
 * real ones.
 */
import type { BaseUrl } from "../core/base-url.ts";
import type { Digest, Environment, RawEnvironment } from "../core/environment.ts";
import type { Keychain } from "../keychain/keychain.ts";
import type { Lock } from "../os/files/lock.ts";
import type { RunningProcess } from "../os/process/running.ts";
import type { InstalledProviders } from "../providers/installed/installed-providers.ts";
import type { Policy } from "./policy.ts";
import type { FleetReader } from "./sources/fleet.ts";

/** What surrounds a run and does not change during it, except the clock. */
export interface Surroundings {
  readonly environment: Environment;
  /** The variables as they are, for a policy that names one. */
  readonly raw: RawEnvironment;
  readonly digest: Digest;
  /** The organisation's rules in force. Throws E_POLICY_INVALID and E_UNSAFE_FILE for an unusable file. */
  policy(): Promise<Policy>;
  /** Milliseconds since 1970. */
  now(): number;
  /** This user's other processes whose words `matches`, as far as the system shows them: on Linux alone. */
  processes(matches: (argv: readonly string[]) => boolean): Promise<readonly RunningProcess[]>;
}

/** Where things are kept. */
export interface Storage {
  /** The keychain of this machine; opened at the first call, the same one after that. */
  keychain(): Promise<Keychain>;
  /** False where there can be no keychain service; opens and connects to nothing to find out. */
  keychainPossible(): boolean;
  /** True once {@link keychain} was called. */
  keychainOpened(): boolean;
  /** A lock between processes; see {@link Lock}. Throws E_LOCK_TIMEOUT, E_UNSAFE_FILE. */
  lock(name: string, timeoutMs: number): Promise<Lock>;
  /** Providers that the user or administrator installed. */
  readonly installed: InstalledProviders;
}

/** How a run speaks to people before its command ends. */
export interface Voice {
  /** Waits for `work` and, on a terminal, shows `what` when it takes longer than 300 ms. */
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

/** What a run remembers from one step to the next. The only part of the ports that changes. */
export interface RunMemory {
  /** A run sends at most one refresh request (docs/sessions.md). */
  refreshSent: boolean;
  /** Set while all that is resolved shares one reader of the policy's sources (keys.ts). */
  sources?: SharedSources | undefined;
}

/** The policy's sources, opened by whoever needs them first. */
export interface SharedSources {
  reader?: Promise<FleetReader>;
}

/** Everything that a run needs from outside. */
export interface Ports extends Surroundings, Storage, Voice {
  readonly memory: RunMemory;
}

/** What the global flags and variables ask for. */
export interface Scope {
  readonly profile: string;
  /** Whether a flag or GUM_CRED_PROFILE named it. */
  readonly profileNamed?: boolean;
  /** Base URL asked for by `--base-url` or GUMLOOP_BASE_URL; null when neither is set. */
  readonly baseUrl: BaseUrl | null;
  /** `--base-url` only: where an LLM key may be sent, unlike a variable that means Gumloop's API. */
  readonly baseUrlFlag: BaseUrl | null;
  readonly teamId: string | null;
}
