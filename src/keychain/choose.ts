/**
 * Decides which keychain backend is used on this machine. The only file that knows all of them.
 */

import type { RawEnvironment } from "../core/environment.ts";
import { clean, fail, hasCode } from "../core/errors.ts";
import { sessionBusAddress } from "../dbus/session-bus.ts";
import { deferred } from "./deferred.ts";
import type { Keychain, KeychainOptions, PasswordUnlock } from "./keychain.ts";
import { OTHER_KEYCHAIN, unreachable, VARIABLE } from "./possible.ts";

/** The names that {@link VARIABLE} takes, and that a keychain gives as its {@link Keychain.backend}. */
export const BACKENDS = [
  "secret-service",
  "kwallet",
  "macos-keychain",
  "windows-credential-manager",
] as const;
export type Backend = (typeof BACKENDS)[number];

/** How long the user may take to answer a dialog, in milliseconds. */
export const DIALOG_TIMEOUT_MS = 60_000;
/** How long a keychain may take to check a password, in milliseconds. */
const PASSWORD_TIMEOUT_MS = 10_000;

/**
 * The keychain that the user named, or this operating system's. Nothing is connected to, loaded or looked for
 * before its first use. Throws E_INVALID_VALUE for a name that no backend has, and E_KEYCHAIN_UNAVAILABLE on an
 * operating system without one.
 */
export function openKeychain(options: KeychainOptions, env: RawEnvironment = process.env): Keychain {
  const named = namedBackend(env);
  if (named !== null) return requiredKeychain(openBackend(named, options, env));
  return openBackend(platformBackend(), options, env);
}

/** A keychain that was named: where it is not there, that is an error, and never "nothing is stored". */
function requiredKeychain(keychain: Keychain): Keychain {
  const required = async <T>(operation: Promise<T>): Promise<T> => {
    try {
      return await operation;
    } catch (error) {
      if (!hasCode(error, "E_KEYCHAIN_UNAVAILABLE")) throw error;
      throw fail("E_KEYCHAIN_UNREACHABLE", `${error.message}, and ${VARIABLE} names it`, OTHER_KEYCHAIN);
    }
  };
  return {
    get backend() {
      return keychain.backend;
    },
    state: () => keychain.state(),
    read: (service, accounts) => required(keychain.read(service, accounts)),
    foresee: (service, accounts) => keychain.foresee(service, accounts),
    modifiedAt: (service, accounts) => required(keychain.modifiedAt(service, accounts)),
    write: (service, account, value) => required(keychain.write(service, account, value)),
    remove: (service, account) => required(keychain.remove(service, account)),
    list: (service) => required(keychain.list(service)),
    listFew: (service, most) => required(keychain.listFew(service, most)),
    close: () => keychain.close(),
  };
}

function openBackend(backend: Backend | "desktop", options: KeychainOptions, env: RawEnvironment): Keychain {
  switch (backend) {
    case "desktop":
      return deferred("secret-service", async () => {
        sessionBusAddress(env); // without a bus there is nothing to make
        return (await import("./desktop.ts")).desktopKeychain(options, env);
      });
    case "secret-service":
      return deferred("secret-service", async () => {
        sessionBusAddress(env);
        return (await import("./desktop.ts")).desktopSecretService(options, env);
      });
    case "kwallet":
      return deferred("kwallet", async () => (await import("./kwallet/kwallet.ts")).kwallet(options, env));
    case "macos-keychain": {
      const patient = options.mayPrompt ? { ...options, timeoutMs: DIALOG_TIMEOUT_MS } : options;
      return deferred("macos-keychain", async () => (await macos()).macosKeychain(patient));
    }
    case "windows-credential-manager": {
      const load = async () => (await import("./windows/windows.ts")).windowsCredentialManager(options);
      return deferred("windows-credential-manager", load);
    }
  }
}

/** The code for macOS, whose thread is part of the program for macOS only. Throws E_KEYCHAIN_UNAVAILABLE. */
async function macos() {
  const [code, { MACOS_LIBRARIES }] = await Promise.all([
    import("./macos/macos.ts"),
    import("./macos/security-framework.ts"),
  ]);
  // Not imported: every start would pay for node:fs.
  const { existsSync } = process.getBuiltinModule("node:fs");
  if (process.platform !== "darwin" && !existsSync(MACOS_LIBRARIES.security)) {
    throw fail("E_KEYCHAIN_UNAVAILABLE", "the macOS Keychain is not on this machine");
  }
  return code;
}

/** The backend that the variable names; null when it is unset or empty. Throws E_INVALID_VALUE. */
export function namedBackend(env: RawEnvironment): Backend | null {
  const name = env[VARIABLE];
  if (!name) return null;
  const backend = BACKENDS.find((known) => known === name);
  if (backend === undefined) {
    const message = `${VARIABLE} is '${clean(name, 40)}', which is not a keychain that gum-cred supports`;
    throw fail(
      "E_INVALID_VALUE",
      message,
      `set it to one of ${BACKENDS.join(", ")}, or run 'unset ${VARIABLE}'`,
    );
  }
  return backend;
}

function platformBackend(): Exclude<Backend, "secret-service" | "kwallet"> | "desktop" {
  switch (process.platform) {
    case "linux":
      return "desktop";
    case "darwin":
      return "macos-keychain";
    case "win32":
      return "windows-credential-manager";
    default:
      throw fail("E_KEYCHAIN_UNAVAILABLE", `no keychain is supported on ${clean(process.platform)}`);
  }
}

/**
 * Lets the operating system ask the user to unlock the keychain in force, for at most {@link DIALOG_TIMEOUT_MS}.
 * Only for when a person is at the terminal. Throws E_KEYCHAIN_DENIED when the user declines, E_KEYCHAIN_TIMEOUT,
 * E_KEYCHAIN_UNAVAILABLE, and E_KEYCHAIN_LOCKED where no dialog can be shown.
 */
export async function unlockKeychain(
  env: RawEnvironment = process.env,
  timeoutMs = DIALOG_TIMEOUT_MS,
): Promise<void> {
  const named = namedBackend(env);
  await unlockBackend(named ?? platformBackend(), env, timeoutMs).catch((error: unknown) => {
    throw named === null ? error : unreachable(error);
  });
}

async function unlockBackend(
  backend: ReturnType<typeof platformBackend> | Backend,
  env: RawEnvironment,
  timeoutMs: number,
): Promise<void> {
  switch (backend) {
    case "desktop":
      return unlockDesktop(env, timeoutMs);
    case "secret-service":
      return unlockSecrets(env, timeoutMs);
    case "kwallet":
      return unlockWallet(env, timeoutMs);
    case "macos-keychain":
      return (await macos()).unlockMacosKeychain(timeoutMs);
    case "windows-credential-manager":
      // Open as long as its user is signed in; so this only finds out whether it is there.
      await openBackend("windows-credential-manager", { timeoutMs, mayPrompt: false }, env).list("gum-cred");
  }
}

async function unlockDesktop(env: RawEnvironment, timeoutMs: number): Promise<void> {
  try {
    await unlockSecrets(env, timeoutMs);
  } catch (error) {
    if (!hasCode(error, "E_KEYCHAIN_UNAVAILABLE")) throw error;
    await unlockWallet(env, timeoutMs).catch((second: unknown) => {
      throw hasCode(second, "E_KEYCHAIN_UNAVAILABLE") ? error : second;
    });
  }
}

async function unlockSecrets(env: RawEnvironment, timeoutMs: number): Promise<void> {
  await (await import("./secret-service/unlock.ts")).unlockSecretService(env, timeoutMs);
}

async function unlockWallet(env: RawEnvironment, timeoutMs: number): Promise<void> {
  (await import("./kwallet/kwallet.ts")).unlockKwallet(env, timeoutMs);
}

/**
 * How the keychain in force can be unlocked with a password that was typed on a terminal; null where it cannot.
 * Throws the keychain's errors.
 */
export async function passwordUnlock(
  env: RawEnvironment = process.env,
  timeoutMs = PASSWORD_TIMEOUT_MS,
): Promise<PasswordUnlock | null> {
  const named = namedBackend(env) ?? platformBackend();
  if (named === "desktop" || named === "secret-service") {
    const { secretServicePassword } = await import("./secret-service/unlock-password.ts");
    try {
      const found = secretServicePassword(env, timeoutMs);
      if (found || named === "secret-service") return found;
    } catch (error) {
      if (named === "secret-service" || !hasCode(error, "E_KEYCHAIN_UNAVAILABLE")) throw error;
    }
  }
  if (named !== "desktop" && named !== "kwallet") return null;
  const { kwalletPassword } = await import("./kwallet/unlock-password.ts");
  return kwalletPassword(env, timeoutMs);
}
