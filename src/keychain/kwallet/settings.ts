/**
 * The settings of KWallet that its daemon does not tell: whether opening an open wallet shows a dialog, and that it
 * is switched off, because then it ends before it answers. Reads KDE's configuration files; sends no requests.
 * Reference: KWalletD::isAuthorizedApp and KWalletD::reconfigure in kwalletd.cpp; the XDG Base Directory
 * Specification for the places.
 */
import { readFileSync } from "node:fs";
import type { RawEnvironment } from "../../core/environment.ts";

/** Whether the user has switched KWallet off. */
export function isSwitchedOff(env: RawEnvironment): boolean {
  return /^(false|0|off|no)$/i.test(settingsOf(env)("Wallet/Enabled"));
}

/**
 * Whether KWallet asks the user before it lets an application into a wallet that is open: "Prompt when an
 * application accesses a wallet" is on, and the user has not answered "Allow Always" for this one.
 */
export function asksBeforeAccess(wallet: string, application: string, env: RawEnvironment): boolean {
  const setting = settingsOf(env);
  if (!/^(true|1|on|yes)$/i.test(setting("Wallet/Prompt on Open"))) return false;
  return !setting(`Auto Allow/${wallet}`).split(",").includes(application);
}

/** Gives a setting by `Group/Key`; empty when no file has it. */
function settingsOf(env: RawEnvironment): (key: string) => string {
  const files = places(env).map(readSettings);
  return (key) => files.find((file) => file.has(key))?.get(key) ?? "";
}

/** The user's file first: what it says counts. */
function places(env: RawEnvironment): readonly string[] {
  const own = env["XDG_CONFIG_HOME"] || `${env["HOME"]}/.config`;
  return [own, ...(env["XDG_CONFIG_DIRS"] || "/etc/xdg").split(":")].map((folder) => `${folder}/kwalletrc`);
}

/** `Group/Key` to value. A file that cannot be read says nothing. */
function readSettings(path: string): ReadonlyMap<string, string> {
  const settings = new Map<string, string>();
  let group = "";
  for (const line of textOf(path).split(/\r?\n/)) {
    const [, heading] = /^\[(.+)\]\s*$/.exec(line) ?? [];
    if (heading !== undefined) group = heading;
    // A key may carry markers, as in `Prompt on Open[$i]=true`.
    const [, key, value] = /^([^=[#]+?)(?:\[[^\]]*\])?\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined) settings.set(`${group}/${key}`, value);
  }
  return settings;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
