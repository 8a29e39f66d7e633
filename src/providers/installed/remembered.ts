/**
 * What an earlier look found of each usable manifest, so that the next one reads only those that changed since. It
 * speaks for a manifest exactly as long as the file is the same by lstat(2), its pin is the same, and so are the programs
 * it runs; whether its folder is trusted and its names are free is looked at anew (survey.ts). As one text, which costs
 * hundreds of manifests less than a list of objects.
 */
import { sha256 } from "../../os/digest.ts";
import { foldersAbove, type Stamp, stampOf, stampsOf } from "../../os/files/file-stamps.ts";
import type { Names } from "./claims.ts";
import type { Pin } from "./pins.ts";
import type { Place } from "./places.ts";

/** A usable manifest as it was found. */
export interface Remembered {
  readonly names: Names;
  /** Its file, by {@link Stamp.stamp}. */
  readonly stamp: string;
  /** {@link pinStamp} */
  readonly pin: string;
  /** Its program, and what may be files among its arguments. */
  readonly files: readonly string[];
  /** {@link programStamp} of them. */
  readonly programs: string;
  /** All of this as it was read, to be written again. */
  readonly row?: string;
}

/** By {@link keyOf}. */
export type Memory = ReadonlyMap<string, Remembered>;

export const NO_MEMORY: Memory = new Map();

const ROW = ";";
const FIELD = " ";
const LIST = ",";
const NONE = "-";

/** A manifest as one text. */
export const keyOf = (place: Place, id: string): string => `${place}/${id}`;

/** What was trusted, as one text; the administrator's plugins have no pin. */
export function pinStamp(pin: Pin | null): string {
  if (pin === null) return NONE;
  // Most plugins run nothing, and what is hashed costs hundreds of them a millisecond.
  return pin.files.size === 0 ? pin.manifest : sha256([pin.manifest, ...[...pin.files].flat()].join(FIELD));
}

/** What these files and the folders above them are at this moment; none at all is a state too. */
export function programStamp(files: readonly string[]): string {
  if (files.length === 0) return NONE;
  const folders = new Set(files.flatMap(foldersAbove));
  return stampOf([{ folder: "", names: files.join("\0") }], { folder: "", names: [...folders].join("\0") });
}

/** When the last of these files was changed, in milliseconds since 1970; 0 for none. */
export function lastChangeMs(files: readonly string[]): number {
  if (files.length === 0) return 0;
  return Math.max(...stampsOf({ folder: "", names: files.join("\0") }).map(({ changedMs }) => changedMs));
}

/** One manifest and what is known of it. */
export interface Entry {
  readonly id: string;
  readonly place: Place;
  readonly known: Remembered | null;
}

/** What {@link parseMemory} reads. */
export function memoryText(entries: readonly Entry[]): string {
  const rows: string[] = [];
  for (const { id, place, known } of entries)
    if (known) rows.push(known.row ?? rowOf(keyOf(place, id), known));
  return rows.join(ROW);
}

function rowOf(key: string, { names, stamp, pin, files, programs }: Remembered): string {
  const parts = [programs, ...files.map(encodeURIComponent)];
  const lists = [names.variables, names.likeness, parts].map((list) => list.join(LIST));
  return [key, stamp, pin, names.id, names.title, ...lists].join(FIELD);
}

/** Nothing is remembered where the text is not one of {@link memoryText}. */
export function parseMemory(text: unknown): Memory {
  const memory = new Map<string, Remembered>();
  if (typeof text !== "string" || text === "") return memory;
  for (const row of text.split(ROW)) {
    const [key, stamp, pin, id, title, variables, likeness, programs, ...more] = row.split(FIELD);
    if (key === undefined || stamp === undefined || pin === undefined || id === undefined) return NO_MEMORY;
    if (title === undefined || !variables || !likeness || !programs || more.length > 0) return NO_MEMORY;
    const [programStamp = NONE, ...files] = programs === NONE ? [] : programs.split(LIST);
    memory.set(key, {
      names: { id, title, variables: variables.split(LIST), likeness: likeness.split(LIST) },
      ...{ stamp, pin, programs: programStamp, files: files.map(decodeURIComponent), row },
    });
  }
  return memory;
}
