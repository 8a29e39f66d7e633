/**
 * Sockets that were bound by a relative path: the kernel does not tell where, so they are looked for where programs
 * work, first of all those that have them open. Linux only.
 */
import { realpathSync } from "node:fs";
import { resolve } from "node:path";
import { clean, fail } from "../../core/errors.ts";
import { isClosed, isSocket, linkOf, namesIn, type Session } from "./look.ts";
import type { Listening } from "./tables.ts";

/**
 * Their paths. With `mustBeFound` throws E_ISOLATION for one that a program has open whose files we may see, and that
 * is not where that program works: another user's is not for us to find.
 */
export function relativeOnes(
  sockets: readonly Listening[],
  folders: readonly string[],
  session: Session,
  mustBeFound: boolean,
): readonly string[] {
  if (sockets.length === 0) return [];
  const all: string[] = [];
  const holders = holdersOf(new Set(sockets.map(({ inode }) => inode)));
  const usual = [...folders, ...homes(session)];
  for (const { path, inode, maybeAbstract } of sockets) {
    const holding = holders.get(inode);
    const near = socketsAt(path, holding ?? []);
    const found = new Set([...near, ...socketsAt(path, usual)]);
    all.push(...found);
    if (!mustBeFound || maybeAbstract || !holding || near.size > 0) continue;
    const namesakes = sockets.filter((other) => other.path === path).length;
    if (found.size < namesakes && !isClosed(`${MAIL}/${path}`)) throw unlocated(path);
  }
  return all;
}

function unlocated(path: string): Error {
  return fail(
    "E_ISOLATION",
    `a program listens on the socket '${clean(path, 80)}', and where that is cannot be found`,
    "stop that program",
  );
}

function socketsAt(path: string, folders: readonly string[]): ReadonlySet<string> {
  const candidates = [...new Set(folders)].map((folder) => resolve(folder, path));
  return new Set(candidates.filter(isSocket).map((found) => realpathSync(found)));
}

/** Postfix binds its sockets relative to this folder, and lets nobody else near them. */
const MAIL = "/var/spool/postfix";

function homes({ raw, cwd }: Session): readonly string[] {
  const own = [raw["HOME"], raw["XDG_RUNTIME_DIR"], raw["TMPDIR"]].filter((path) => path?.startsWith("/"));
  return [cwd, "/", "/run", "/tmp", MAIL, ...own.map((path) => path ?? "/")];
}

/** Of each of these sockets the working folders of the programs that have it open, as far as we may see (proc_pid_fd(5)). */
function holdersOf(inodes: ReadonlySet<number>): ReadonlyMap<number, readonly string[]> {
  const holders = new Map<number, string[]>();
  for (const process of namesIn("/proc").filter((name) => /^\d+$/.test(name))) {
    for (const fd of namesIn(`/proc/${process}/fd`)) {
      const [, inode] = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${process}/fd/${fd}`) ?? "") ?? [];
      if (!inodes.has(Number(inode))) continue;
      const folder = linkOf(`/proc/${process}/cwd`);
      holders.set(Number(inode), [
        ...(holders.get(Number(inode)) ?? []),
        ...(folder === null ? [] : [folder]),
      ]);
    }
  }
  return holders;
}
