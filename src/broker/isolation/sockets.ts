/**
 * Finds the sockets that a command could reach by a path: what the environment names, what /proc says of every network
 * namespace that it shows, and what is in the folders where sockets are. A path leads to its socket from any network
 * namespace. Linux only; throws E_ISOLATION for a socket that listens and cannot be found.
 */
import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fail } from "../../core/errors.ts";
import { entriesOf, isSocket, linkOf, namesIn, readable, readOrNull, type Session } from "./look.ts";
import { relativeOnes } from "./relative.ts";
import { isRemote, type Listening, listeningSockets, type Mount, mounts } from "./tables.ts";

/** Paths of sockets, each of which can be reached from here by that path. */
export function reachableSockets(session: Session): readonly string[] {
  const all = mounts(readOrNull("/proc/self/mountinfo") ?? "");
  const found = new Set<string>([...named(session, all), ...inFolders(session, all)]);
  const { tables, folders } = processes();
  for (const { text, isShared } of tables) {
    const relative: Listening[] = [];
    for (const socket of listeningSockets(text)) {
      if (isShared) readable(socket.path);
      if (!socket.path.startsWith("/")) relative.push(socket);
      else for (const path of atOrBeside(socket.path)) found.add(path);
    }
    for (const path of relativeOnes(relative, folders, session, isShared)) found.add(path);
  }
  return [...found];
}

/** `unix:path=/a,guid=…;unix:path=/b`, `unix:///run/docker.sock`, `/tmp/tmux-1000/default,123,0`, or a path alone. */
const ADDRESS = /^(?:[a-z][a-z0-9+.-]*:(?:\/\/(?=\/))?)?(?:path=)?/i;
/** PATH_MAX */
const LONGEST_PATH = 4096;

/** Names of variables that say where something listens; any other counts too, but not where looking could take for ever. */
const PLACES = /SOCK|ADDRESS|HOST|BUS|DISPLAY|AGENT|PIPE|URL|URI/;

/** Sockets that a variable names, whatever its name is, and the buses that dbus-launch has written down. */
function named({ raw, cwd }: Session, all: readonly Mount[]): readonly string[] {
  const launched = namesIn(`${raw["HOME"] ?? ""}/.dbus/session-bus`).flatMap((file) => {
    const text = readOrNull(`${raw["HOME"]}/.dbus/session-bus/${file}`) ?? "";
    return /^DBUS_SESSION_BUS_ADDRESS=['"]?([^'"\n]+)/m.exec(text)?.[1] ?? [];
  });
  const remotes = all.filter((mount) => mount.isRemote);
  const pathsIn = (value: string, isPlace: boolean): readonly string[] =>
    [value, ...value.split(/[;,]/)]
      .map((part) => decoded(part.trim().replace(ADDRESS, "")))
      .filter((path) => path !== "" && path.length <= LONGEST_PATH)
      .map((path) => resolve(cwd, path))
      .filter((path) => isPlace || remotes.length === 0 || !isRemote(path, all));
  const keyring = raw["GNOME_KEYRING_CONTROL"];
  return [
    ...Object.entries(raw).flatMap(([name, value]) =>
      pathsIn(value ?? "", PLACES.test(name)).filter(isSocket),
    ),
    ...launched.flatMap((value) => pathsIn(value, true).filter(isSocket)),
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
function inFolders({ raw }: Session, all: readonly Mount[]): readonly string[] {
  const shared = all.filter((mount) => mount.maybeShared && !mount.isRemote);
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
