/**
 * Opens KWallet's wallet with its password, where there is no desktop to show KWallet's own dialog, in the way that
 * KDE's PAM module does: with a key made of the password and the salt beside the wallet. Only wallets that are
 * encrypted with a password have such a salt; those of GPG do not. Reads and writes no entry.
 * Reference: pam_kwallet.c in kwallet-pam (PBKDF2-SHA512, 50,000 rounds, 56 bytes).
 */
import { pbkdf2 } from "node:crypto";
import { readFileSync } from "node:fs";
import type { RawEnvironment } from "../../core/environment.ts";
import { reveal, type Secret } from "../../core/secret.ts";
import { type Bus, type Call, openSessionBus, type Reply } from "../../dbus/client.ts";
import { deadlineIn } from "../../os/deadline.ts";
import type { PasswordUnlock } from "../keychain.ts";
import { type Daemon, daemonCalls, KWALLETD_5, KWALLETD_6 } from "./calls.ts";

const ROUNDS = 50_000;
const KEY_BYTES = 56;

/**
 * How the wallet can be opened with a password; null where no daemon with wallets of its own runs, or where the
 * wallet has no salt. Throws E_KEYCHAIN_UNAVAILABLE without a session bus, and E_KEYCHAIN_TIMEOUT.
 */
export function kwalletPassword(env: RawEnvironment, timeoutMs: number): PasswordUnlock | null {
  const bus = openSessionBus(env);
  try {
    const deadline = deadlineIn(timeoutMs);
    const ask = (call: Call) => bus.send([call], deadline).replies()[0];
    for (const daemon of [KWALLETD_6, KWALLETD_5]) {
      const { isEnabled, introspect, networkWallet } = daemonCalls(daemon);
      if (value(ask(isEnabled)) !== true) continue;
      if (!String(value(ask(introspect))).includes('"pamOpen"')) continue;
      const wallet = String(value(ask(networkWallet)));
      const salt = saltOf(wallet, env);
      if (salt === null) continue;
      return { isNew: false, unlock: (password) => open(daemon, wallet, salt, password, env, timeoutMs) };
    }
    return null;
  } finally {
    bus.close();
  }
}

async function open(
  daemon: Daemon,
  wallet: string,
  salt: Uint8Array,
  password: Secret,
  env: RawEnvironment,
  timeoutMs: number,
): Promise<boolean> {
  const key = await derive(password, salt);
  const bus: Bus = openSessionBus(env);
  try {
    const { pamOpen, isOpen } = daemonCalls(daemon);
    // Its reply says nothing; whether the wallet is open does.
    const replies = bus.send([pamOpen(wallet, key), isOpen(wallet)], deadlineIn(timeoutMs)).replies();
    return value(replies[1]) === true;
  } finally {
    key.fill(0);
    bus.close();
  }
}

function derive(password: Secret, salt: Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    pbkdf2(reveal(password), salt, ROUNDS, KEY_BYTES, "sha512", (error, key) =>
      error ? reject(error) : resolve(new Uint8Array(key)),
    );
  });
}

/** The salt that PAM's module and kwalletd made for the wallet; null when there is none. */
function saltOf(wallet: string, env: RawEnvironment): Uint8Array | null {
  if (!/^[^/\0]+$/.test(wallet)) return null;
  const folder = env["XDG_DATA_HOME"] || `${env["HOME"]}/.local/share`;
  try {
    const salt = readFileSync(`${folder}/kwalletd/${wallet}.salt`);
    return salt.length === KEY_BYTES ? salt : null;
  } catch {
    return null;
  }
}

function value(reply: Reply | undefined): unknown {
  return reply?.ok ? reply.values[0] : undefined;
}
