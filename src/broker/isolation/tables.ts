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
}

/** __SO_ACCEPTCON in the column of flags (proc_pid_net(5)). */
const LISTENS = 0x0001_0000;
/** A path may hold newlines, so a record ends where the next one begins. */
const BETWEEN_RECORDS = /\n(?=[0-9a-f]{8,16}: [0-9A-F]{8} [0-9A-F]{8} [0-9A-F]{8} )/;
const RECORD = /^[0-9a-f]{8,16}: [0-9A-F]{8} [0-9A-F]{8} ([0-9A-F]{8}) [0-9A-F]{4} [0-9A-F]{2} +\d+ (.+)$/s;

/** The listening sockets that have a name. */
export function listeningSockets(table: string): readonly Listening[] {
  return table
    .replace(/\n$/, "")
    .split(BETWEEN_RECORDS)
    .flatMap((record) => {
      const [, flags = "0", path] = RECORD.exec(record) ?? [];
      if (path === undefined || (Number.parseInt(flags, 16) & LISTENS) === 0) return [];
      return [{ path, maybeAbstract: path.startsWith("@") }];
    });
}

export interface Mount {
  readonly path: string;
  /** A folder or file of the file system other than its root, or memory: where sockets of others are shown. */
  readonly maybeShared: boolean;
}

/** proc_pid_mountinfo(5): white space and backslashes are written as `\040`. */
export function mounts(table: string): readonly Mount[] {
  return table.split("\n").flatMap((line) => {
    const [, , , root, path] = line.split(" ");
    const [, type] = / - (\S+) /.exec(line) ?? [];
    if (root === undefined || path === undefined || type === undefined) return [];
    return [
      { path: unescaped(path), maybeShared: (root !== "/" && !KERNELS.test(type)) || type === "tmpfs" },
    ];
  });
}

/** File systems in which nobody can bind a socket. */
const KERNELS = /^(?:proc|sysfs|cgroup2?|devpts|mqueue|debugfs|tracefs|securityfs|bpf|configfs|nsfs)$/;

function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
