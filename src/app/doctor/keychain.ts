/** Doctor's checks of the keychain, the program behind it, and the lock between processes. */
import { fail, GumCredError, hasCode } from "../../core/errors.ts";
import { lockName } from "../../gumloop/profile-lock.ts";
import { OWN_SERVICE } from "../../keychain/keychain.ts";
import type { Resolution } from "../../resolve/classify.ts";
import type { Scope, Storage, Surroundings } from "../../resolve/ports.ts";
import { type Check, ok, problem, warning } from "./check.ts";

const OWNER_TIMEOUT_MS = 2_000;
/** A refresh in progress is done by then; a lock that is held for longer is worth a warning. */
const LOCK_TIMEOUT_MS = 500;

/** Keychain and lock. Without a keychain there is no session to guard, and a container may have no writable place for locks. */
export async function checkStorage(
  resolution: Resolution,
  scope: Scope,
  ports: Surroundings & Storage,
): Promise<readonly Check[]> {
  const keychain = await checkKeychain(resolution, ports);
  const isAbsent = keychain.some(({ error }) => hasCode(error, "E_KEYCHAIN_UNAVAILABLE"));
  return isAbsent ? keychain : [...keychain, await checkLock(scope, ports)];
}

/** A keychain that cannot be used is a problem only where no other source has a credential. */
async function checkKeychain(
  resolution: Resolution,
  ports: Surroundings & Storage,
): Promise<readonly Check[]> {
  const { winner, error: met } = resolution;
  const needed = winner === null || winner.source === "keychain";
  // A second request to a keychain that timed out would only double the wait.
  if (hasCode(met, "E_KEYCHAIN_TIMEOUT")) return [problem("keychain", met), await checkOwner(ports)];
  try {
    const keychain = await ports.keychain();
    const state = await keychain.state();
    if (state === "unavailable") {
      await keychain.list(OWN_SERVICE); // its error says more than the state does
      throw fail("E_KEYCHAIN_UNAVAILABLE", "no keychain service is running");
    }
    const owner = keychain.backend === "secret-service" ? [await checkOwner(ports)] : [];
    const checks = [await checkBackend(keychain.backend, ports), ...owner];
    if (state === "unlocked") return [ok("keychain", `unlocked (${keychain.backend})`), ...checks];
    const locked = fail("E_KEYCHAIN_LOCKED", `the keychain is locked (${keychain.backend})`);
    return [unusable(locked, needed), ...checks];
  } catch (error) {
    if (!(error instanceof GumCredError)) throw error;
    return [error.code === "E_KEYCHAIN_UNAVAILABLE" ? absent(error) : unusable(error, needed)];
  }
}

/** A machine without a keychain is not broken: the variables are made for it. */
function absent(error: GumCredError): Check {
  return { ...warning("keychain", error.message, error.hint), error };
}

function unusable(error: GumCredError, needed: boolean): Check {
  return needed ? problem("keychain", error) : warning("keychain", error.message, error.hint);
}

/** Which keychain is in force where there could be several, and why. */
async function checkBackend(backend: string, ports: Surroundings): Promise<Check> {
  const { describeChoice } = await import("../../keychain/describe-choice.ts");
  try {
    return ok("backend", `${backend}: ${describeChoice(ports.raw, OWNER_TIMEOUT_MS).reason}`);
  } catch (error) {
    if (!(error instanceof GumCredError)) throw error;
    return warning("backend", error.message, error.hint);
  }
}

async function checkOwner(ports: Surroundings): Promise<Check> {
  const { secretServiceOwner } = await import("../../keychain/secret-service/owner.ts");
  try {
    const owner = secretServiceOwner(ports.raw, OWNER_TIMEOUT_MS);
    if (owner) {
      const program = owner.program ?? "an unknown program";
      return ok("dbus", `the Secret Service is ${program} (process ${owner.pid})`);
    }
    return warning(
      "dbus",
      "no program provides the Secret Service on the session bus",
      "start gnome-keyring-daemon, KeePassXC or KWallet",
    );
  } catch (error) {
    if (!(error instanceof GumCredError)) throw error;
    return warning("dbus", error.message, error.hint);
  }
}

/** Whether the lock of this profile's session can be acquired, which refreshing and signing in and out need. */
async function checkLock(scope: Scope, ports: Surroundings & Storage): Promise<Check> {
  try {
    (await ports.lock(lockName(scope.profile, ports), LOCK_TIMEOUT_MS)).release();
    return ok("lock", "free");
  } catch (error) {
    if (!(error instanceof GumCredError)) throw error;
    if (!hasCode(error, "E_LOCK_TIMEOUT")) return problem("lock", error);
    const hint = "a sign-in or refresh is in progress; if it hangs, end that gum-cred process";
    return warning("lock", "another gum-cred holds the lock of this profile", hint);
  }
}
