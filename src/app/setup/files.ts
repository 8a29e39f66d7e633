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
  /** The text without it; null when the file is to go. */
  empty(text: string): string | null;
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
}

/** A TOML file in which a root key names a table of ours. */
export function tomlFile(path: string, { rootKey, name, table, lines }: TomlProvider): SettingsFile {
  const own = (text: string | null) => rootValue(text ?? "", rootKey) === JSON.stringify(name);
  return {
    path,
    look: (text) => {
      checkToml(text ?? "");
      if (own(text)) return "ours";
      return rootValue(text ?? "", rootKey) === null ? "absent" : "other";
    },
    fill: (text) => {
      const whole = appendTables(setRoot(removeTables(text ?? "", table), rootKey, name), lines);
      const before = checkToml(text ?? "");
      const after = checkToml(whole);
      const others = (all: object) => ({ ...all, [rootKey]: null, [table[0] ?? ""]: null });
      if (after[rootKey] !== name || !Bun.deepEquals(others(before), others(after))) throw unsafe();
      return whole;
    },
    empty: (text) => {
      const rest = removeTables(removeRoot(text, rootKey, name), table);
      return rest.trim() === "" ? null : rest;
    },
  };
}

/** A file that is gum-cred's own as a whole, and begins with a line that says so. */
export function ownFile(path: string, text: string): SettingsFile {
  const mark = text.split("\n", 1)[0] ?? "";
  return {
    path,
    look: (found) => {
      if (found === null) return "absent";
      return found.startsWith(mark) ? "ours" : "other";
    },
    fill: () => text,
    empty: () => null,
  };
}

function unsafe() {
  const hint = "print the settings without --write and put them in by hand";
  return fail("E_MALFORMED", "it is written in a way that cannot be edited safely", hint);
}
