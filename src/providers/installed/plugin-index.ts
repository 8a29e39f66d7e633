/**
 * Remembers which plugins are installed and which variables carry their keys, so that a command that names no provider
 * need not read every manifest to find the few that have a key. What is remembered holds only while the folders, the pins and
 * the administrator's manifests and programs are, by lstat(2), those that were judged. A manifest of the user's that was
 * changed in its place does not match its pin any more, and says so when a key of its is looked for. After a change what is
 * remembered of each manifest still serves (remembered.ts). The index never makes
 * a plugin trusted: whatever has a key is read, hashed against its pin and judged anew. One file in the state folder; losing it costs time and
 * nothing else, so nothing here fails. Kept in long texts, which cost hundreds of plugins less than lists of objects.
 */
import { foldersAbove, type Group, pathsIn, stampOf } from "../../os/files/file-stamps.ts";
import { checkTrustedFolder, readTrustedFile } from "../../os/files/safe-file.ts";
import { versionLine } from "../../version.ts";
import type { Place, Places } from "./places.ts";
import { lastChangeMs, type Memory, memoryText, NO_MEMORY, parseMemory } from "./remembered.ts";
import type { Found } from "./survey.ts";

/** As much of the installed providers as it takes to find out which of them may have a key. */
export interface Summaries {
  /** The administrator's first, then by id. */
  ids(): readonly string[];
  /** Every variable that carries a key of theirs. */
  variables(): readonly string[];
  /** The plugin whose key a variable carries; null for none. */
  ownerOf(variable: string): string | null;
}

/** What is remembered. Another version of gum-cred may validate differently, so it starts again. */
interface Index {
  readonly program: string;
  /** Empty where a plugin was not usable, or had just changed: then only the memory serves. */
  readonly stamp: string;
  /** Files that the administrator's plugins run, wherever they are. */
  readonly programs: readonly string[];
  /** The ids of a place's plugins, with a blank between. */
  readonly system: string;
  readonly user: string;
  /** {@link Owners} as JSON in a text, which is parsed when the owner of a variable is requested. */
  readonly owners: string;
  /** {@link memoryText}, which is parsed when something has changed. */
  readonly memory: string;
}

/** By variable the id of its plugin: no two usable plugins have the same. */
type Owners = Readonly<Record<string, string>>;

const LIMIT_BYTES = 4 * 1024 * 1024;
/** What changes twice within a tick of the file system's clock seems to have changed once; the coarsest tick is 2 s. */
const COARSEST_TICK_MS = 2_000;
const IDS = /^(?:[a-z0-9][a-z0-9-]{0,63}(?: |$))*$/;
const VARIABLE = /^[A-Z][A-Z0-9_]{0,127}$/;

/** The summaries of what a look found usable. */
export function summariesOf(found: readonly Found[]): Summaries {
  const owners = ownersIn(found);
  return summaries(
    found.flatMap(({ id, known }) => (known ? [id] : [])),
    () => owners,
  );
}

/** What is installed and usable; null when that has to be looked up again. */
export function readIndex(path: string, places: Places): Summaries | null {
  try {
    const index = readWhole(path);
    if (index === null || index.stamp !== stampNow(index, places)) return null;
    const ids = [index.system, index.user].filter(Boolean).join(" ");
    // Names end up in shells, so they are looked at even here.
    if (!IDS.test(ids)) return null;
    let owners: Owners | undefined;
    return summaries(ids === "" ? [] : ids.split(" "), () => {
      owners ??= parsedOwners(index.owners);
      return owners;
    });
  } catch {
    return null; // whatever it is, reading the manifests says it better
  }
}

/** What an earlier look found of each manifest; nothing where the index is not good. */
export function readMemory(path: string): Memory {
  try {
    return parseMemory(readWhole(path)?.memory);
  } catch {
    return NO_MEMORY;
  }
}

/** The index that this gum-cred wrote; null for none. Throws for a file that is not to be trusted or not JSON. */
function readWhole(path: string): Index | null {
  const bytes = readTrustedFile(path, { owner: "user", limitBytes: LIMIT_BYTES });
  const index: Index | null = bytes && JSON.parse(new TextDecoder().decode(bytes));
  return index?.program === versionLine() ? index : null;
}

/**
 * Remembers what a look at every plugin that began at `sinceMs` found. A manifest is not remembered that is so new that it
 * may have changed during the look, or is not usable, because each run must warn of it; and while there is such a one, the
 * next run looks at every manifest again. Nothing is written that would say no more than the last time.
 */
export async function writeIndex(
  path: string,
  places: Places,
  found: readonly Found[],
  sinceMs: number,
): Promise<void> {
  const idsIn = (place: Place) =>
    found.flatMap((entry) => (entry.place === place ? [entry.id] : [])).join(" ");
  const extent = {
    programs: [...new Set(found.flatMap(({ place, files }) => (place === "system" ? files : [])))],
    system: idsIn("system"),
    user: idsIn("user"),
  };
  try {
    const settledMs = sinceMs - COARSEST_TICK_MS;
    const stamp = found.every(({ error }) => error === null) ? settledStamp(extent, places, settledMs) : "";
    const lasting = found.filter(({ known, changedMs }) => known && changedMs <= settledMs);
    if (stamp === "" && lasting.every(({ provider }) => provider === null)) return;
    const whole: Index = {
      program: versionLine(),
      stamp,
      ...extent,
      owners: JSON.stringify(ownersIn(found)),
      memory: memoryText(lasting),
    };
    const { makeOwnFolder, replaceFile } = await import("../../os/files/replace-file.ts");
    const [folder = ""] = foldersAbove(path);
    makeOwnFolder(folder);
    checkTrustedFolder(folder, "user");
    replaceFile(path, new TextEncoder().encode(JSON.stringify(whole)), true);
  } catch {
    // An index that cannot be written is not an error.
  }
}

/** The stamp of what the index depends on; empty while something of that may have changed during the look. */
function settledStamp(extent: Extent, places: Places, settledMs: number): string {
  // Before the times are looked at: whatever changes in between is too new.
  const stamp = stampNow(extent, places);
  const files = filesOf(extent, places).flatMap(pathsIn);
  return lastChangeMs(files) > settledMs ? "" : stamp;
}

function summaries(ids: readonly string[], owners: () => Owners): Summaries {
  return {
    ids: () => ids,
    variables: () => Object.keys(owners()).filter((name) => VARIABLE.test(name)),
    ownerOf: (variable) => (Object.hasOwn(owners(), variable) ? (owners()[variable] ?? null) : null),
  };
}

/** None where it is not what was written: then no variable leads to a plugin. */
function parsedOwners(text: string): Owners {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}

function ownersIn(found: readonly Found[]): Owners {
  const owners: Record<string, string> = Object.create(null);
  for (const { id, known } of found)
    for (const variable of known?.names.variables ?? []) owners[variable] = id;
  return owners;
}

type Extent = Pick<Index, "programs" | Place>;

function stampNow(index: Extent, places: Places): string {
  const outside = [places.system, ...(places.user ? [places.user.folder] : []), ...index.programs];
  const folders = new Set(outside.flatMap(foldersAbove));
  const seen = stampOf(filesOf(index, places), { folder: "", names: [...folders].join("\0") });
  return `${seen}-${Bun.hash(index.user).toString(16)}`;
}

/** What was read or listed to compute what the index holds, but for what pins guard. */
function filesOf(index: Extent, places: Places): readonly Group[] {
  const { system, user } = places;
  const single = [system, ...(user ? [user.folder, user.pins] : []), ...index.programs];
  const names = `${index.system.replaceAll(" ", ".json\0")}.json`;
  const manifests = index.system === "" ? [] : [{ folder: system, names }];
  return [{ folder: "", names: single.join("\0") }, ...manifests];
}
