/** The keychain itself: which one it is, whether it is open, the names of its entries, and unlocking it. */
import { fail, GumCredError, hasCode } from "../core/errors.ts";
import type { Secret } from "../core/secret.ts";
import { GUMLOOP_SERVICE } from "../gumloop/stored.ts";
import type { Keychain, KeychainState } from "../keychain/keychain.ts";
import { OWN_SERVICE } from "../keychain/keychain.ts";
import type { Storage, Surroundings, Voice } from "../resolve/ports.ts";

/** How long finding out why a keychain was chosen may take, in milliseconds. */
const REASON_TIMEOUT_MS = 2_000;

export interface KeychainReport {
  readonly backend: string;
  /** `failed`: it is there and cannot be used; {@link error} says why. */
  readonly state: KeychainState | "failed";
  /** Why this backend and not another; null when that could not be found out. */
  readonly reason: string | null;
  /** Null when they could not be listed. */
  readonly entries: readonly KeychainEntry[] | null;
  /** Why it is not usable; null when it is. */
  readonly error: GumCredError | null;
}

export interface KeychainEntry {
  readonly service: string;
  readonly account: string;
}

/** Looks at the keychain in force; reads no value, prompts nobody. Throws E_INVALID_VALUE for one that is unknown. */
export async function inspectKeychain(ports: Surroundings & Storage): Promise<KeychainReport> {
  const keychain = await ports.keychain();
  const { state, error, entries } = await look(keychain);
  return { backend: keychain.backend, state, entries, error, reason: await reasonFor(ports) };
}

async function look(keychain: Keychain): Promise<Pick<KeychainReport, "state" | "entries" | "error">> {
  let state: KeychainReport["state"] = "failed";
  try {
    state = await keychain.state();
    const entries: KeychainEntry[] = [];
    for (const service of [GUMLOOP_SERVICE, OWN_SERVICE]) {
      for (const account of await keychain.list(service)) entries.push({ service, account });
    }
    if (state === "unlocked") return { state, entries, error: null };
    const error = fail("E_KEYCHAIN_LOCKED", "no default keychain exists yet", UNLOCK_HINT);
    return { state, entries, error };
  } catch (error) {
    if (!(error instanceof GumCredError)) throw error;
    return { state, entries: null, error };
  }
}

async function reasonFor(ports: Surroundings): Promise<string | null> {
  const { describeChoice } = await import("../keychain/describe-choice.ts");
  try {
    return describeChoice(ports.raw, REASON_TIMEOUT_MS).reason;
  } catch (error) {
    if (!(error instanceof GumCredError)) throw error;
    return null; // what is wrong with the bus is in the keychain's own error
  }
}

const UNLOCK_HINT = "run 'gum-cred keychain unlock' on a terminal, without --no-input";
const MOST_TRIES = 3;

/** Who may be asked to unlock the keychain. */
export interface Askers {
  /** Whether the operating system may show a dialog. */
  readonly systemDialog: boolean;
  /** Asks for the keychain's password on the terminal; null where nobody can be asked. */
  readonly password: ((isNew: boolean) => Promise<Secret>) | null;
}

/**
 * Opens the keychain: by a dialog of the operating system where one can be shown, else with a password typed on the
 * terminal. Returns whether it had to be opened. Throws E_KEYCHAIN_LOCKED where nobody can be asked,
 * E_KEYCHAIN_DENIED when the user declines or the password is wrong three times, E_KEYCHAIN_TIMEOUT after 60 s,
 * E_KEYCHAIN_UNAVAILABLE.
 */
export async function unlock(askers: Askers, ports: Surroundings & Storage & Voice): Promise<boolean> {
  const keychain = await ports.keychain();
  const before = await closedState(keychain);
  if (before === "unlocked") return false;
  if (before === "unavailable") throw await whyUnavailable(keychain);
  if (askers.systemDialog) {
    const { unlockKeychain } = await import("../keychain/choose.ts");
    await unlockKeychain(ports.raw);
  } else if (!askers.password || !(await unlockByPassword(askers.password, ports))) {
    throw fail(
      "E_KEYCHAIN_LOCKED",
      "the keychain is locked, and no unlock dialog can be shown here",
      askers.password
        ? `this keychain asks for its password itself: run 'gum-cred keychain unlock' on the desktop; ${WITHOUT_KEYCHAIN}`
        : `on a terminal, without --no-input, 'gum-cred keychain unlock' asks for its password; ${WITHOUT_KEYCHAIN}`,
    );
  }
  if ((await keychain.state()) === "unlocked") return true;
  throw fail(
    "E_KEYCHAIN_LOCKED",
    "the keychain was locked again immediately",
    "change its settings so that it stays unlocked",
  );
}

const WITHOUT_KEYCHAIN =
  "without a keychain set GUMLOOP_ACCESS_TOKEN, or GUMLOOP_API_KEY and GUMLOOP_USER_ID";

/** False where the keychain takes no password from us. Throws E_KEYCHAIN_DENIED after three wrong ones. */
async function unlockByPassword(
  ask: (isNew: boolean) => Promise<Secret>,
  ports: Surroundings & Voice,
): Promise<boolean> {
  const { passwordUnlock } = await import("../keychain/choose.ts");
  const keychain = await passwordUnlock(ports.raw);
  if (keychain === null) return false;
  for (let tries = 1; tries <= MOST_TRIES; tries++) {
    const password = await ask(keychain.isNew);
    if (await ports.busy("Unlocking the keychain", keychain.unlock(password))) return true;
    if (tries < MOST_TRIES) ports.warn("that password is wrong; try again");
  }
  throw fail(
    "E_KEYCHAIN_DENIED",
    "the keychain's password was wrong",
    "it is the password that the keychain was made with, most often that of the login",
  );
}

/** For commands that will need the keychain: the same, but any other failure is left for them to report. */
export async function unlockIfLocked(askers: Askers, ports: Surroundings & Storage & Voice): Promise<void> {
  if (!askers.systemDialog && !askers.password) return;
  const state = await closedState(await ports.keychain());
  if (state === "locked") await unlock(askers, ports);
}

/**
 * Throws E_KEYCHAIN_UNAVAILABLE where no keychain exists at all, as in a container. Every other state is left for
 * the caller to report.
 */
export async function requireKeychain(ports: Storage): Promise<void> {
  const keychain = await ports.keychain();
  if ((await closedState(keychain)) === "unavailable") throw await whyUnavailable(keychain);
}

/** A keychain that would have to ask whether gum-cred may use it counts as locked: the same dialog opens it. */
async function closedState(keychain: Keychain): Promise<KeychainState> {
  try {
    return await keychain.state();
  } catch (error) {
    if (hasCode(error, "E_KEYCHAIN_DENIED")) return "locked";
    throw error;
  }
}

async function whyUnavailable(keychain: Keychain): Promise<unknown> {
  return keychain.list(OWN_SERVICE).then(
    () => fail("E_KEYCHAIN_FAILED", "the keychain became available only now", "try again"),
    (error: unknown) => error,
  );
}
