/**
 * A first check of a path that usually does not exist, without node:fs, which a short run need not load.
 * It only saves work: a file that exists is opened and checked by safe-file.ts.
 */
import { cString, ERRNO, errno, libc } from "../native/libc.ts";

// <fcntl.h>
const AT_FDCWD = process.platform === "darwin" ? -2 : -100;
const AT_SYMLINK_NOFOLLOW = process.platform === "darwin" ? 0x20 : 0x100;

/** False only when the path does not exist, not even as a broken link. True where that is unknown. */
export function mayExist(path: string): boolean {
  const c = libc();
  if (!c || c.faccessat(AT_FDCWD, cString(path), 0, AT_SYMLINK_NOFOLLOW) === 0) return true;
  const reason = errno();
  return reason !== ERRNO.ENOENT && reason !== ERRNO.ENOTDIR;
}
