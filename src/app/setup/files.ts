/**
 * The settings files of other programs as things that can be looked at, filled and emptied. Each says what stands
 * there, the text with the setting, and the text without it. No I/O.
 */
import { fail } from "../../core/errors.ts";
import { removeValue, setValue, valueAt } from "./jsonc.ts";
import { appendTables, checkToml, removeRoot, removeTables, rootValue, setRoot } from "./toml.ts";

/** `ours` was put there by gum-cred; `other` is a setting of the user's own in the same place. */
export type Found = "absent" | "ours" | "other";

export interface SettingsFile {
  readonly path: string;
  /** What stands in a text; null for a file that is not there. Throws E_MALFORMED for a broken one. */
  look(text: string | null): Found;
  /** The text with the setting. */
  fill(text: string | null): string;
  /** The text without what gum-cred put there, and with what is the user's; null when the file is to go. */
  empty(text: string): string | null;
  /** What a file that is to go holds where it cannot, because it is reached through a link of the user's. */
  readonly blank: string;
}

export interface JsonSetting {
  readonly path: readonly [string, ...string[]];
  readonly value: string;
  /** Whether a value that stands there was put there by gum-cred. */
  isOurs(value: unknown): boolean;
}

/** A JSON file, comments allowed, in which single values are set. */
export function jsonFile(path: string, settings: readonly JsonSetting[]): SettingsFile {
  const written = (text: string | null) => (text === null || text.trim() === "" ? "{}\n" : text);
  return {
    path,
    blank: "{}\n",
    look: (text) => {
      const found = settings.map((setting): Found => {
        const value = valueAt(written(text), setting.path);
        if (value === undefined) return "absent";
        return setting.isOurs(value) ? "ours" : "other";
      });
      return found.find((one) => one === "other") ?? found.find((one) => one === "ours") ?? "absent";
    },
    fill: (text) => settings.reduce((all, one) => setValue(all, one.path, one.value), written(text)),
    empty: (text) => {
      const rest = settings.reduce((all, { path: at, isOurs }) => {
        return isOurs(valueAt(all, at)) ? removeValue(all, at) : all;
      }, written(text));
      if (rest === written(text)) return text;
      // What is left of a file that held nothing else.
      return rest === "{}\n" ? null : rest;
    },
  };
}

export interface TomlProvider {
  readonly rootKey: string;
  readonly name: string;
  readonly table: readonly string[];
  readonly lines: readonly string[];
  /** Whether a table of this name was put there by gum-cred. */
  isOurs(table: unknown): boolean;
}

/** A TOML file in which a root key names a table of ours. */
export function tomlFile(path: string, { rootKey, name, table, lines, isOurs }: TomlProvider): SettingsFile {
  const tableIn = (text: string) => table.reduce<unknown>(member, checkToml(text));
  return {
    path,
    blank: "",
    look: (text) => {
      const found = tableIn(text ?? "");
      const root = rootValue(text ?? "", rootKey);
      if (found !== undefined && !isOurs(found)) return "other";
      if (root !== null) return root === JSON.stringify(name) ? "ours" : "other";
      return found === undefined ? "absent" : "ours";
    },
    fill: (text) => {
      const whole = appendTables(setRoot(removeTables(text ?? "", table), rootKey, name), lines);
      const before = checkToml(text ?? "");
      const after = parsed(whole);
      const others = (all: object) => ({ ...all, [rootKey]: null, [table[0] ?? ""]: null });
      if (after[rootKey] !== name || !Bun.deepEquals(others(before), others(after))) throw unsafe();
      return whole;
    },
    empty: (text) => {
      const found = tableIn(text);
      if (found !== undefined && !isOurs(found)) return text;
      const rest = removeTables(removeRoot(text, rootKey, name), table);
      return rest.trim() === "" && rest !== text ? null : rest;
    },
  };
}

/** A file that is gum-cred's own as a whole, and begins with a line that says so. */
export function ownFile(path: string, text: string): SettingsFile {
  const mark = text.split("\n", 1)[0] ?? "";
  return {
    path,
    blank: "",
    look: (found) => {
      if (found === null) return "absent";
      return found.startsWith(mark) ? "ours" : "other";
    },
    fill: () => text,
    empty: (found) => (found.startsWith(mark) ? null : found),
  };
}

/** A member of an object; undefined where there is none, or no object. */
export function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    return checkToml(text);
  } catch {
    throw unsafe(); // the text was TOML, and what is put in does not go with the way it is written
  }
}

function unsafe() {
  const hint = "print the settings without --write and put them in by hand";
  return fail("E_MALFORMED", "it is written in a way that cannot be edited safely", hint);
}
