/**
 * Looks at every installed manifest: all of them read, or only those that are not as an earlier look found them
 * (remembered.ts). Either way the result is the same. The folders are checked once a look; what is read is checked like
 * any other file; what is not read still loses to a name that another plugin has by now. Writes nothing.
 */
import { clean, fail, GumCredError } from "../../core/errors.ts";
import { isMissing, systemCode } from "../../core/system-error.ts";
import { type Stamp, stampsOf } from "../../os/files/file-stamps.ts";
import { checkTrustedFolder, unreadableError } from "../../os/files/safe-file.ts";
import { type Claims, claimsOf, type Names, namesOf } from "./claims.ts";
import {
  type Installed,
  type Look,
  lookAt,
  manifestPath,
  ownerOf,
  placeOf,
  readOne,
  type Setting,
  type Validate,
} from "./installed.ts";
import type { Pin } from "./pins.ts";
import { folderOf, type Place, type Places } from "./places.ts";
import {
  keyOf,
  lastChangeMs,
  type Memory,
  NO_MEMORY,
  pinStamp,
  programStamp,
  type Remembered,
} from "./remembered.ts";

/** One manifest of a look. Its provider is null, too, where it is ok and was not read. */
export interface Found extends Installed {
  /** What the next look may go by; null unless it is ok. */
  readonly known: Remembered | null;
  /** When it and its programs were last changed, as far as was looked; in milliseconds since 1970. */
  readonly changedMs: number;
}

/** Every manifest in both places, the administrator's first, then by id. */
export async function listInstalled(setting: Setting): Promise<readonly Installed[]> {
  return surveyInstalled(setting, NO_MEMORY);
}

/** The same, without reading what is remembered. */
export async function surveyInstalled(
  { places, builtIn }: Setting,
  memory: Memory,
): Promise<readonly Found[]> {
  const claims = claimsOf(builtIn);
  const look = lookAt(places);
  const found: Found[] = [];
  /** The ids that the administrator has taken; null while that is not known. */
  let taken: ReadonlySet<string> | null = new Set();
  for (const place of ["system", "user"] as const) {
    const ids = idsIn(folderOf(place, places));
    const names = typeof ids === "string" ? [] : ids;
    if (typeof ids === "string") {
      const broken = unreadable(place, places, ids);
      // No state of the folder: what is installed would be left out where there is only too little to look with.
      if (TOO_FEW_FILES.includes(ids) && broken.error) throw broken.error;
      found.push(broken);
    }
    // Before anything is read: what changes meanwhile has another stamp.
    const seen = seenIn(place, names, places);
    const recall = taken === null ? () => null : recaller(place, look, memory);
    for (const id of names) {
      const stamp = seen.get(id) ?? null;
      const known = taken?.has(id) ? null : recall(id, stamp);
      found.push(
        known && claims.claim(id, known.names)
          ? recalled(id, place, places, known, stamp)
          : await inspect(id, place, look, claims, stamp),
      );
    }
    taken = typeof ids === "string" ? null : new Set(ids);
  }
  return found;
}

function recalled(id: string, place: Place, places: Places, known: Remembered, seen: Stamp | null): Found {
  const path = manifestPath(id, place, places) ?? "";
  const { files } = known;
  const changedMs = seen?.changedMs ?? Number.POSITIVE_INFINITY;
  return { id, place, path, state: "ok", error: null, provider: null, files, known, changedMs };
}

/** What is remembered of a manifest of this place, where that still holds; null to have it read. */
function recaller(
  place: Place,
  { places, pins }: Look,
  memory: Memory,
): (id: string, seen: Stamp | null) => Remembered | null {
  if (memory.size === 0 || !isTrusted(place, places)) return () => null;
  return (id, seen) => {
    const known = memory.get(keyOf(place, id));
    if (known === undefined || known.stamp !== seen?.stamp) return null;
    try {
      const pin = place === "user" ? pins(id) : null;
      if (pin === undefined || pinStamp(pin) !== known.pin) return null;
    } catch {
      return null; // reading the manifest says why
    }
    return programStamp(known.files) === known.programs ? known : null;
  };
}

function isTrusted(place: Place, places: Places): boolean {
  const folder = folderOf(place, places);
  try {
    if (folder !== null) checkTrustedFolder(folder, ownerOf(place));
    return folder !== null;
  } catch {
    return false;
  }
}

function seenIn(place: Place, ids: readonly string[], places: Places): ReadonlyMap<string, Stamp> {
  const folder = folderOf(place, places);
  if (folder === null || ids.length === 0) return new Map();
  const stamps = stampsOf({ folder, names: `${ids.join(".json\0")}.json` });
  return new Map(ids.flatMap((id, at) => (stamps[at]?.changedMs ? [[id, stamps[at]] as const] : [])));
}

/** The system's codes where no more files may be open. */
const TOO_FEW_FILES = ["EMFILE", "ENFILE"];

/** The names of the manifests in a folder, sorted; none when it is not there, the system's code when it cannot be read. */
function idsIn(folder: string | null): readonly string[] | string {
  if (folder === null) return [];
  try {
    // Not by Bun.Glob, which passes over pipes and devices.
    const names = process
      .getBuiltinModule("node:fs")
      .readdirSync(folder)
      .filter((name) => name.endsWith(".json") && !name.startsWith("."));
    return names.map((name) => name.slice(0, -".json".length)).sort();
  } catch (error) {
    return isMissing(error) ? [] : (systemCode(error) ?? "EIO");
  }
}

async function inspect(
  id: string,
  place: Place,
  look: Look,
  claims: Claims,
  seen: Stamp | null,
): Promise<Found> {
  const { places } = look;
  const base = { id, place, path: manifestPath(id, place, places) ?? "" };
  // Plugins that were installed since it was trusted count too.
  const validate: Validate = async (bytes) =>
    (await import("./manifest.ts")).validManifest(id, bytes, claims, base.path);
  try {
    if (place === "user" && placeOf(id, places) === "system") {
      throw fail(
        "E_PLUGIN_REFUSED",
        `the administrator's plugin of that id takes precedence`,
        "ask the administrator to remove it",
      );
    }
    const read = await readOne(id, place, look, validate);
    if (read === null) {
      throw fail("E_PLUGIN_INVALID", `${clean(base.path)} is gone`, "install the plugin again");
    }
    const { provider, files, pin } = read;
    const names = namesOf(provider);
    claims.claim(id, names);
    return { ...base, state: "ok", error: null, provider, files, ...markOf(names, files, pin, seen) };
  } catch (error) {
    if (!(error instanceof GumCredError)) throw error;
    return { ...base, state: stateOf(error), error, provider: null, files: [], known: null, changedMs: 0 };
  }
}

/** What is to be remembered of a manifest that was read. */
function markOf(
  names: Names,
  files: readonly string[],
  pin: Pin | null,
  seen: Stamp | null,
): Pick<Found, "known" | "changedMs"> {
  // Before the times are looked at: whatever changes in between is too new.
  const programs = programStamp(files);
  const changedMs = Math.max(seen?.changedMs ?? Number.POSITIVE_INFINITY, lastChangeMs(files));
  return { known: { names, stamp: seen?.stamp ?? "", pin: pinStamp(pin), files, programs }, changedMs };
}

function unreadable(place: Place, places: Places, code: string): Found {
  const path = folderOf(place, places) ?? "";
  const error = unreadableError(`the folder ${clean(path)}`, code);
  const nothing = { provider: null, files: [], known: null, changedMs: 0 };
  return { id: "*", place, path, state: "broken", error, ...nothing };
}

function stateOf(error: GumCredError): Installed["state"] {
  if (error.code === "E_PLUGIN_CHANGED") return "changed";
  return error.exitCode === 6 ? "refused" : "broken";
}
