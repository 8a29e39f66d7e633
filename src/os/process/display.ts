/** Whether this process could have a dialog shown. Looks at variables only. */

/** A display that programs of this session draw on: X11 or Wayland; macOS and Windows need no variable for it. */
export function hasDisplay(env: Readonly<Record<string, string | undefined>>): boolean {
  if (process.platform !== "linux") return true;
  return Boolean(env["WAYLAND_DISPLAY"] || env["DISPLAY"]);
}
