/**
 * `setup`: shows, writes and takes back the settings with which another program takes its key from gum-cred. All files
 * of a program are read and checked before the first is written.
 */

import type { RawEnvironment } from "../../core/environment.ts";
import { clean, fail, GumCredError } from "../../core/errors.ts";
import { isLink, readSettings, removeSettings, writeSettings } from "../../os/files/settings-file.ts";
import { difference } from "./difference.ts";
import { type Found, member, type SettingsFile } from "./files.ts";
import { readJsonc } from "./jsonc.ts";
import { PROGRAM_NAMES, PROGRAMS, type ProgramSetup, type Situation } from "./programs.ts";

export interface SetupRequest {
  readonly program: string;
  readonly mode: "show" | "write" | "remove";
  /** Replace a setting of the user's own. */
  readonly force: boolean;
}

export interface PlannedFile {
  readonly path: string;
  readonly found: Found;
  /** Empty when nothing changes. */
  readonly difference: string;
  /** Null removes the file, or leaves one away that is not there. */
  readonly after: string | null;
  readonly blank: string;
  readonly changes: boolean;
}

export interface SetupPlan {
  readonly setup: ProgramSetup;
  readonly files: readonly PlannedFile[];
  /** What would beat the setting: variables of this shell and of the program's own settings. */
  readonly beatenBy: readonly string[];
}

/** Plans it. Throws E_USAGE, E_MALFORMED, E_FILE_UNREADABLE, E_SETTING_TAKEN. */
export function planSetup(request: SetupRequest, situation: Situation, raw: RawEnvironment): SetupPlan {
  const make = Object.hasOwn(PROGRAMS, request.program) ? PROGRAMS[request.program] : undefined;
  if (!make) throw fail("E_USAGE", `there is a setup for: ${PROGRAM_NAMES.join(", ")}`);
  const setup = make(situation);
  const files = setup.files.map((file) => planFile(file, request));
  const taken = files.find(({ found }) => found === "other");
  if (taken && request.mode === "write" && !request.force) {
    throw fail(
      "E_SETTING_TAKEN",
      `${clean(taken.path)} has a setting of your own in that place; it was left as it is`,
      `look at it with 'gum-cred setup ${request.program}', and replace it with --force`,
    );
  }
  return { setup, files, beatenBy: beatenBy(setup, raw) };
}

/** Does what was planned. Throws E_FILE_UNREADABLE. */
export function carryOutSetup({ files }: SetupPlan): void {
  for (const { path, after, blank, changes } of files) {
    if (!changes) continue;
    if (after !== null) writeSettings(path, after);
    else if (isLink(path)) writeSettings(path, blank);
    else removeSettings(path);
  }
}

function planFile(file: SettingsFile, { mode }: SetupRequest): PlannedFile {
  try {
    const before = readSettings(file.path);
    const found = file.look(before);
    const after = mode === "remove" ? before && file.empty(before) : file.fill(before);
    return {
      path: file.path,
      found,
      difference: difference(file.path, before, after),
      after,
      blank: file.blank,
      changes: before !== after,
    };
  } catch (error) {
    if (!(error instanceof GumCredError) || error.message.includes(clean(file.path))) throw error;
    throw fail(error.code, `${clean(file.path)}: ${error.message}`, error.hint);
  }
}

function beatenBy(
  { beatenBy: names, files, ownVariables }: ProgramSetup,
  raw: RawEnvironment,
): readonly string[] {
  const here = names.filter((name) => raw[name]);
  const [first] = files;
  const text = first && ownVariables ? readSettings(first.path) : null;
  if (!first || !ownVariables || text === null || text.trim() === "") return here;
  const own = ownVariables.reduce<unknown>((value, name) => member(value, name), readJsonc(text));
  return [...here, ...names.filter((name) => member(own, name)).map((name) => `${name} in ${first.path}`)];
}
