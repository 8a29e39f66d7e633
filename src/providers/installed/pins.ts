/**
 * What the user has trusted: for each of their plugins the SHA-256 of its manifest and of the program
 * it runs. One file beside the plugins. Decides whether bytes are the trusted ones; it
 * asks no questions and does not validate what they say.
 */

import { clean, fail, type GumCredError } from "../../core/errors.ts";
import { isJsonObject } from "../../core/json.ts";
import { quotedPath } from "../../core/shown-path.ts";
import { sha256 } from "../../os/digest.ts";
import { type Facts, fileCalls } from "../../os/files/file-calls.ts";
import { replaceFile } from "../../os/files/replace-file.ts";
import { checkTrustedFile, hashTrustedFile, type Owner, readTrustedFile } from "../../os/files/safe-file.ts";
import { pathsInWord } from "./command-words.ts";

/** What was trusted for one plugin. Hashes are SHA-256 as lower-case hex. */
export interface Pin {
  readonly manifest: string;
  /** By absolute path: the program, and files among its arguments, such as the script of an interpreter. */
  readonly files: ReadonlyMap<string, string>;
  /** The gum-cred (`versionLine`) that validated the manifest before it was trusted; absent when none did. */
  readonly judgedBy?: string;
}

/** By provider id. */
export type Pins = ReadonlyMap<string, Pin>;

/** The pin of one plugin; undefined when there is none. Throws as {@link readPins}. */
export type PinOf = (id: string) => Pin | undefined;

const LIMIT_BYTES = 4 * 1024 * 1024;
/** Larger than any interpreter, small enough to be hashed while a user waits. */
const PROGRAM_LIMIT_BYTES = 512 * 1024 * 1024;
const HASH = /^[0-9a-f]{64}$/;

/** The pins in a file; none when it is not there. Throws E_UNSAFE_FILE, E_MALFORMED, E_FILE_UNREADABLE. */
export function readPins(path: string): Pins {
  const plugins = readPlugins(path);
  return new Map(Object.entries(plugins).map(([id, value]) => [id, parsedPin(path, value)] as const));
}

/** The same for one or two pins of hundreds: the file is read now, a pin is parsed when it is requested. */
export function openPins(path: string): PinOf {
  const plugins = readPlugins(path);
  return (id) => (Object.hasOwn(plugins, id) ? parsedPin(path, plugins[id]) : undefined);
}

/** Replaces the pins in a file. Throws E_FILE_UNREADABLE. */
export function writePins(path: string, pins: Pins): void {
  const plugins = [...pins]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, { manifest, files, judgedBy }]) => {
      // What is undefined is not written.
      return [id, { manifest, files: Object.fromEntries(files), judged_by: judgedBy }] as const;
    });
  const text = JSON.stringify({ version: 1, plugins: Object.fromEntries(plugins) }, null, 2);
  replaceFile(path, new TextEncoder().encode(`${text}\n`));
}

/**
 * The pin of a plugin as it is now. Throws E_UNSAFE_FILE (a program that is not to be trusted) and
 * E_PLUGIN_INVALID (one that is not there, or cannot be run).
 */
export function pinOf(manifest: Uint8Array, command: readonly string[] = []): Pin {
  const files = filesOf(command).map((path) => [path, hashProgram(path)] as const);
  const [program] = command;
  if (program !== undefined && !isExecutable(program)) {
    throw fail(
      "E_PLUGIN_INVALID",
      `${clean(program)} cannot be run`,
      `name its interpreter, or run: chmod +x ${quotedPath(program)}`,
    );
  }
  return { manifest: sha256(manifest), files: new Map(files) };
}

/** The pin of a plugin whose manifest is the one that was trusted. Throws E_PLUGIN_REFUSED, E_PLUGIN_CHANGED. */
export function checkManifestPin(id: string, manifest: Uint8Array, pinOf: PinOf): Pin {
  const pin = pinOf(id);
  if (!pin) {
    const hint = `check its manifest; if it is correct, run 'gum-cred plugins trust ${id}'`;
    throw fail("E_PLUGIN_REFUSED", `the plugin '${id}' was not installed with 'gum-cred plugins add'`, hint);
  }
  if (pin.manifest !== sha256(manifest)) throw changed(id, `the manifest of '${id}'`);
  return pin;
}

/** Throws E_PLUGIN_CHANGED unless the program of a plugin, and what belongs to it, is what was trusted. */
export function checkProgramPin(id: string, command: readonly string[], pin: Pin): void {
  // A path that became a file since then was not trusted either.
  for (const path of new Set([...filesOf(command), ...pin.files.keys()])) {
    if (hashProgram(path) !== pin.files.get(path)) throw changed(id, `${clean(path)}, which '${id}' runs,`);
  }
}

function changed(id: string, what: string): GumCredError {
  const hint = `check the change; if it is correct, run 'gum-cred plugins trust ${id}'`;
  return fail("E_PLUGIN_CHANGED", `${what} changed since it was trusted`, hint);
}

/** The program of an administrator's plugin: owned and writable by root alone. Throws E_UNSAFE_FILE. */
export function checkSystemProgram(command: readonly string[]): void {
  for (const path of filesOf(command)) {
    if (!checkTrustedFile(path, programOptions("root"))) throw missing(path);
  }
}

/** Throws E_UNSAFE_FILE (not to be trusted) and E_PLUGIN_INVALID (not there). */
function hashProgram(path: string): string {
  const hash = hashTrustedFile(path, programOptions("root-or-user"));
  if (hash === null) throw missing(path);
  return hash;
}

/** Everything in a command that is a file, or would be one if it were there. */
export function pathsIn(command: readonly string[]): readonly string[] {
  return [...new Set(command.flatMap(pathsInWord))];
}

/**
 * The program, which must be a file, and everything among its arguments that is one. Throws E_PLUGIN_REFUSED for a
 * folder: what is in it could change without notice.
 */
function filesOf([program = "", ...args]: readonly string[]): readonly string[] {
  const named = args.flatMap(pathsInWord).filter((path) => {
    const kind = kindOf(path);
    if (kind === "folder") throw folderRefused(path);
    return kind !== null && path !== "/dev/null";
  });
  return [...new Set([program, ...named])].filter(Boolean);
}

/** A link counts as what it is: hashing it is refused, because what it points to can change. */
function kindOf(path: string): Facts["kind"] | null {
  const place = path.replace(/(?!^)\/+$/, "");
  try {
    const { kind } = fileCalls().lstat(place);
    if (kind !== "link") return kind;
    // Not imported: every start would pay for node:fs.
    const { statSync } = process.getBuiltinModule("node:fs");
    return statSync(place, { throwIfNoEntry: false })?.isDirectory() ? "folder" : kind;
  } catch {
    return null;
  }
}

function folderRefused(path: string): GumCredError {
  return fail(
    "E_PLUGIN_REFUSED",
    `the program is given the folder ${clean(path)}, and what is in a folder can change unnoticed`,
    "name a file instead",
  );
}

function isExecutable(path: string): boolean {
  const { accessSync, constants } = process.getBuiltinModule("node:fs");
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function programOptions(owner: Owner) {
  return { owner, limitBytes: PROGRAM_LIMIT_BYTES };
}

function missing(path: string): GumCredError {
  return fail("E_PLUGIN_INVALID", `${clean(path)} does not exist`, "install the program first");
}

/** The pins of a file as they stand there, by provider id. */
function readPlugins(path: string): Readonly<Record<string, unknown>> {
  const bytes = readTrustedFile(path, { owner: "user", limitBytes: LIMIT_BYTES });
  if (bytes === null) return {};
  try {
    const { version, plugins } = JSON.parse(new TextDecoder().decode(bytes));
    if (version === 1 && isJsonObject(plugins)) return plugins;
  } catch {}
  throw spoilt(path);
}

function parsedPin(path: string, value: unknown): Pin {
  try {
    return parsePin(value);
  } catch {
    throw spoilt(path);
  }
}

function spoilt(path: string): GumCredError {
  const hint = `trust each plugin again when it is gone; run: rm ${quotedPath(path)}`;
  return fail("E_MALFORMED", `${clean(path)} is not what gum-cred wrote`, hint);
}

/** Throws for anything that {@link writePins} would not have written. */
function parsePin(value: unknown): Pin {
  if (!isJsonObject(value)) throw new TypeError("no pin");
  const { manifest, files, judged_by: judgedBy } = value;
  if (!isJsonObject(files)) throw new TypeError("no files");
  return {
    manifest: hash(manifest),
    files: new Map(Object.entries(files).map(([path, it]) => [path, hash(it)])),
    ...(typeof judgedBy === "string" ? { judgedBy } : {}),
  };
}

function hash(value: unknown): string {
  if (typeof value !== "string" || !HASH.test(value)) throw new TypeError("no hash");
  return value;
}
