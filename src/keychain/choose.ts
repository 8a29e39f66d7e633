/**
 * Decides which keychain backend is in force on this machine. The only file that knows them all.
 */
import { fail } from "../core/errors.ts";
import type { Keychain, KeychainOptions } from "./keychain.ts";
import { secretService } from "./secret-service.ts";

/**
 * The keychain of this operating system. Nothing is connected to, loaded or looked for before its first use.
 * Throws E_KEYCHAIN_UNAVAILABLE where no backend is built in.
 */
export function openKeychain(options: KeychainOptions): Keychain {
  if (process.platform === "linux") return secretService(options);
  throw fail("E_KEYCHAIN_UNAVAILABLE", `this build has no keychain backend for ${process.platform}`);
}
