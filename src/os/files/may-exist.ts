/**
 * A first look at a path that is most often not there, without node:fs, which a short run need not load.
 * Proves nothing: whatever is there is opened and checked by safe-file.ts.
 */
import { cString, ERRNO, errno, libc } from "../native/libc.ts";

// <fcntl.h>
const AT_FDCWD = process.platform === "darwin" ? -2 : -100;
const AT_SYMLINK_NOFOLLOW = process.platform === "darwin" ? 0x20 : 0x100;

/** False only when nothing is at that path, not even a link to nowhere. True where it cannot be told. */
export function mayExist(path: string): boolean {
  const c = libc();
  if (!c || c.faccessat(AT_FDCWD, cString(path), 0, AT_SYMLINK_NOFOLLOW) === 0) return true;
  const reason = errno();
  return reason !== ERRNO.ENOENT && reason !== ERRNO.ENOTDIR;
}
