/**
 * The profile that this user chose as default: `$XDG_CONFIG_HOME/gum-cred/config.json`, which holds no secret. It
 * decides which credential is used, so a file that others could have written does not count. Part of every start.
 */

import type { RawEnvironment } from "../core/environment.ts";
import { clean, GumCredError } from "../core/errors.ts";
import { parseJsonObject } from "../core/json.ts";
import { jsonError } from "../core/json-error.ts";
import { mayExist } from "../os/files/may-exist.ts";
import { readTrustedFile } from "../os/files/safe-file.ts";
import { profileName } from "./stored.ts";

/** What the file calls it. */
export const DEFAULT_PROFILE_KEY = "default_profile";
const LIMIT_BYTES = 64 * 1024;

/** The folder of this user's settings; null where neither XDG_CONFIG_HOME nor HOME says. */
export function configFolder(raw: RawEnvironment): string | null {
  const { XDG_CONFIG_HOME: config, HOME: home, APPDATA: windows } = raw;
  if (process.platform === "win32") return windows ? `${windows}\\gum-cred` : null;
  if (config?.startsWith("/")) return `${config}/gum-cred`;
  return home?.startsWith("/") ? `${home}/.config/gum-cred` : null;
}

/** The file; null as above. */
export function configFile(raw: RawEnvironment): string | null {
  const folder = configFolder(raw);
  return folder && `${folder}${process.platform === "win32" ? "\\" : "/"}config.json`;
}

/** The chosen profile; null where none is, or where `warn` was told why the file does not count. */
export function chosenProfile(raw: RawEnvironment, warn: (line: string) => void): string | null {
  const path = configFile(raw);
  if (path === null || !mayExist(path)) return null;
  try {
    const bytes = readTrustedFile(path, { owner: "root-or-user", limitBytes: LIMIT_BYTES });
    if (bytes === null) return null;
    const text = new TextDecoder().decode(bytes);
    const settings = parseJsonObject(text);
    if (settings === null) {
      const why = jsonError(text);
      warn(`${clean(path)} is ignored: it is not a JSON object${why === null ? "" : `: ${why}`}`);
      return null;
    }
    const name = settings[DEFAULT_PROFILE_KEY];
    return name === undefined ? null : profileName(String(name));
  } catch (error) {
    if (!(error instanceof GumCredError)) throw error;
    const said = error.message.startsWith(clean(path)) ? "the choice of a profile" : clean(path);
    warn(`${said} is ignored: ${error.message}`);
    return null;
  }
}
