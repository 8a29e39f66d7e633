/** Where and for whom settings are made, as this run finds it. */
import { readFileSync, realpathSync } from "node:fs";
import type { Level } from "../../core/credential.ts";
import type { RawEnvironment } from "../../core/environment.ts";
import { fail } from "../../core/errors.ts";
import type { Situation } from "./programs.ts";

export interface Wanted {
  readonly profile: string;
  readonly teamId: string | null;
  readonly level: Level | null;
}

/** Throws E_USAGE where there is no home folder. */
export function situationOf({ profile, teamId, level }: Wanted, raw: RawEnvironment): Situation {
  const home = raw["HOME"] ?? raw["USERPROFILE"] ?? "";
  if (home === "") throw fail("E_USAGE", "there is no home folder to look for settings in", "set HOME");
  const options: readonly (readonly [string, string | null])[] = [
    ["level", level],
    ["team", teamId],
    ["profile", profile === "default" ? null : profile],
  ];
  const given = options.filter((option): option is readonly [string, string] => option[1] !== null);
  return {
    home,
    variable: (name) => raw[name] || null,
    gumCred: ownCommand(),
    flags: given.flatMap(([name, value]) => [name === "team" ? "--team-id" : `--${name}`, value]),
    query: given.length === 0 ? "" : `?${given.map(([name, value]) => `${name}=${value}`).join("&")}`,
    read: textOf,
  };
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

/** `gum-cred` where PATH leads to this very program, so that an update elsewhere is followed; else its path. */
function ownCommand(): string {
  const found = Bun.which("gum-cred");
  try {
    if (found && realpathSync(found) === realpathSync(process.execPath)) return "gum-cred";
  } catch {
    // gone meanwhile
  }
  return process.execPath;
}
