/**
 * What the kernel says about Unix sockets and mounts: reads the text of /proc/PID/net/unix and /proc/PID/mountinfo.
 * Does no I/O.
 */

/** A socket that some program listens on. */
export interface Listening {
  /** As it was bound; relative to what was then the working directory where it has no leading slash. */
  readonly path: string;
  /** Abstract, or relative with a name that begins with `@`: the table shows both alike. */
  readonly maybeAbstract: boolean;
  /** As `socket:[inode]` names it among the open files of a program. */
  readonly inode: number;
}

/** __SO_ACCEPTCON in the column of flags (proc_pid_net(5)). */
const LISTENS = 0x0001_0000;
/** A path may hold newlines, so a record ends where the next one begins. */
const BETWEEN_RECORDS = /\n(?=[0-9a-f]{8,16}: [0-9A-F]{8} [0-9A-F]{8} [0-9A-F]{8} )/;
const RECORD = /^[0-9a-f]{8,16}: [0-9A-F]{8} [0-9A-F]{8} ([0-9A-F]{8}) [0-9A-F]{4} [0-9A-F]{2} +(\d+) (.+)$/s;

/** The listening sockets that have a name. */
export function listeningSockets(table: string): readonly Listening[] {
  return table
    .replace(/\n$/, "")
    .split(BETWEEN_RECORDS)
    .flatMap((record) => {
      const [, flags = "0", inode, path] = RECORD.exec(record) ?? [];
      if (path === undefined || (Number.parseInt(flags, 16) & LISTENS) === 0) return [];
      return [{ path, maybeAbstract: path.startsWith("@"), inode: Number(inode) }];
    });
}

export interface Mount {
  readonly path: string;
  /** A folder or file of the file system other than its root, or memory: where sockets of others are shown. */
  readonly maybeShared: boolean;
  /** Where a server or a program answers, which may be gone: a look at a file would wait for it for ever. */
  readonly isRemote: boolean;
}

/** proc_pid_mountinfo(5): white space and backslashes are written as `\040`. */
export function mounts(table: string): readonly Mount[] {
  return table.split("\n").flatMap((line) => {
    const [, , , root, path] = line.split(" ");
    const [, type] = / - (\S+) /.exec(line) ?? [];
    if (root === undefined || path === undefined || type === undefined) return [];
    const maybeShared = (root !== "/" && !KERNELS.test(type)) || type === "tmpfs";
    return [{ path: unescaped(path), maybeShared, isRemote: REMOTES.test(type) }];
  });
}

/** File systems in which nobody can bind a socket. */
const KERNELS = /^(?:proc|sysfs|cgroup2?|devpts|mqueue|debugfs|tracefs|securityfs|bpf|configfs|nsfs)$/;
const REMOTES = /^(?:nfs|cifs|smb|fuse|9p|afs|ceph|lustre|beegfs|gpfs|autofs)/;

/** Whether the innermost of the mounts that a path lies in is a remote one. */
export function isRemote(path: string, all: readonly Mount[]): boolean {
  const around = all.filter((mount) => mount.path === "/" || `${path}/`.startsWith(`${mount.path}/`));
  // Of two in the same place the later one is seen.
  const innermost = around.reduce<Mount | null>(
    (best, mount) => (best && best.path.length > mount.path.length ? best : mount),
    null,
  );
  return innermost?.isRemote ?? false;
}

function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
