/**
 * Installed providers: reads manifests from the administrator's folder and the user's, and validates each. One
 * that cannot be used is reported with its reason and never stops another. A provider that is requested by id
 * costs one manifest; only listing reads them all. Writes nothing. Never looks at the current directory.
 */
import { clean, fail, GumCredError } from "../../core/errors.ts";
import { ID_PATTERN } from "../../core/provider-id.ts";
import { isMissing, systemCode } from "../../core/system-error.ts";
import { fileCalls } from "../../os/files/file-calls.ts";
import { readTrustedFile, unreadableError } from "../../os/files/safe-file.ts";
import { versionLine } from "../../version.ts";
import type { Provider } from "../contract.ts";
import { providerFromManifest } from "./manifest-provider.ts";
import { isManifestShaped, type Manifest, manifestJson } from "./manifest-shape.ts";
import {
  checkManifestPin,
  checkProgramPin,
  checkSystemProgram,
  openPins,
  type Pin,
  type PinOf,
  pathsIn,
} from "./pins.ts";
import { folderOf, type Place, type Places } from "./places.ts";

/** One manifest that was found, usable or not. */
export interface Installed {
  /** `*` for a whole folder that cannot be read. */
  readonly id: string;
  readonly place: Place;
  readonly path: string;
  /** `broken` is malformed or unreadable, `refused` unsafe or in conflict, `changed` not what was trusted. */
  readonly state: "ok" | "changed" | "broken" | "refused";
  /** Why it is not ok. */
  readonly error: GumCredError | null;
  /** Null unless it is ok. */
  readonly provider: Provider | null;
  /** Its program, and what may be files among its arguments; empty unless it is ok. */
  readonly files: readonly string[];
}

/** What a manifest is validated against. */
export interface Setting {
  readonly places: Places;
  readonly builtIn: readonly Provider[];
}

/** The manifest in the bytes; throws what is wrong with it. The pin is null for one of the administrator's. */
type Validate = (bytes: Uint8Array, pin: Pin | null) => Promise<Manifest>;

/** The largest manifest that is read. */
export const MANIFEST_LIMIT_BYTES = 64 * 1024;

/**
 * The installed provider of that id; null when there is none. The administrator's takes precedence, even when it is not
 * usable. Throws why it may not be used: E_PLUGIN_CHANGED, E_PLUGIN_REFUSED, E_UNSAFE_FILE, E_PLUGIN_INVALID,
 * E_MALFORMED (the pins), E_FILE_UNREADABLE.
 */
export async function loadInstalled(id: string, { places, builtIn }: Setting): Promise<Provider | null> {
  const place = placeOf(id, places);
  if (place === null) return null;
  const validate: Validate = async (bytes, pin) => {
    // Trusted by the user, so this same version validated these very bytes before.
    const known = pin?.judgedBy === versionLine() ? manifestJson(bytes) : null;
    if (isManifestShaped(known) && known.id === id) return known;
    const [{ claimsOf }, { validManifest }] = await validation();
    return validManifest(id, bytes, claimsOf(builtIn), manifestPath(id, place, places) ?? "");
  };
  return (await readOne(id, place, lookAt(places), validate))?.provider ?? null;
}

/** Every manifest in both places, the administrator's first, then by id. */
export async function listInstalled({ places, builtIn }: Setting): Promise<readonly Installed[]> {
  const [{ claimsOf }, { validManifest }] = await validation();
  const claims = claimsOf(builtIn);
  const look = lookAt(places);
  const found: Installed[] = [];
  for (const place of ["system", "user"] as const) {
    const ids = idsIn(folderOf(place, places));
    if (typeof ids === "string") found.push(unreadable(place, places, ids));
    for (const id of typeof ids === "string" ? [] : ids) {
      // Plugins that were installed since it was trusted count too.
      const path = manifestPath(id, place, places) ?? "";
      const validate: Validate = async (bytes) => validManifest(id, bytes, claims, path);
      const entry = await inspect(id, place, look, validate);
      if (entry.provider) claims.add(entry.provider);
      found.push(entry);
    }
  }
  return found;
}

/** The providers among them that are usable; `warn` is called for the others. */
export function usableProviders(
  found: readonly Installed[],
  warn: (line: string) => void,
): readonly Provider[] {
  for (const { id, error } of found) {
    if (error) warn(notUsedWarning(id, error));
  }
  return found.flatMap(({ provider }) => (provider ? [provider] : []));
}

/** The warning that a plugin is not used, and why. */
export function notUsedWarning(id: string, { message, hint }: GumCredError): string {
  return `the plugin '${clean(id, 64)}' is not used: ${message} (${hint})`;
}

/** The place that a plugin is taken from; null when it is installed in neither. */
export function placeOf(id: string, places: Places): Place | null {
  if (isThere(manifestPath(id, "system", places))) return "system";
  return isThere(manifestPath(id, "user", places)) ? "user" : null;
}

/** The file of a plugin in a place; null where the place does not exist. */
export function manifestPath(id: string, place: Place, places: Places): string | null {
  const folder = folderOf(place, places);
  return folder === null ? null : `${folder}/${id}.json`;
}

/** A manifest's bytes from its place, where no other user can have written them; null when it is not there. */
export function readPlaced(
  id: string,
  place: Place,
  places: Places,
  folders = new Map<string, string>(),
): Uint8Array | null {
  const path = manifestPath(id, place, places);
  const owner = place === "system" ? "root" : "user";
  return path === null ? null : readTrustedFile(path, { owner, limitBytes: MANIFEST_LIMIT_BYTES, folders });
}

/** What validating takes, and what a plugin that was validated already does without. */
function validation() {
  return Promise.all([import("./claims.ts"), import("./manifest.ts")]);
}

/** The names of the manifests in a folder, sorted; none when it is not there, the system's code when it cannot be read. */
function idsIn(folder: string | null): readonly string[] | string {
  if (folder === null) return [];
  try {
    const names = process
      .getBuiltinModule("node:fs")
      .readdirSync(folder)
      .filter((name) => name.endsWith(".json") && !name.startsWith("."));
    return names.map((name) => name.slice(0, -".json".length)).sort();
  } catch (error) {
    return isMissing(error) ? [] : (systemCode(error) ?? "EIO");
  }
}

/** A path that cannot be examined counts as present: reading it then says why. */
function isThere(path: string | null): boolean {
  if (path === null) return false;
  try {
    fileCalls().lstat(path);
    return true;
  } catch (error) {
    return !isMissing(error);
  }
}

/** One look at the installed plugins: what it reads and finds trusted once, and only when a plugin needs it. */
interface Look {
  readonly places: Places;
  readonly pins: PinOf;
  /** By place, the folders that were found trusted ({@link readPlaced}). */
  readonly folders: Readonly<Record<Place, Map<string, string>>>;
}

function lookAt(places: Places): Look {
  const { user } = places;
  let pins: PinOf | undefined;
  return {
    places,
    pins: (id) => {
      pins ??= user ? openPins(user.pins) : () => undefined;
      return pins(id);
    },
    folders: { system: new Map(), user: new Map() },
  };
}

async function inspect(id: string, place: Place, look: Look, validate: Validate): Promise<Installed> {
  const { places } = look;
  const base = { id, place, path: manifestPath(id, place, places) ?? "" };
  try {
    if (place === "user" && placeOf(id, places) === "system") {
      throw fail(
        "E_PLUGIN_REFUSED",
        `the administrator's plugin of that id takes precedence`,
        "ask the administrator to remove it",
      );
    }
    const read = await readOne(id, place, look, validate);
    if (read) return { ...base, state: "ok", error: null, ...read };
    throw fail("E_PLUGIN_INVALID", `${clean(base.path)} is gone`, "install the plugin again");
  } catch (error) {
    if (!(error instanceof GumCredError)) throw error;
    return { ...base, state: stateOf(error), error, provider: null, files: [] };
  }
}

function unreadable(place: Place, places: Places, code: string): Installed {
  const path = folderOf(place, places) ?? "";
  const error = unreadableError(`the folder ${clean(path)}`, code);
  return { id: "*", place, path, state: "broken", error, provider: null, files: [] };
}

function stateOf(error: GumCredError): Installed["state"] {
  if (error.code === "E_PLUGIN_CHANGED") return "changed";
  return error.exitCode === 6 ? "refused" : "broken";
}

/** The provider of one manifest, read and validated; null when it does not exist. Throws why it is not valid. */
async function readOne(
  id: string,
  place: Place,
  { places, pins, folders }: Look,
  validate: Validate,
): Promise<{ readonly provider: Provider; readonly files: readonly string[] } | null> {
  if (!ID_PATTERN.test(id))
    throw fail(
      "E_PLUGIN_INVALID",
      `'${clean(id, 64)}.json' is not a valid plugin file name: it must be ID.json`,
      "name the file after the id in it",
    );
  const bytes = readPlaced(id, place, places, folders[place]);
  if (bytes === null) return null;
  const pin = place === "user" ? checkManifestPin(id, bytes, pins) : null;
  const manifest = await validate(bytes, pin);
  const { title, command = [] } = manifest;
  const checkProgram = (): void => (pin ? checkProgramPin(id, command, pin) : checkSystemProgram(command));
  checkProgram();
  const provider = providerFromManifest(manifest, async (key) => {
    // Once more right before it runs.
    checkProgram();
    const { verifyByProgram } = await import("./command-verifier.ts");
    return verifyByProgram({ command, provider: id, title, key });
  });
  return { provider, files: pathsIn(command) };
}
