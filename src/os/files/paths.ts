/**
 * Takes paths apart and puts them together, as node:path does. Without it on POSIX, where loading it costs a start
 * more than everything that is done with paths; Windows has rules worth having it for.
 */

/** What is used of node:path; with these arguments the same results. */
export interface Paths {
  isAbsolute(path: string): boolean;
  /** Absolute, without `.`, `..`, doubled or trailing slashes. `path` counts from `base`. */
  resolve(base: string, path: string): string;
  /** Of a resolved path. The root is its own folder. */
  dirname(path: string): string;
  /** Of a resolved path; empty for the root. */
  basename(path: string): string;
}

const POSIX: Paths = {
  isAbsolute: (path) => path.startsWith("/"),
  resolve(base, path) {
    const parts: string[] = [];
    const from = path.startsWith("/")
      ? path
      : `${base.startsWith("/") ? base : `${process.cwd()}/${base}`}/${path}`;
    for (const part of from.split("/")) {
      if (part === "..") parts.pop();
      else if (part !== "" && part !== ".") parts.push(part);
    }
    return `/${parts.join("/")}`;
  },
  dirname: (path) => path.slice(0, path.lastIndexOf("/")) || "/",
  basename: (path) => path.slice(path.lastIndexOf("/") + 1),
};

/** This system's. */
export const paths: Paths = process.platform === "win32" ? process.getBuiltinModule("node:path") : POSIX;
