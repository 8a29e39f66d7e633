/**
 * Remembers for a few minutes which profile an item of the keychain belongs to, so that completing a profile's name need
 * not ask the Secret Service for each of hundreds of items. The names of profiles are all that is in the file, which is
 * read as strictly as pins are. It ends with the life of the service, with the next change by gum-cred, and after
 * {@link LONGEST_MS}; items that are not in it are asked for. Losing it costs time, so nothing here fails.
 */
import type { RawEnvironment } from "../../core/environment.ts";
import { changeStampPath, stateFolder } from "../../keychain/change-stamp.ts";
import type { ListMemory } from "../../keychain/keychain.ts";
import { stampOf } from "../../os/files/file-stamps.ts";
import { mayExist } from "../../os/files/may-exist.ts";
import { makeOwnFolder, replaceFile } from "../../os/files/replace-file.ts";
import { checkTrustedFolder, readTrustedFile } from "../../os/files/safe-file.ts";

/** Another program may give an item another name; that shows so much later at most. */
const LONGEST_MS = 10 * 60_000;
const LIMIT_BYTES = 1024 * 1024;
const FORMAT = 1;
const PATH = /^\/[A-Za-z0-9_/]+$/;
const NAME = /^[a-z0-9_:-]*$/;
const NOTHING = "-";

/** What is in the file. */
interface Whole {
  readonly format: number;
  readonly life: string;
  /** {@link changes} */
  readonly changes: string;
  /** In milliseconds since 1970. */
  readonly sinceMs: number;
  /** Items' paths and their names, by turns, with a blank between; a path without its folder where it is the last one's. */
  readonly items: string;
}

export interface RememberedNames extends ListMemory {
  /** Writes it all down, where something new was remembered. Of items that are gone it says nothing wrong, and for minutes only. */
  save(): void;
}

/** The memory of this user; `nowMs` is in milliseconds since 1970. */
export function rememberedNames(
  raw: RawEnvironment,
  nowMs: number,
  keep: ListMemory["keep"],
): RememberedNames {
  const folder = stateFolder(raw);
  const path = folder && `${folder}/profiles.names.json`;
  const since = changes(raw);
  let known: { readonly life: string; readonly sinceMs: number; readonly items: Map<string, string> } | null =
    null;
  let isNew = false;

  const open = (life: string) => {
    if (known?.life !== life) known = { life, ...recalled(path, life, since, nowMs) };
    return known;
  };
  return {
    keep,
    recall: (life) => open(life).items,
    remember(life, items) {
      const { items: all } = open(life);
      for (const [item, name] of items) all.set(item, name);
      isNew ||= items.size > 0;
    },
    save() {
      if (folder === null || path === null || known === null || !isNew) return;
      const { life, sinceMs, items } = known;
      const whole: Whole = { format: FORMAT, life, changes: since, sinceMs, items: textOf(items) };
      try {
        makeOwnFolder(folder);
        checkTrustedFolder(folder, "user");
        replaceFile(path, new TextEncoder().encode(JSON.stringify(whole)), true);
      } catch {
        // a read-only home: the next run asks again
      }
    },
  };
}

/** What the file remembers; nothing where it is of another life, before a change, or old. */
function recalled(path: string | null, life: string, since: string, nowMs: number) {
  const nothing = { sinceMs: nowMs, items: new Map<string, string>() };
  try {
    if (path === null || !mayExist(path)) return nothing;
    const bytes = readTrustedFile(path, { owner: "user", limitBytes: LIMIT_BYTES });
    const whole: Whole | null = bytes && JSON.parse(new TextDecoder().decode(bytes));
    if (whole?.format !== FORMAT || whole.life !== life || whole.changes !== since) return nothing;
    const ageMs = nowMs - whole.sinceMs;
    return ageMs >= 0 && ageMs <= LONGEST_MS
      ? { sinceMs: whole.sinceMs, items: itemsIn(whole.items) }
      : nothing;
  } catch {
    return nothing;
  }
}

/** Changes whenever gum-cred stores or removes a credential (change-stamp.ts). */
function changes(raw: RawEnvironment): string {
  const path = changeStampPath(raw);
  return path === null ? "" : stampOf([{ folder: "", names: path }], { folder: "", names: "/" });
}

function textOf(items: ReadonlyMap<string, string>): string {
  let folder = "";
  const parts: string[] = [];
  for (const [path, name] of items) {
    if (!PATH.test(path) || !NAME.test(name)) continue;
    const end = path.lastIndexOf("/") + 1;
    parts.push(path.slice(0, end) === folder ? path.slice(end) : path, name || NOTHING);
    folder = path.slice(0, end);
  }
  return parts.join(" ");
}

/** Throws for what {@link textOf} did not write. */
function itemsIn(text: string): Map<string, string> {
  const items = new Map<string, string>();
  const parts = text === "" ? [] : text.split(" ");
  let folder = "";
  for (let at = 0; at < parts.length; at += 2) {
    const [written = "", name] = [parts[at], parts[at + 1]];
    const path = written.startsWith("/") ? written : `${folder}${written}`;
    folder = path.slice(0, path.lastIndexOf("/") + 1);
    if (name === undefined || !path.startsWith("/")) throw new TypeError("no list of items");
    items.set(path, name === NOTHING ? "" : name);
  }
  return items;
}
