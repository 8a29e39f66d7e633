/**
 * What the user has agreed to: for each plugin of their own the SHA-256 of its manifest and of the program
 * it runs. One file beside the plugins, written whole. Decides whether bytes are the agreed ones; it does
 * not ask anybody and does not judge what they say.
 */
import { accessSync, constants, statSync } from "node:fs";
import { isAbsolute } from "node:path";
import { clean, fail, type GumCredError } from "../core/errors.ts";
import { replaceFile } from "../os/replace-file.ts";
import { checkTrustedFile, hashTrustedFile, type Owner, readTrustedFile } from "../os/safe-file.ts";

/** What was agreed to for one plugin. Hashes are SHA-256 as lower-case hex. */
export interface Pin {
  readonly manifest: string;
  /** By absolute path: the program, and files among its arguments, such as the script of an interpreter. */
  readonly files: ReadonlyMap<string, string>;
}

/** By provider id. */
export type Pins = ReadonlyMap<string, Pin>;

const LIMIT_BYTES = 4 * 1024 * 1024;
/** Larger than any interpreter, small enough to be hashed while somebody waits. */
const PROGRAM_LIMIT_BYTES = 512 * 1024 * 1024;
const HASH = /^[0-9a-f]{64}$/;

/** The pins in a file; none when it is not there. Throws E_UNSAFE_FILE, E_MALFORMED, E_FILE_UNREADABLE. */
export function readPins(path: string): Pins {
  const bytes = readTrustedFile(path, { owner: "user", limitBytes: LIMIT_BYTES });
  if (bytes === null) return new Map();
  const pins = parsePins(new TextDecoder().decode(bytes));
  if (pins === null) {
    const hint = "delete it and trust each plugin again: gum-cred plugins trust ID";
    throw fail("E_MALFORMED", `${clean(path)} is not what gum-cred wrote`, hint);
  }
  return pins;
}

/** Replaces the pins in a file. Throws E_FILE_UNREADABLE. */
export function writePins(path: string, pins: Pins): void {
  const plugins = [...pins]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, { manifest, files }]) => {
      return [id, { manifest, files: Object.fromEntries(files) }] as const;
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
    throw fail("E_PLUGIN_INVALID", `${clean(program)} cannot be run`, `chmod +x it, or name its interpreter`);
  }
  return { manifest: sha256(manifest), files: new Map(files) };
}

/** The pin of a plugin whose manifest is the one that was agreed to. Throws E_PLUGIN_REFUSED, E_PLUGIN_CHANGED. */
export function checkManifestPin(id: string, manifest: Uint8Array, pins: Pins): Pin {
  const pin = pins.get(id);
  if (!pin) {
    const hint = `look into its manifest; if it is right: gum-cred plugins trust ${id}`;
    throw fail("E_PLUGIN_REFUSED", `the plugin '${id}' was put there without being agreed to`, hint);
  }
  if (pin.manifest !== sha256(manifest)) throw changed(id, `the manifest of '${id}'`);
  return pin;
}

/** Throws E_PLUGIN_CHANGED unless the program of a plugin, and what belongs to it, is what was agreed to. */
export function checkProgramPin(id: string, command: readonly string[], pin: Pin): void {
  // What became a file since then was not agreed to either.
  for (const path of new Set([...filesOf(command), ...pin.files.keys()])) {
    if (hashProgram(path) !== pin.files.get(path)) throw changed(id, `${clean(path)}, which '${id}' runs,`);
  }
}

function changed(id: string, what: string): GumCredError {
  const hint = `look into the change; if it is right: gum-cred plugins trust ${id}`;
  return fail("E_PLUGIN_CHANGED", `${what} changed since it was trusted`, hint);
}

/** The program of an administrator's plugin: root's, and nobody else's to write. Throws E_UNSAFE_FILE. */
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

/** The program, which must be a file, and those arguments that are files. */
function filesOf([program = "", ...args]: readonly string[]): readonly string[] {
  return [...new Set([program, ...args.filter((word) => isAbsolute(word) && isFile(word))])].filter(Boolean);
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function isExecutable(path: string): boolean {
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

function parsePins(text: string): Pins | null {
  try {
    const { version, plugins } = JSON.parse(text);
    if (version !== 1) return null;
    const pins = Object.entries(plugins).map(([id, value]) => [id, parsePin(value)] as const);
    return new Map(pins);
  } catch {
    return null;
  }
}

/** Throws for anything that {@link writePins} would not have written. */
function parsePin(value: unknown): Pin {
  if (typeof value !== "object" || value === null) throw new TypeError("no pin");
  const manifest: unknown = Reflect.get(value, "manifest");
  const files: unknown = Reflect.get(value, "files");
  if (typeof files !== "object" || files === null) throw new TypeError("no files");
  return {
    manifest: hash(manifest),
    files: new Map(Object.entries(files).map(([path, it]) => [path, hash(it)])),
  };
}

function hash(value: unknown): string {
  if (typeof value !== "string" || !HASH.test(value)) throw new TypeError("no hash");
  return value;
}

function sha256(bytes: Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
}
