/**
 * `--isolate`, from outside: what the command must not find, and how its namespaces are made. util-linux's unshare(1)
 * makes them, because a process with threads may not enter a user namespace (unshare(2), EINVAL). Inside, gum-cred
 * itself comes first (inside.ts). Linux only.
 */
import { realpathSync } from "node:fs";
import { resolve } from "node:path";
import { clean, fail } from "../../core/errors.ts";
import type { Session } from "./look.ts";
import { reachableSockets } from "./sockets.ts";

/**
 * Names the file with {@link Inside} for the gum-cred inside: a variable's length has an end (128 KiB), a folder's
 * sockets have none. Gone from the command's environment.
 */
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

/**
 * What is to be hidden: the folders where session services listen, and every other socket that a path leads to.
 * Throws E_ISOLATION where there is one that cannot be found.
 */
export function whatToHide(
  session: Session & { readonly uid: number },
  brokers: string,
): Pick<Inside, "emptied" | "sockets"> {
  const usual = `/run/user/${session.uid}`;
  const emptied = [...new Set([session.raw["XDG_RUNTIME_DIR"] || usual, usual])].map((path) =>
    resolve(session.cwd, path),
  );
  const kept = [...emptied, realpathSync(brokers)];
  const sockets = reachableSockets(session).filter(
    (path) => !kept.some((folder) => path.startsWith(`${folder}/`)),
  );
  return { emptied, sockets };
}
