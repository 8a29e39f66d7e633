/**
 * Where installed plugins are, and whether there are any. Asked at every start of `gum-cred env`, so nothing
 * heavy is imported: looking by Bun.Glob costs nothing measurable, node:fs a fifth of an empty start.
 */
import type { RawEnvironment } from "../../core/environment.ts";
import { isMissing } from "../../core/system-error.ts";
import { mayExist } from "../../os/files/may-exist.ts";

/** `system` is the administrator's folder, whose files root alone may write; `user` is the user's own. */
export type Place = "system" | "user";

/** The folders. The user's is null where there is no home folder. */
export interface Places {
  readonly system: string;
  readonly user: { readonly folder: string; readonly pins: string } | null;
}

/** Where plugins are on this machine; the user's by the XDG Base Directory Specification. */
export function pluginPlaces(raw: RawEnvironment): Places {
  const system =
    process.platform === "win32"
      ? `${raw["ProgramData"] ?? "C:\\ProgramData"}\\gum-cred\\plugins`
      : "/etc/gum-cred/plugins";
  const home = absolute(raw["HOME"] ?? raw["USERPROFILE"]);
  const config = absolute(raw["XDG_CONFIG_HOME"]) ?? (home && `${home}/.config`);
  const own = `${config}/gum-cred`;
  const user = config === null ? null : { folder: `${own}/plugins`, pins: `${own}/plugins.lock.json` };
  return { system, user };
}

/** Where the index of what is installed is kept (plugin-index.ts); null where there is no home folder. */
export function indexPath(raw: RawEnvironment): string | null {
  const home = absolute(raw["HOME"] ?? raw["USERPROFILE"]);
  const beside =
    process.platform === "win32" ? absolute(raw["LOCALAPPDATA"]) : absolute(raw["XDG_STATE_HOME"]);
  const state = beside ?? (home && `${home}/.local/state`);
  return state && `${state}/gum-cred/plugins.index.json`;
}

/** A relative path would mean the current directory; by the specification it is invalid and ignored. */
function absolute(path: string | undefined): string | null {
  if (path === undefined || path.startsWith("/")) return path || null;
  return /^[A-Za-z]:[\\/]/.test(path) ? path : null;
}

/** The folder of a place; null where there is none. */
export function folderOf(place: Place, places: Places): string | null {
  return place === "system" ? places.system : (places.user?.folder ?? null);
}

/**
 * Whether anything may be installed, usable or not. Pipes and devices are skipped here, and refused by name
 * where everything is listed (installed.ts).
 */
export function anyInstalled(places: Places): boolean {
  return !isEmpty(places.system) || (places.user !== null && !isEmpty(places.user.folder));
}

/** A missing folder is empty; one that cannot be read is not. */
function isEmpty(folder: string): boolean {
  if (!mayExist(folder)) return true;
  try {
    const found = new Bun.Glob("*.json").scanSync({ cwd: folder, onlyFiles: false });
    return found.next().done === true;
  } catch (error) {
    return isMissing(error);
  }
}
