/** A folder of this run alone, where one can be made, and whether nobody else can put another in its place. */
import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname } from "node:path";

export interface PrivateFolder {
  /** Made at the first call, mode 0700. */
  path(): string;
  /** Removes it with all that is in it, if it was made. */
  remove(): void;
}

/** In the first of the usual places that nobody else can write to, else in the one for temporary files. */
export function privateFolder(): PrivateFolder {
  let path: string | null = null;
  return {
    path: () => {
      path ??= make();
      return path;
    },
    remove: () => {
      if (path !== null) rmSync(path, { recursive: true, force: true });
      path = null;
    },
  };
}

function make(): string {
  const uid = process.getuid?.();
  const places = [
    process.env["XDG_RUNTIME_DIR"],
    ...(uid === undefined ? [] : [`/run/user/${uid}`]),
    ...(uid === 0 ? ["/run"] : []),
    cacheFolder(),
  ];
  for (const place of places) {
    if (!place?.startsWith("/") || !isSafe(place)) continue;
    try {
      return mkdtempSync(`${place}/gum-cred-`);
    } catch {} // not there, or not ours to write to
  }
  return mkdtempSync(`${tmpdir()}/gum-cred-`);
}

function cacheFolder(): string | undefined {
  const home = process.env["HOME"];
  const cache = process.env["XDG_CACHE_HOME"] || (home ? `${home}/.cache` : "");
  if (!cache.startsWith("/")) return undefined;
  try {
    mkdirSync(`${cache}/gum-cred`, { recursive: true, mode: 0o700 });
    return `${cache}/gum-cred`;
  } catch {
    return undefined;
  }
}

/** Whether the folder and all above it are root's or ours and writable by nobody else. */
export function isSafe(folder: string): boolean {
  const others = 0o022;
  const owners = [0, process.getuid?.()];
  try {
    for (let at = folder; ; at = dirname(at)) {
      const { mode, uid } = statSync(at);
      if ((mode & others) !== 0 || !owners.includes(uid)) return false;
      if (at === dirname(at)) return true;
    }
  } catch {
    return false;
  }
}
