/**
 * The calls with which a process in namespaces of its own shuts the doors behind it: mounts, the loopback device and
 * capabilities. Linux only. Declares; decides nothing. Each throws E_ISOLATION where the kernel refuses.
 */
import { closeSync, openSync } from "node:fs";
import { fail } from "../../core/errors.ts";
import {
  confinementCalls,
  cString,
  ERRNO,
  errno,
  errnoName,
  NATIVE_CALLS_HINT,
  socketCalls,
} from "./libc.ts";

/** `<linux/mount.h>` */
const MS_NOSUID = 2;
const MS_NODEV = 4;
const MS_BIND = 4096;
/** `<fcntl.h>` of Linux, x64 and arm64. */
const O_PATH = 0o10000000;
const AF_INET = 2;
/** SOCK_DGRAM | SOCK_CLOEXEC */
const DATAGRAM = 0x2 | 0x8_0000;
/** `<linux/sockios.h>` and `<linux/if.h>` */
const SIOCSIFFLAGS = 0x8914;
const IFF_UP = 1;
const IFREQ_BYTES = 40;
const IFREQ_FLAGS = 16;
/** `<linux/prctl.h>` */
const PR_CAPBSET_DROP = 24;
const PR_SET_NO_NEW_PRIVS = 38;
const PR_CAP_AMBIENT = 47;
const PR_CAP_AMBIENT_CLEAR_ALL = 4;
/** `<linux/capability.h>`: _LINUX_CAPABILITY_VERSION_3, and more numbers than there are capabilities. */
const CAPABILITY_VERSION = 0x2008_0522;
/** Two `struct __user_cap_data_struct` */
const CAPABILITY_BYTES = 24;
const MOST_CAPABILITIES = 64;

export interface Confinement {
  /** An empty folder in memory in the place of this one. */
  mountEmpty(folder: string): void;
  /** Something else in the place of this path; the result is 0 or the error's number. */
  mountOver(from: string, path: string): number;
  /** A descriptor that names a folder whatever is mounted over it later; close it with {@link close}. */
  hold(folder: string): number;
  close(fd: number): void;
  /** The loopback device works. */
  loopbackUp(): void;
  /** This thread, and what it starts, has no capability and can get none. */
  dropCapabilities(): void;
}

/** Throws E_ISOLATION also where native calls are refused. */
export function confinement(): Confinement {
  const [c, sockets] = [confinementCalls(), socketCalls()];
  if (!c || !sockets) {
    throw fail("E_ISOLATION", "--isolate needs native calls, which are refused here", NATIVE_CALLS_HINT);
  }
  const must = (result: number, what: string): void => {
    if (result < 0) throw fail("E_ISOLATION", `the kernel refuses to ${what} (${errnoName(errno())})`);
  };
  const mount = (from: string, path: string, type: string, flags: number, data: string): number =>
    c.mount(cString(from), cString(path), cString(type), flags, cString(data));
  return {
    mountEmpty: (folder) =>
      must(mount("tmpfs", folder, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0700"), `hide ${folder}`),
    mountOver: (from, path) => (mount(from, path, "none", MS_BIND, "") < 0 ? errno() : 0),
    hold: (folder) => openSync(folder, O_PATH),
    close: closeSync,
    loopbackUp: () => {
      const fd = sockets.socket(AF_INET, DATAGRAM, 0);
      must(fd, "open a socket");
      const request = new Uint8Array(IFREQ_BYTES);
      request.set(cString("lo"));
      new DataView(request.buffer).setInt16(IFREQ_FLAGS, IFF_UP, true);
      must(c.ioctl(fd, SIOCSIFFLAGS, request), "start the loopback device");
      sockets.close(fd);
    },
    dropCapabilities: () => {
      must(c.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "clear the ambient capabilities");
      for (let each = 0; each < MOST_CAPABILITIES; each++) {
        // EINVAL: this kernel has no capability of that number.
        if (c.prctl(PR_CAPBSET_DROP, each, 0, 0, 0) < 0 && errno() !== ERRNO.EINVAL) {
          throw fail("E_ISOLATION", `the kernel refuses to drop capability ${each}`);
        }
      }
      must(c.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "forbid new privileges");
      const header = new Uint8Array(Uint32Array.of(CAPABILITY_VERSION, 0).buffer);
      must(c.capset(header, new Uint8Array(CAPABILITY_BYTES)), "drop capabilities");
    },
  };
}
