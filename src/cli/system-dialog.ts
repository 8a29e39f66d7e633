/** When the operating system may ask the person at the terminal something, such as a keychain's password. */
import type { RawEnvironment } from "../core/environment.ts";
import type { Context } from "./command.ts";
import { canAsk } from "./secret-input.ts";

/** On a terminal, with a display for the dialog, and not with `--no-input`. */
export function maySystemAsk(context: Context): boolean {
  return canAsk(context) && hasDisplay(context.ports.raw);
}

/** Whether programs of this session can show a window: X11 or Wayland; macOS and Windows need no variable for it. */
function hasDisplay(env: RawEnvironment): boolean {
  return process.platform !== "linux" || Boolean(env["WAYLAND_DISPLAY"] || env["DISPLAY"]);
}
