/**
 * What the `plugins` commands do: plan what is agreed to, carry it out, take it back. A plan holds the very
 * bytes that were shown; nothing is read a second time between showing and storing.
 */

import { lstatSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { clean, fail, GumCredError } from "../../core/errors.ts";
import { providerId } from "../../core/provider-id.ts";
import { shownPath, shownWord } from "../../core/shown-path.ts";
import { makeOwnFolder, replaceFile } from "../../os/files/replace-file.ts";
import { checkTrustedFolder, readTrustedFile } from "../../os/files/safe-file.ts";
import type { CatalogueEntry } from "../../providers/catalogue/catalogue.ts";
import { type Claims, claimsOf } from "../../providers/installed/claims.ts";
import {
  type Installed,
  MANIFEST_LIMIT_BYTES,
  placeOf,
  readPlaced,
} from "../../providers/installed/installed.ts";
import {
  idIn,
  type Validation,
  validateManifest,
  validManifest,
} from "../../providers/installed/manifest.ts";
import type { Manifest } from "../../providers/installed/manifest-shape.ts";
import { type Pin, pinOf, readPins, writePins } from "../../providers/installed/pins.ts";
import { type Places, pluginPlaces } from "../../providers/installed/places.ts";
import { listInstalled } from "../../providers/installed/survey.ts";
import { PROVIDERS } from "../../providers/registry.ts";
import type { Storage, Surroundings } from "../../resolve/ports.ts";
import { versionLine } from "../../version.ts";
import { untouchedValues } from "./starter-manifest.ts";

const LOCK_TIMEOUT_MS = 5_000;

/** What is to be agreed to. */
export interface PluginPlan {
  readonly manifest: Manifest;
  readonly pin: Pin;
  /** Where the manifest is, or will be. */
  readonly path: string;
  /** True when it replaces a manifest of that id. */
  readonly replaces: boolean;
  /** True when it is one of the manifests that gum-cred ships. */
  readonly shipped: boolean;
  /** What to write to `path`; null when it is there already. */
  readonly bytes: Uint8Array | null;
}

/** Every manifest that is installed, usable or not. */
export function listPlugins(ports: Surroundings): Promise<readonly Installed[]> {
  return listInstalled(setting(ports));
}

/** The manifests that can be installed by name. */
export async function listCatalogue(): Promise<readonly CatalogueEntry[]> {
  const { CATALOGUE } = await import("../../providers/catalogue/catalogue.ts");
  return CATALOGUE;
}

/**
 * Plans to install a manifest: a file, or by its name one that gum-cred ships. Throws E_FILE_UNREADABLE,
 * E_UNSAFE_FILE, E_PLUGIN_INVALID, E_PLUGIN_REFUSED
 * naming every problem.
 */
export async function planAdd(nameOrFile: string, ports: Surroundings): Promise<PluginPlan> {
  const shipped = await shippedManifest(nameOrFile);
  const bytes = shipped ?? readGiven(nameOrFile);
  const manifest = validManifest(null, bytes, await claimsBut(idIn(bytes), ports), nameOrFile);
  const { places } = setting(ports);
  const place = placeOf(manifest.id, places);
  if (place === "system") {
    throw fail(
      "E_PLUGIN_REFUSED",
      `the administrator's plugin '${manifest.id}' takes precedence`,
      "ask the administrator to remove it",
    );
  }
  return {
    manifest,
    pin: checkedPin(bytes, manifest),
    path: `${ownPlace(places).folder}/${manifest.id}.json`,
    replaces: place === "user",
    shipped: shipped !== null,
    bytes,
  };
}

/** Plans to agree to an installed manifest as it is now. Throws as {@link planAdd}, and E_UNKNOWN_PROVIDER. */
export async function planTrust(name: string, ports: Surroundings): Promise<PluginPlan> {
  const id = providerId(name);
  const { places } = setting(ports);
  if (placeOf(id, places) === "system") {
    throw fail("E_INVALID_VALUE", `'${id}' is the administrator's plugin; you do not need to trust it`);
  }
  const bytes = readPlaced(id, "user", places);
  if (bytes === null) throw notInstalled(id);
  const path = `${ownPlace(places).folder}/${id}.json`;
  const manifest = validManifest(id, bytes, await claimsBut(id, ports), path);
  return { manifest, pin: checkedPin(bytes, manifest), path, replaces: true, shipped: false, bytes: null };
}

/** Does what was agreed to. Throws E_UNSAFE_FILE when others could write where plugins are. */
export async function carryOut(plan: PluginPlan, ports: Surroundings & Storage): Promise<void> {
  const { folder, pins: pinsPath } = ownPlace(setting(ports).places);
  const lock = await ports.lock("plugins", LOCK_TIMEOUT_MS);
  try {
    makeOwnFolder(folder);
    checkTrustedFolder(folder, "user");
    const pins = new Map(readPins(pinsPath));
    // The manifest first: stopped in between, the plugin is refused as changed.
    if (plan.bytes) replaceFile(plan.path, plan.bytes);
    writePins(pinsPath, pins.set(plan.manifest.id, plan.pin));
  } finally {
    lock.release();
  }
}

/** Removes a plugin of the user's, usable or not. Throws E_UNKNOWN_PROVIDER, E_PLUGIN_REFUSED. */
export async function removePlugin(
  name: string,
  ports: Surroundings & Storage,
): Promise<{ id: string; path: string }> {
  const id = providerId(name);
  const { places } = setting(ports);
  const { folder, pins: pinsPath } = ownPlace(places);
  const path = `${folder}/${id}.json`;
  const lock = await ports.lock("plugins", LOCK_TIMEOUT_MS);
  try {
    const wasThere = lstatSync(path, { throwIfNoEntry: false }) !== undefined;
    // Before the pins are read: a plugin can be removed even when they are unreadable.
    if (wasThere) removeFile(path);
    const pins = new Map(readPins(pinsPath));
    if (pins.delete(id)) writePins(pinsPath, pins);
    else if (!wasThere) throw placeOf(id, places) === "system" ? administrators(id) : notInstalled(id);
    return { id, path };
  } finally {
    lock.release();
  }
}

/** Everything that is wrong with a manifest file, its program included. Throws when the file cannot be read. */
export async function checkManifestFile(file: string, ports: Surroundings): Promise<Validation> {
  const bytes = readGiven(file);
  const read = validateManifest(bytes, await claimsBut(idIn(bytes), ports));
  if (!read.manifest) return read;
  const untouched = untouchedValues(read.manifest);
  if (untouched.length > 0) return { manifest: null, problems: untouched };
  try {
    pinOf(bytes, read.manifest.command);
    return read;
  } catch (error) {
    if (!(error instanceof GumCredError)) throw error;
    const message = `${error.message} (${error.hint})`;
    return { manifest: null, problems: [{ path: "$.command", message, refused: error.exitCode === 6 }] };
  }
}

/** The pin of a manifest that was checked against all that is installed. */
function checkedPin(bytes: Uint8Array, { command }: Manifest): Pin {
  return { ...pinOf(bytes, command), judgedBy: versionLine() };
}

function setting(ports: Surroundings) {
  return { places: pluginPlaces(ports.raw), builtIn: PROVIDERS };
}

/** What all providers but this one have taken: a plugin may be replaced by a newer version of itself. */
async function claimsBut(id: string | null, ports: Surroundings): Promise<Claims> {
  const claims = claimsOf(PROVIDERS);
  for (const entry of await listPlugins(ports)) {
    if (entry.provider && entry.id !== id) claims.add(entry.provider);
  }
  return claims;
}

/** A name without a folder or an ending is the catalogue's, whatever lies in the current folder. */
async function shippedManifest(name: string): Promise<Uint8Array | null> {
  if (!/^[a-z0-9-]+$/i.test(name)) return null;
  const { catalogueManifest } = await import("../../providers/catalogue/catalogue.ts");
  return catalogueManifest(name);
}

const USE_IT = "run 'gum-cred providers' for all that are known";

function isBuiltIn(name: string): boolean {
  return PROVIDERS.some(({ id, aliases }) => id === name || aliases?.includes(name));
}

function readGiven(file: string): Uint8Array {
  const bytes = readTrustedFile(resolve(file), { owner: "root-or-user", limitBytes: MANIFEST_LIMIT_BYTES });
  if (bytes === null) {
    if (isBuiltIn(file)) throw fail("E_PLUGIN_REFUSED", `'${file}' is built in and needs no plugin`, USE_IT);
    const hint = "give a manifest's file, or a name of 'gum-cred plugins list --catalogue'";
    throw fail("E_FILE_UNREADABLE", `${shownPath(file)} does not exist`, hint);
  }
  return bytes;
}

function ownPlace({ user }: Places): NonNullable<Places["user"]> {
  if (user) return user;
  throw fail("E_FILE_UNREADABLE", "no home directory for plugins", "set HOME or XDG_CONFIG_HOME");
}

function removeFile(path: string): void {
  try {
    rmSync(path);
  } catch {
    throw fail("E_FILE_UNREADABLE", `cannot remove ${clean(path)}`, "remove it by hand");
  }
}

function administrators(id: string) {
  return fail(
    "E_PLUGIN_REFUSED",
    `'${id}' is the administrator's plugin`,
    "ask the administrator to remove it",
  );
}

function notInstalled(id: string) {
  const said = isBuiltIn(id)
    ? `'${id}' is built in, no plugin`
    : `plugin '${shownWord(id)}' is not installed`;
  return fail("E_UNKNOWN_PROVIDER", said, "run 'gum-cred plugins list'");
}
