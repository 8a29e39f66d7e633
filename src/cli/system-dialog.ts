/**
 * Who may be asked for the keychain's password: the operating system shows its dialog where there is a display, and a
 * terminal without one is asked directly.
 */

import type { Askers } from "../app/keychain.ts";
import type { RawEnvironment } from "../core/environment.ts";
import { fail } from "../core/errors.ts";
import { reveal, type Secret } from "../core/secret.ts";
import type { Context } from "./command.ts";
import { canAsk } from "./secret-input.ts";

/** Nobody with `--no-input` or without a terminal. */
export function askersOf(context: Context): Askers {
  const ask = canAsk(context);
  const systemDialog = ask && hasDisplay(context.ports.raw);
  return { systemDialog, password: ask && !systemDialog ? askKeychainPassword : null };
}

async function askKeychainPassword(isNew: boolean): Promise<Secret> {
  const { askPassword } = await import("./prompts.ts");
  if (!isNew) return askPassword("Keychain password", "The keychain is locked.");
  const about =
    "There is no keychain yet. Choose its password; with the password of your login it opens when you sign in.";
  const chosen = await askPassword("New keychain password", about);
  if (reveal(await askPassword("The same again")) !== reveal(chosen)) {
    throw fail("E_INVALID_VALUE", "the two passwords differ; nothing was changed", "run the command again");
  }
  return chosen;
}

/** Whether programs of this session can show a window: X11 or Wayland; macOS and Windows need no variable for it. */
function hasDisplay(env: RawEnvironment): boolean {
  return process.platform !== "linux" || Boolean(env["WAYLAND_DISPLAY"] || env["DISPLAY"]);
}
