/**
 * Opens a page in the user's browser, without a shell and without ever running a program of the current
 * directory. Says whether something could be started, and does not wait for the browser itself.
 */
import { accessSync, constants, statSync } from "node:fs";
import { isAbsolute, join } from "node:path";

import type { RawEnvironment } from "../../core/environment.ts";
import { within } from "../../os/time-limit.ts";

/** How long a command may take to fail. One that runs for longer has found a browser. */
const GRACE_MS = 400;

/** Tries $BROWSER, then the system's own way. False when nothing could be started. */
export async function openBrowser(url: string, env: RawEnvironment = process.env): Promise<boolean> {
  for (const command of browserCommands(url, process.platform, env)) {
    if (await started(command)) return true;
  }
  return false;
}

/**
 * The commands that may open the page, best first. $BROWSER is a list of commands between colons, `%s` in
 * them the address (environ(7) of Debian, xdg-open(1)). Programs are named absolutely or found in PATH.
 */
export function browserCommands(
  url: string,
  platform: NodeJS.Platform,
  env: RawEnvironment,
): readonly string[][] {
  const wished = (env["BROWSER"] ?? "")
    .split(platform === "win32" ? ";" : ":")
    .map((entry) => wishedCommand(entry, url, platform));
  const own = systemCommand(url, platform, env);
  return [...wished, own].flatMap((command) => {
    const program = command && findProgram(command[0] ?? "", env);
    return program ? [[program, ...command.slice(1)]] : [];
  });
}

function wishedCommand(entry: string, url: string, platform: NodeJS.Platform): string[] | null {
  const words = commandOf(entry, platform).filter((word) => word !== "&");
  if (words.length === 0) return null;
  return entry.includes("%s") ? words.map((word) => word.replaceAll("%s", () => url)) : [...words, url];
}

/** A program's path may have spaces in it, as on macOS and Windows: the longest that is a program is taken. */
function commandOf(entry: string, platform: NodeJS.Platform): string[] {
  const parts = entry.trim().split(" ");
  for (let count = parts.length; count > 0; count--) {
    const path = parts.slice(0, count).join(" ");
    if (isAbsolute(path) && isProgram(path))
      return [path, ...wordsOf(parts.slice(count).join(" "), platform)];
  }
  return wordsOf(entry, platform);
}

/** Words as a shell has them: quotes, and a backslash where it is no separator, keep a space in a word. Nothing is expanded. */
function wordsOf(entry: string, platform: NodeJS.Platform): string[] {
  if (platform === "win32") {
    return (entry.match(/(?:"[^"]*"|[^\s"])+/g) ?? []).map((word) => word.replaceAll('"', ""));
  }
  const words = entry.match(/(?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'\\]|["'\\])+/g) ?? [];
  const part = /"((?:\\.|[^"\\])*)"|'([^']*)'|\\(.)/g;
  return words.map((word) =>
    word.replace(part, (_, double?: string, single?: string, escaped?: string) => {
      return double?.replace(/\\(["\\$`])/g, "$1") ?? single ?? escaped ?? "";
    }),
  );
}

function systemCommand(url: string, platform: NodeJS.Platform, env: RawEnvironment): string[] | null {
  if (platform === "darwin") return ["/usr/bin/open", url];
  if (platform === "win32") {
    // Not `start`, which is the shell's and reads the address's ampersands as its own.
    return [
      join(env["SystemRoot"] ?? "C:\\Windows", "System32", "rundll32.exe"),
      "url.dll,FileProtocolHandler",
      url,
    ];
  }
  return env["DISPLAY"] || env["WAYLAND_DISPLAY"] ? ["xdg-open", url] : null;
}

/** The absolute path of a program. Relative names and PATH entries would mean the current directory. */
function findProgram(name: string, env: RawEnvironment): string | null {
  if (isAbsolute(name)) return isProgram(name) ? name : null;
  if (/[/\\]/.test(name)) return null;
  const folders = (env["PATH"] ?? "").split(process.platform === "win32" ? ";" : ":").filter(isAbsolute);
  return folders.map((folder) => join(folder, name)).find(isProgram) ?? null;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

async function started(command: readonly string[]): Promise<boolean> {
  try {
    // Detached: Ctrl-C in this terminal is meant for the sign-in and does not close the browser.
    const child = Bun.spawn([...command], { stdio: ["ignore", "ignore", "ignore"], detached: true });
    child.unref();
    const status = await within(GRACE_MS, child.exited, () => {});
    return status === undefined || status === 0;
  } catch {
    return false;
  }
}
