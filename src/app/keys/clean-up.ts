/**
 * What to do about a file whose keys are in the keychain now: a command that deletes it, or the lines to take out.
 * Deletes nothing. Pure but for the name of the operating system.
 */
import { clean } from "../../core/errors.ts";
import type { PlannedKey } from "./import.ts";

/**
 * The note for a regular file. `deletable`: every key of it was stored and it holds nothing else. `platform` is
 * node's name of the operating system.
 */
export function cleanUpNote(
  path: string,
  stored: readonly Pick<PlannedKey, "variable" | "lines">[],
  deletable: boolean,
  platform: string = process.platform,
): string {
  const shown = clean(path);
  // A path that cannot be shown as it is cannot be part of a command either.
  if (deletable && shown === path) {
    return `note: the file still holds the keys; delete it with: ${deletion(path, platform)}`;
  }
  if (deletable) return `note: the file ${shown} still holds the keys; delete it`;
  const lines = stored.map(
    ({ variable, lines }) => `${lines.length > 1 ? "lines" : "line"} ${lines.join(", ")} (${variable})`,
  );
  const last = lines.pop() ?? "";
  const named = lines.length > 0 ? `${lines.join(", ")} and ${last}` : last;
  return `note: ${shown} still holds what was stored; remove ${named} from it`;
}

function deletion(path: string, platform: string): string {
  if (platform === "win32") return `Remove-Item -LiteralPath '${path.replaceAll("'", "''")}'`;
  const quoted = `'${path.replaceAll("'", "'\\''")}'`;
  return platform === "linux" ? `shred -u -- ${quoted}` : `rm -- ${quoted}`;
}
