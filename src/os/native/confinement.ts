/**
 * The calls with which a process in namespaces of its own shuts the doors behind it: mounts, the loopback device and
 * capabilities. Linux only. Declares; decides nothing. Each throws E_ISOLATION where the kernel refuses.
 */
import { dlopen, type Pointer, ptr, read } from "bun:ffi";
import { fail } from "../../core/errors.ts";
import { cString } from "./libc.ts";

const SYMBOLS = {
  mount: { args: ["ptr", "ptr", "ptr", "u64", "ptr"], returns: "i32" },
  open: { args: ["ptr", "i32"], returns: "i32" },
  close: { args: ["i32"], returns: "i32" },
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" },
  prctl: { args: ["i32", "u64", "u64", "u64", "u64"], returns: "i32" },
  capset: { args: ["ptr", "ptr"], returns: "i32" },
  __errno_location: { args: [], returns: "ptr" },
} as const;

/** `<linux/mount.h>` */
const MS_NOSUID = 2;
const MS_NODEV = 4;
const MS_BIND = 4096;
/** `<fcntl.h>` of Linux, x64 and arm64. */
const O_PATH = 0o10000000;
const O_CLOEXEC = 0o2000000;
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
const MOST_CAPABILITIES = 64;
const EINVAL = 22;

export interface Confinement {
  /** An empty folder in memory in the place of this one. `modeOctal`: "700". */
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

/** Throws what bun:ffi throws where native calls are forbidden. */
export function confinement(): Confinement {
  const { symbols: c } = dlopen("libc.so.6", SYMBOLS);
  const errno = (): number => {
    const place = c.__errno_location();
    return place === null ? 0 : read.i32(Number(place) as Pointer, 0);
  };
  const must = (result: number, what: string): void => {
    if (result < 0) throw fail("E_ISOLATION", `the kernel refuses to ${what} (errno ${errno()})`);
  };
  const mount = (from: string, path: string, type: string, flags: number, data: string): number => {
    const [source, target, kind, options] = [from, path, type, data].map(cString);
    if (!source || !target || !kind || !options) return -1;
    return c.mount(ptr(source), ptr(target), ptr(kind), flags, ptr(options));
  };
  return {
    mountEmpty: (folder) =>
      must(mount("tmpfs", folder, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0700"), `hide ${folder}`),
    mountOver: (from, path) => (mount(from, path, "none", MS_BIND, "") < 0 ? errno() : 0),
    hold: (folder) => {
      const path = cString(folder);
      const fd = c.open(ptr(path), O_PATH | O_CLOEXEC);
      must(fd, "open the broker's folder");
      return fd;
    },
    close: (fd) => {
      c.close(fd);
    },
    loopbackUp: () => {
      const fd = c.socket(2 /* AF_INET */, 2 /* SOCK_DGRAM */ | O_CLOEXEC, 0);
      must(fd, "open a socket");
      const request = new Uint8Array(IFREQ_BYTES);
      request.set(cString("lo"));
      new DataView(request.buffer).setInt16(IFREQ_FLAGS, IFF_UP, true);
      const result = c.ioctl(fd, SIOCSIFFLAGS, ptr(request));
      must(result, "start the loopback device");
      c.close(fd);
    },
    dropCapabilities: () => {
      must(c.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "clear the ambient capabilities");
      for (let each = 0; each < MOST_CAPABILITIES; each++) {
        // EINVAL: this kernel has no capability of that number.
        if (c.prctl(PR_CAPBSET_DROP, each, 0, 0, 0) < 0 && errno() !== EINVAL) {
          throw fail("E_ISOLATION", `the kernel refuses to drop capability ${each}`);
        }
      }
      must(c.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "forbid new privileges");
      const header = new Uint32Array([CAPABILITY_VERSION, 0]);
      const none = new Uint32Array(6);
      must(c.capset(ptr(header), ptr(none)), "drop capabilities");
    },
  };
}
