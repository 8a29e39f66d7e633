/**
 * Finds the sockets that a command could reach by a path: what the environment names, what /proc says of every network
 * namespace that it shows, and what is in the folders where sockets are. A path leads to its socket from any network
 * namespace. Linux only; throws E_ISOLATION for a socket that listens and cannot be found.
 */
import { type Dirent, readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { RawEnvironment } from "../../core/environment.ts";
import { clean, fail } from "../../core/errors.ts";
import { type Listening, listeningSockets, mounts } from "./tables.ts";

export interface Session {
  readonly raw: RawEnvironment;
  readonly cwd: string;
}

/** Paths of sockets, each of which can be reached from here by that path. */
export function reachableSockets(session: Session): readonly string[] {
  const found = new Set<string>([...named(session), ...inFolders(session)]);
  const { tables, folders } = processes();
  for (const { text, isShared } of tables) {
    const relative: Listening[] = [];
    for (const socket of listeningSockets(text)) {
      if (isShared) readable(socket.path);
      if (!socket.path.startsWith("/")) relative.push(socket);
      else for (const path of atOrBeside(socket.path)) found.add(path);
    }
    for (const path of relativeOnes(relative, [...folders, ...homes(session)], isShared)) found.add(path);
  }
  return [...found];
}

/** `unix:path=/a,guid=…;unix:path=/b`, `unix:///run/docker.sock`, `/tmp/tmux-1000/default,123,0`, or a path alone. */
const ADDRESS = /^(?:[a-z][a-z0-9+.-]*:(?:\/\/(?=\/))?)?(?:path=)?/i;
/** PATH_MAX */
const LONGEST_PATH = 4096;

/** Sockets that a variable names, whatever its name is, and the buses that dbus-launch has written down. */
function named({ raw, cwd }: Session): readonly string[] {
  const launched = namesIn(`${raw["HOME"] ?? ""}/.dbus/session-bus`).flatMap((file) => {
    const text = readOrNull(`${raw["HOME"]}/.dbus/session-bus/${file}`) ?? "";
    return /^DBUS_SESSION_BUS_ADDRESS=['"]?([^'"\n]+)/m.exec(text)?.[1] ?? [];
  });
  const values = [...Object.values(raw), ...launched].filter((value) => value !== undefined);
  const paths = values.flatMap((value) =>
    [value, ...value.split(/[;,]/)].map((part) => decoded(part.trim().replace(ADDRESS, ""))),
  );
  const keyring = raw["GNOME_KEYRING_CONTROL"];
  return [
    ...paths
      .filter((path) => path !== "" && path.length <= LONGEST_PATH)
      .map((path) => resolve(cwd, path))
      .filter(isSocket),
    ...(keyring ? socketsBelow(resolve(cwd, keyring), 1) : []),
  ];
}

/** RFC 3986 and D-Bus alike. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** So many entries of a folder are looked at: a project with all its packages is no place for sockets. */
const MOST_ENTRIES = 20_000;
const MOST_LEVELS = 3;

/** Where sockets usually are, and everything that is mounted here and may be somebody else's too. */
function inFolders({ raw }: Session): readonly string[] {
  const all = mounts(readOrNull("/proc/self/mountinfo") ?? "");
  const shared = all.filter(({ maybeShared }) => maybeShared);
  const mounted = new Set(all.map(({ path }) => path));
  const usual = ["/run", "/tmp", "/var/tmp", raw["TMPDIR"] ?? "/tmp", ...shared.map(({ path }) => path)];
  const home = raw["HOME"];
  return [
    ...usual.flatMap((path) => (isSocket(path) ? [path] : socketsBelow(path, MOST_LEVELS, mounted))),
    ...(home ? socketsBelow(home, 2, mounted) : []),
  ];
}

/** Level by level, the upper ones first. What is mounted below is left: a server that is gone would hold us for ever. */
function socketsBelow(
  folder: string,
  levels: number,
  mounted: ReadonlySet<string> = new Set(),
): readonly string[] {
  const found: string[] = [];
  let left = MOST_ENTRIES;
  let here = [folder];
  for (let level = 0; level < levels; level++) {
    const below: string[] = [];
    for (const each of here) {
      if (left <= 0) return found;
      const entries = entriesOf(each);
      left -= entries.length;
      for (const entry of entries) {
        const path = `${each === "/" ? "" : each}/${entry.name}`;
        if (entry.isSocket()) found.push(readable(path));
        else if (entry.isDirectory() && !mounted.has(path)) below.push(path);
      }
    }
    here = below;
  }
  return found;
}

/** Under the name it was bound to or, where it was renamed or linked since, whatever socket is in that folder. */
function atOrBeside(path: string): readonly string[] {
  if (isSocket(path)) return [path];
  return socketsBelow(dirname(path), 1);
}

/** Each must be found below some program's working directory: the kernel does not tell where it was bound. */
function relativeOnes(
  sockets: readonly Listening[],
  folders: readonly string[],
  mustBeFound: boolean,
): readonly string[] {
  const all: string[] = [];
  for (const { path, maybeAbstract } of sockets) {
    const candidates = [...new Set(folders)].map((folder) => resolve(folder, path));
    const here = new Set(candidates.filter(isSocket).map((found) => realpathSync(found)));
    all.push(...here);
    const namesakes = sockets.filter((other) => other.path === path).length;
    const isFound = here.size >= namesakes || isClosed(`${MAIL}/${path}`);
    if (mustBeFound && !maybeAbstract && !isFound) throw unlocated(path);
  }
  return all;
}

/** Postfix binds its sockets relative to this folder, and lets nobody else near them. */
const MAIL = "/var/spool/postfix";

function homes({ raw, cwd }: Session): readonly string[] {
  const own = [raw["HOME"], raw["XDG_RUNTIME_DIR"], raw["TMPDIR"]].filter((path) => path?.startsWith("/"));
  return [cwd, "/", "/run", "/tmp", MAIL, ...own.map((path) => path ?? "/")];
}

interface Table {
  readonly text: string;
  /** Whether the sockets in it are in our own file system, as far as we can see. */
  readonly isShared: boolean;
}

/** The table of each network namespace, and where programs work. */
function processes(): { readonly tables: readonly Table[]; readonly folders: readonly string[] } {
  const own = tableOf("self");
  if (own === null) throw fail("E_ISOLATION", "--isolate needs /proc to find the sockets to hide");
  const ourFiles = linkOf("/proc/self/ns/mnt");
  const networks = new Map([[own, { process: "self", isShared: true }]]);
  const folders = new Set<string>();
  for (const process of namesIn("/proc").filter((name) => /^\d+$/.test(name))) {
    const folder = linkOf(`/proc/${process}/cwd`);
    if (folder !== null) folders.add(folder);
    const table = tableOf(process);
    if (table === null) continue;
    const isShared = ourFiles !== null && linkOf(`/proc/${process}/ns/mnt`) === ourFiles;
    const known = networks.get(table);
    if (!known) networks.set(table, { process, isShared });
    else if (isShared) known.isShared = true;
  }
  const tables = [...networks.values()].flatMap(({ process, isShared }) => {
    const text = readOrNull(`/proc/${process}/net/unix`);
    return text === null ? [] : [{ text, isShared }];
  });
  return { tables, folders: [...folders] };
}

/** One number for each network namespace. */
function tableOf(process: string): number | null {
  try {
    return statSync(`/proc/${process}/net/unix`).ino;
  } catch {
    return null;
  }
}

/** Throws for a name that is not UTF-8: it could not be told to the kernel as it is. */
function readable(path: string): string {
  if (path.includes("\ufffd")) throw unlocated(path);
  return path;
}

function unlocated(path: string): Error {
  return fail(
    "E_ISOLATION",
    `a program listens on the socket '${clean(path, 80)}', and where that is cannot be found`,
    "stop that program",
  );
}

function isSocket(path: string): boolean {
  try {
    return statSync(path).isSocket();
  } catch {
    return false;
  }
}

function isClosed(path: string): boolean {
  try {
    statSync(path);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EACCES";
  }
}

function linkOf(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

function namesIn(folder: string): readonly string[] {
  return entriesOf(folder).map(({ name }) => name);
}

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
