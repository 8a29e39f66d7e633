/** Writes what the user has agreed to (pins.ts), whole or not at all. */
import { replaceFile } from "../../os/files/replace-file.ts";
import type { Pins } from "./pins.ts";

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
