/**
 * `--isolate`, from outside: what the command must not find, and how its namespaces are made. util-linux's unshare(1)
 * makes them, because a process with threads may not enter a user namespace (unshare(2), EINVAL). Inside, gum-cred
 * itself comes first (inside.ts). Linux only.
 */
import { readFileSync } from "node:fs";
import { clean, fail } from "../core/errors.ts";

/** Carries {@link Inside} to the gum-cred inside; gone from the command's environment. */
export const INSIDE = "GUM_CRED_INSIDE";

/** What the first process inside has to do. Holds no secret. */
export interface Inside {
  /** The broker's Unix socket. */
  readonly socket: string;
  /** Where the command expects the broker on loopback. */
  readonly port: number;
  /** Stays reachable: the socket and settings for agents are in it. */
  readonly folder: string;
  /** Folders that become empty. */
  readonly emptied: readonly string[];
  /** Sockets that nothing can be reached by any more. */
  readonly sockets: readonly string[];
}

const UNSHARE = ["unshare", "--user", "--net", "--mount", "--map-current-user", "--keep-caps", "--"];

/** The command line that runs this program inside. Throws E_ISOLATION where the kernel or the system cannot. */
export function insideCommand(program: readonly string[]): readonly string[] {
  if (process.platform !== "linux") throw fail("E_ISOLATION", "--isolate works on Linux only");
  const path = Bun.which(UNSHARE[0] ?? "");
  if (path === null) {
    throw fail("E_ISOLATION", "--isolate needs unshare(1) of util-linux 2.38 or later", "install util-linux");
  }
  const tried = Bun.spawnSync([path, ...UNSHARE.slice(1), "true"], { stdin: "ignore", stdout: "ignore" });
  if (tried.exitCode !== 0) {
    const why = clean(tried.stderr.toString(), 200);
    throw fail("E_ISOLATION", `the system refuses namespaces of its own to the command: ${why}`);
  }
  return [path, ...UNSHARE.slice(1), ...program];
}

/** What is to be hidden: where session services listen, and every socket that a program of this machine has open. */
export function whatToHide(
  environment: { readonly runtime: string | undefined; readonly uid: number },
  broker: string,
): Pick<Inside, "emptied" | "sockets"> {
  const usual = `/run/user/${environment.uid}`;
  const emptied = [...new Set([environment.runtime || usual, usual])];
  const sockets = listeningPaths(readTable()).filter(
    (path) => path !== broker && !emptied.some((folder) => path.startsWith(`${folder}/`)),
  );
  return { emptied, sockets };
}

/** __SO_ACCEPTCON in the column of flags (proc_pid_net(5)). */
const LISTENS = "00010000";

/** Paths of the listening sockets in /proc/net/unix; abstract ones begin with `@` and end with the namespace. */
export function listeningPaths(table: string): readonly string[] {
  const paths = table.split("\n").flatMap((line) => {
    const [, flags, path] = /^\S+ \S+ \S+ (\S+) \S+ \S+\s+\S+ (\/.*)$/.exec(line) ?? [];
    return flags === LISTENS && path !== undefined ? [path] : [];
  });
  return [...new Set(paths)];
}

function readTable(): string {
  try {
    return readFileSync("/proc/net/unix", "utf8");
  } catch {
    throw fail("E_ISOLATION", "--isolate needs /proc to find the sockets to hide");
  }
}
