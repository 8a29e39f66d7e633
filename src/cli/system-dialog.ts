/** When the operating system may ask the person at the terminal something, such as a keychain's password. */
import { hasDisplay } from "../os/process/display.ts";
import type { Context } from "./command.ts";
import { canAsk } from "./secret-input.ts";

/** On a terminal, with a display for the dialog, and not with `--no-input`. */
export function maySystemAsk(context: Context): boolean {
  return canAsk(context) && hasDisplay(context.ports.raw);
}
